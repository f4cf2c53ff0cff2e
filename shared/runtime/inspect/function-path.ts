import { z } from '@hono/zod-openapi';
import { AppError } from '../../core/errors.ts';
import type { AppContext } from '../http/app.ts';
import type { Inspected } from './inspected.ts';

export const INSPECT_TAG = 'Inspection';
export const ofFunction = z.object({
  function: z.string().openapi({ description: 'The name of the function', example: 'order' }),
});

/** @throws {AppError} `not_found` for the name of another function. */
export function assertOwn(c: AppContext, { fn }: Pick<Inspected, 'fn'>): void {
  const name = c.req.param('function') ?? '';
  if (name === fn.name) return;
  throw new AppError('not_found', `there is no function ${name.slice(0, 64)} here; this is ${fn.name}`);
}
