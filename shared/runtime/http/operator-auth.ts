import { createHash, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../core/errors.ts';
import type { App, AppContext } from './app.ts';

/** Who may use the routes for operators. */
export interface OperationsAccess {
  /** The token that a caller has to send; null when none is needed. */
  readonly token: string | null;
  /** False when the routes do not exist at all. */
  readonly isOpen: boolean;
}

/** With a token set, only callers that send it have access. Without one all callers have access, in production none. */
export function operationsAccess(config: {
  readonly OPERATIONS_TOKEN?: string | undefined;
  readonly NODE_ENV?: string | undefined;
}): OperationsAccess {
  const token = config.OPERATIONS_TOKEN ?? null;
  return { token, isOpen: token !== null || config.NODE_ENV !== 'production' };
}

/** Checks every request under `/operations` before its route runs. To be called before the routes are added. */
export function guardOperations(app: App, access: OperationsAccess): void {
  app.use('/operations/*', async (c, next) => {
    assertOperator(c, access);
    await next();
  });
}

/** @throws {AppError} `not_found` where the routes for operators are closed, `unauthorized` without their token. */
export function assertOperator(c: AppContext, { token, isOpen }: OperationsAccess): void {
  if (!isOpen) throw new AppError('not_found', `there is nothing at ${new URL(c.req.url).pathname}`);
  // The scheme is case-insensitive (RFC 9110).
  const shown = (c.req.header('authorization') ?? '').replace(/^bearer /i, 'Bearer ');
  if (token !== null && !isSameToken(shown, `Bearer ${token}`)) {
    throw new AppError('unauthorized', "this needs the header Authorization: Bearer with the operators' token");
  }
}

/** Compares in constant time. */
export function isSameToken(given: string, expected: string): boolean {
  const [one, other] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}
