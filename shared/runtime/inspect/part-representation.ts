/** What functions tell the gateway, and one another's readers, so that it can put traces together. */
import { z } from '@hono/zod-openapi';
import { textSchema } from '../../core/text-length.ts';
import { messageSchema } from './representation.ts';
import { nodeSchema, readSchema } from './trace-representation.ts';

const count = z.int().min(0);

/**
 * A message where it lies. `epoch`: of its writer; empty where the log has none. `delivered`: the partition and position under which
 * readers get it; null while it is not sent. `readBy`: whether each reader of the topic has come past it; null: not known.
 */
export const locatedSchema = z
  .object({
    message: messageSchema,
    topic: z.string(),
    epoch: z.string(),
    delivered: z.object({ partition: count, position: count }).nullable(),
    readBy: z.record(z.string(), z.boolean().nullable()),
  })
  .openapi('LocatedMessage');
export type LocatedBody = z.infer<typeof locatedSchema>;

/** A message that a function keeps because it could not handle it; it may be of another's topic, or of none. */
export const heldSchema = z
  .object({
    message: messageSchema,
    topic: z.string(),
    state: z.enum(['parked', 'dead']),
    letter: z.string().nullable(),
  })
  .openapi('HeldMessage');
export type HeldBody = z.infer<typeof heldSchema>;

const ownStepSchema = nodeSchema.pick({ id: true, type: true, time: true, causationId: true, notice: true });

/**
 * `GET /operations/{function}/trace/{key}`: what one function knows about a key. `messages`: those that it published, and those of
 * public topics that it reads; in the order of their positions.
 *
 * ```json
 * { "messages": [{ "topic": "order-events", "epoch": "9f…", "delivered": { "partition": 0, "position": 12 },
 *     "readBy": { "inventory": false, "notification": true },
 *     "message": { "partition": 0, "position": 12, "isCut": false, "isText": false,
 *                  "attributes": { "id": "019a…", "type": "OrderPlaced" }, "data": { "orderId": "ORDER_001" } } }],
 *   "held": [], "steps": [], "isWhole": true }
 * ```
 */
export const functionTraceSchema = z
  .object({
    messages: z.array(locatedSchema),
    held: z.array(heldSchema),
    steps: z.array(ownStepSchema).openapi({ description: 'Steps that are no messages, such as notices' }),
    isWhole: z.boolean(),
  })
  .openapi('FunctionTrace');
export type FunctionTraceBody = z.infer<typeof functionTraceSchema>;

const idSchema = textSchema(1, 1_024);

/** A message about which a function is asked. */
export const askedSchema = z.strictObject({
  id: idSchema,
  source: idSchema,
  key: idSchema,
  topic: textSchema(1, 256).nullable(),
  epoch: textSchema(0, 256),
  position: count.openapi({ description: 'In the outbox of its writer, or in the public topic' }),
  delivered: z.strictObject({ partition: count, position: count }).nullable(),
});
export type AskedBody = z.infer<typeof askedSchema>;

/** The most messages in one question. */
export const ASKED_MAX = 200;
export const readsRequestSchema = z
  .strictObject({ messages: z.array(askedSchema).min(1).max(ASKED_MAX) })
  .openapi('AskReads', {
    example: {
      messages: [
        {
          id: '019a-1',
          source: '/order',
          key: 'ORDER_001',
          topic: 'order-events',
          epoch: '9f',
          position: 12,
          delivered: { partition: 0, position: 12 },
        },
      ],
    },
  });

/** `POST /operations/{function}/reads`: what became of each message here, in their order; `state` null: nothing is known of it. */
export const readsSchema = z
  .object({
    reads: z.array(
      z.object({ state: z.enum(['handled', 'parked', 'dead']).nullable(), letter: readSchema.shape.letter }),
    ),
  })
  .openapi('FunctionReads');
export type ReadsBody = z.infer<typeof readsSchema>;
