/** The answers about one message and about all messages of a key, with who has read them. */
import { z } from '@hono/zod-openapi';
import { messageSchema, orNull } from './representation.ts';

/**
 * What became of a message at one function that handles its type. `handled`: its effect is committed. `parked`: it waits for an
 * attempt, or behind one. `dead`: it is a dead letter, open or closed without being handled. `unread`: the function has not come
 * to it; that is known also while the function is away. `unknown`: it was read, and what became of it is not known, because the
 * function does not answer, or has removed its data since.
 */
export const readSchema = z
  .object({
    by: z.string().openapi({ description: 'The function' }),
    state: z.enum(['handled', 'parked', 'dead', 'unread', 'unknown']),
    letter: z.string().nullable().openapi({ description: 'The dead letter that it is, or that blocks it; null: none' }),
  })
  .openapi('MessageRead');
export type ReadBody = z.infer<typeof readSchema>;

/**
 * `GET /operations/messages/{id}`: one message, where it lies, and who has read it. A command that came by HTTP is not stored:
 * `message`, `topic` and `position` are null. `away`: functions that do not answer.
 *
 * ```json
 * { "message": { "partition": 0, "position": 12, "isCut": false, "isText": false,
 *     "attributes": { "id": "019a…", "type": "OrderPlaced" }, "data": { "orderId": "ORDER_001" } },
 *   "topic": "order-events", "position": 12,
 *   "reads": [{ "by": "inventory", "state": "unread", "letter": null }, { "by": "notification", "state": "handled", "letter": null }],
 *   "away": ["inventory"] }
 * ```
 */
export const foundMessageSchema = z
  .object({
    message: orNull(messageSchema),
    topic: z.string().nullable(),
    position: z.int().min(0).nullable(),
    reads: z.array(readSchema),
    away: z.array(z.string()),
  })
  .openapi('FoundMessage');
export type FoundMessageBody = z.infer<typeof foundMessageSchema>;

/**
 * One step of a trace. `at`: the function that wrote the event, handles the command, or sends the notice. `type` and `time` are
 * null where they are not stored: of a command that came by HTTP, a timer, a message that was pruned. `causationId` is null where
 * it answers none. `message` is null where it is not stored, or its writer is away; `isCut` as in a topic.
 */
export const nodeSchema = z
  .object({
    id: z.string(),
    type: z.string().nullable(),
    at: z.string(),
    kind: z.enum(['command', 'event', 'notice']),
    time: z.string().nullable(),
    causationId: z.string().nullable(),
    topic: z.string().nullable(),
    message: orNull(messageSchema),
    reads: z.array(readSchema),
    notice: z
      .object({ status: z.string(), detail: z.string().nullable() })
      .nullable()
      .openapi({ description: 'Of a notice: how its sending goes, as a word, and what went wrong; else null' }),
  })
  .openapi('TraceNode');
export type NodeBody = z.infer<typeof nodeSchema>;

/**
 * `GET /operations/trace/{key}`: the messages about a key (an order, a product), each behind its cause and behind what the same
 * function wrote before it. `away`: functions that do not answer; what they wrote is missing, or there without `message`.
 * `isWhole`: false where there is more than was read. A key of which nothing is known has no nodes.
 *
 * ```json
 * { "nodes": [
 *     { "id": "72029ae3…", "type": "PlaceOrder", "at": "order", "kind": "command", "time": null, "causationId": null,
 *       "topic": null, "message": null, "reads": [{ "by": "order", "state": "handled", "letter": null }], "notice": null },
 *     { "id": "019a…", "type": "OrderPlaced", "at": "order", "kind": "event", "time": "2026-11-27T09:00:00.000Z",
 *       "causationId": "72029ae3…", "topic": "order-events",
 *       "message": { "partition": 0, "position": 12, "isCut": false, "isText": false,
 *                    "attributes": { "id": "019a…", "type": "OrderPlaced" }, "data": { "orderId": "ORDER_001" } },
 *       "reads": [{ "by": "inventory", "state": "unread", "letter": null }], "notice": null },
 *     { "id": "019b…", "type": "OrderPlaced notice", "at": "notification", "kind": "notice", "time": "2026-11-27T09:00:00.004Z",
 *       "causationId": "019a…", "topic": null, "message": null, "reads": [], "notice": { "status": "sent", "detail": null } }],
 *   "away": ["inventory"], "isWhole": true }
 * ```
 */
export const traceSchema = z
  .object({ nodes: z.array(nodeSchema), away: z.array(z.string()), isWhole: z.boolean() })
  .openapi('Trace');
export type TraceBody = z.infer<typeof traceSchema>;
