/** What the routes of dead letters have in common. */
import { z } from '@hono/zod-openapi';
import { AppError } from '../../core/errors.ts';
import type { AppContext } from '../http/app.ts';
import type { DeadLetterScope } from './dead-letter.ts';

export const TAG = 'Dead letters';
export const PATH = '/operations/{function}/dead-letters';

export const ofFunction = z.object({
  function: z.string().openapi({ description: 'The name of the function', example: 'order' }),
});

/** For the documentation, which also says whether a token is needed; `guardOperations` enforces it. */
export const operatorsOnly = [{ operators: [] }];

/** @throws {AppError} `not_found` for the name of another function. */
export function own(c: AppContext, scope: DeadLetterScope): DeadLetterScope {
  const name = c.req.param('function') ?? '';
  if (name !== scope.fn.name)
    throw new AppError('not_found', `there is no function ${name.slice(0, 64)} here; this is ${scope.fn.name}`);
  return scope;
}

export function jsonBody(schema: z.ZodType) {
  return { content: { 'application/json': { schema } } };
}
