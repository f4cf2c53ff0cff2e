import { createHash, timingSafeEqual } from 'node:crypto';
import { AppError } from '../../core/errors.ts';
import type { App } from './app.ts';

/** Who may use the routes for the people who operate the store. */
export interface OperationsAccess {
  /** What a caller must show; null where nobody need show anything. */
  readonly token: string | null;
  /** False where the routes are not there at all. */
  readonly isOpen: boolean;
}

/** With a token, whoever knows it; without one everybody, but nobody in production. */
export function operationsAccess(config: {
  readonly OPERATIONS_TOKEN?: string | undefined;
  readonly NODE_ENV?: string | undefined;
}): OperationsAccess {
  const token = config.OPERATIONS_TOKEN ?? null;
  return { token, isOpen: token !== null || config.NODE_ENV !== 'production' };
}

/** Looks at every request under `/operations` before its route does. To be called before the routes are added. */
export function guardOperations(app: App, { token, isOpen }: OperationsAccess): void {
  app.use('/operations/*', async (c, next) => {
    if (!isOpen) throw new AppError('not_found', `there is nothing at ${new URL(c.req.url).pathname}`);
    // The scheme is written in any case (RFC 9110).
    const shown = (c.req.header('authorization') ?? '').replace(/^bearer /i, 'Bearer ');
    if (token !== null && !isSame(shown, `Bearer ${token}`)) {
      throw new AppError('unauthorized', 'this needs Authorization: Bearer and the token of the operators');
    }
    await next();
  });
}

/** In the same time wherever they differ. */
function isSame(given: string, expected: string): boolean {
  const [one, other] = [given, expected].map((text) => createHash('sha256').update(text).digest());
  return one !== undefined && other !== undefined && timingSafeEqual(one, other);
}
