import { z } from '@hono/zod-openapi';
import { textSchema } from '../../core/text-length.ts';
import { operatorsOnly } from '../dead-letters/routes.ts';
import { type App, addPath, answers, readBody, readQuery } from '../http/app.ts';
import { findMessage } from './find-message.ts';
import { assertOwn, INSPECT_TAG, ofFunction } from './function-path.ts';
import { functionTraceOf } from './function-trace.ts';
import type { Inspected } from './inspected.ts';
import { functionTraceSchema, locatedSchema, readsRequestSchema, readsSchema } from './part-representation.ts';
import { readsOf } from './reads.ts';
import { orNull } from './representation.ts';

export const ofKey = z.object({
  key: z.string().openapi({ description: 'The partition key: the id of an order or a product', example: 'ORDER_001' }),
});
export const ofMessage = z.object({ id: z.string().openapi({ description: 'The id of the message' }) });

/** Where a message is looked for first. Without any of these, an old one whose id tells no time may not be found. */
export const hintsQuery = z.strictObject({
  topic: textSchema(1, 256).optional().openapi({ description: 'The topic in which it lies' }),
  position: z
    .string()
    .regex(/^(?:0|[1-9]\d{0,14})$/, 'must be a position')
    .transform(Number)
    .optional()
    .openapi({ type: 'integer', minimum: 0, maximum: 999_999_999_999_999, description: 'Its position there' }),
  key: textSchema(1, 256).optional().openapi({ description: 'Its partition key' }),
});

/** What a function says of a message: where it lies, or null. */
export const foundSchema = z.object({ found: orNull(locatedSchema) });

export function addTrace(app: App, inspected: Inspected): void {
  addPath(app, INSPECT_TAG, '/operations/{function}/trace/{key}', {
    get: {
      operationId: 'traceKeyAtFunction',
      summary: 'What one function knows about a key: the messages that it published, holds, or reads from clients',
      description: 'The gateway has GET /operations/trace/{key}, which puts the functions together.',
      request: { params: ofFunction.extend(ofKey.shape) },
      security: operatorsOnly,
      responses: { 200: answers('The part of the function', functionTraceSchema) },
      handler: async (c) => {
        assertOwn(c, inspected);
        return c.json(await functionTraceOf(inspected, c.req.param('key') ?? ''));
      },
    },
  });
  addPath(app, INSPECT_TAG, '/operations/{function}/messages/{id}', {
    get: {
      operationId: 'findMessageOfFunction',
      summary: 'A message in a topic that this function writes, or in a public one that it reads',
      description:
        'The gateway has GET /operations/messages/{id}, which asks all functions, and tells who has read it.',
      request: { params: ofFunction.extend(ofMessage.shape), query: hintsQuery },
      security: operatorsOnly,
      responses: { 200: answers('Where it lies; null where it is not found', foundSchema) },
      handler: async (c) => {
        assertOwn(c, inspected);
        return c.json({ found: await findMessage(inspected, c.req.param('id') ?? '', readQuery(c, hintsQuery)) });
      },
    },
  });
  addPath(app, INSPECT_TAG, '/operations/{function}/reads', {
    post: {
      operationId: 'tellReads',
      summary: 'What became of some messages at this function; changes nothing',
      description: 'For the gateway. It is a POST only because the question has a body.',
      request: { params: ofFunction, body: { content: { 'application/json': { schema: readsRequestSchema } } } },
      security: operatorsOnly,
      responses: { 200: answers('One entry for each message, in their order', readsSchema) },
      handler: async (c) => {
        assertOwn(c, inspected);
        const { messages } = await readBody(c, readsRequestSchema);
        return c.json({ reads: await readsOf(inspected, messages) });
      },
    },
  });
}
