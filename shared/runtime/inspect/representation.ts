/**
 * The answers of the operations API about a running store: what it is made of, how its functions are, what lies in its topics.
 * The console, the commands and the gateway share these shapes. Times are ISO 8601, UTC, with milliseconds; a name that ends in
 * `Ms` is in milliseconds, one that ends in `Bytes` in bytes. `trace-representation.ts` has the messages of a key, and
 * `stream-representation.ts` the live events.
 */
import { z } from '@hono/zod-openapi';
import { linksSchema } from '../http/paging.ts';

const time = z.string();
const count = z.int().min(0);

/** A schema that has a name, or null: where it is made nullable itself, the document does not allow null. */
export function orNull<Schema extends z.ZodType>(schema: Schema) {
  return z.union([schema, z.null()]);
}

/**
 * `GET /operations/store`: what the store is made of. It does not change while the gateway runs.
 *
 * ```json
 * { "version": "0.1.0", "engine": { "store": "embedded", "log": "embedded" }, "automation": true,
 *   "saga": {
 *     "functions": ["order", "inventory", "notification"],
 *     "topics": [{ "name": "order-events", "writer": "order", "readers": ["inventory", "notification"] },
 *                { "name": "order-commands", "writer": null, "readers": ["order"] }],
 *     "steps": [{ "on": "OrderPlaced", "by": "inventory", "emits": ["StockReserved", "StockRejected"], "kind": "compensatable",
 *                 "undoneBy": ["StockReleased"] }],
 *     "transitions": [{ "from": null, "event": "OrderPlaced", "to": "placed" }],
 *     "commands": [{ "name": "cancel", "event": "OrderCancelled", "from": ["placed", "backordered", "confirmed"] }] } }
 * ```
 */
export const storeSchema = z
  .object({
    version: z.string(),
    engine: z.object({
      store: z.string().openapi({ description: 'What keeps the data of the functions' }),
      log: z.string().openapi({ description: 'What carries messages between them: LOG' }),
    }),
    automation: z.boolean().openapi({ description: 'Whether example data, load and faults are there' }),
    saga: z.object({
      functions: z.array(z.string()).openapi({ description: 'In the order of the saga; without the gateway' }),
      topics: z.array(
        z.object({
          name: z.string(),
          writer: z.string().nullable().openapi({ description: 'The only function that writes it; null: public' }),
          readers: z.array(z.string()),
        }),
      ),
      steps: z
        .array(
          z.object({
            on: z.string().openapi({ description: 'The message that the step handles' }),
            by: z.string(),
            emits: z.array(z.string()).openapi({ description: 'One of these follows, or none' }),
            kind: z.enum(['compensatable', 'pivot', 'retriable', 'compensation']),
            undoneBy: z.array(z.string()),
          }),
        )
        .openapi({ description: 'The choreography' }),
      transitions: z
        .array(z.object({ from: z.string().nullable(), event: z.string(), to: z.string() }))
        .openapi({ description: 'The statuses of an order; `from` is null before there is one' }),
      commands: z.array(z.object({ name: z.string(), event: z.string(), from: z.array(z.string()) })).openapi({
        description: 'What a client can do with an order: the last part of the path, and in which statuses',
      }),
    }),
  })
  .openapi('StoreDescription');
export type StoreBody = z.infer<typeof storeSchema>;

/** Percentiles, in milliseconds; null while there is nothing to count. `count`: how many values they are of. */
export const percentilesSchema = z
  .object({ p50: z.number().nullable(), p99: z.number().nullable(), count })
  .openapi('Percentiles');
export type PercentilesBody = z.infer<typeof percentilesSchema>;

/**
 * How many messages of each type had which outcome since the function started.
 *
 * ```json
 * { "OrderPlaced": { "handled": 120, "duplicate": 2, "parked": 1, "dead": 0, "refused": 0 } }
 * ```
 */
export const messageCountsSchema = z
  .record(z.string(), z.object({ handled: count, duplicate: count, parked: count, dead: count, refused: count }))
  .openapi('MessageCounts', {
    description:
      'By message type. `parked`: attempts that failed, and messages queued behind others; `dead`: became dead letters; `refused`: ' +
      'commands whose client was told that they failed',
  });
export type MessageCountsBody = z.infer<typeof messageCountsSchema>;

/**
 * How far one group has read one partition of a topic. `lag`: messages that it has not read. `oldestUnreadAt`: when the first
 * of them was written; null where there is none, or its time is not known. It is told also while the reader is not running.
 */
export const readerSchema = z
  .object({
    group: z.string().openapi({ description: 'The function that reads' }),
    partition: count,
    position: count.openapi({ description: 'Of the last message that it has processed; 0 before the first' }),
    end: count.openapi({ description: 'Of the last message in the partition, counted as `position` is' }),
    lag: count,
    oldestUnreadAt: time.nullable(),
  })
  .openapi('TopicReader');
export type ReaderBody = z.infer<typeof readerSchema>;

/**
 * One topic. `end`: the position of its newest message, as `/messages` counts; where each partition counts for itself, the sum
 * of their ends. `detail`: why the readers, or the topic, are not known now; null where they are. `readers` is empty then.
 */
export const topicSchema = z
  .object({
    name: z.string(),
    writer: z.string().nullable().openapi({ description: 'The only function that writes it; null: public' }),
    end: count.nullable(),
    readers: z.array(readerSchema),
    detail: z.string().nullable(),
  })
  .openapi('Topic');
export type TopicBody = z.infer<typeof topicSchema>;

/**
 * `GET /operations/topics`: every topic of the store. What is told by the writer is taken; where it does not answer, by a reader.
 *
 * ```json
 * { "topics": [{ "name": "order-events", "writer": "order", "end": 1640, "detail": null, "readers": [
 *     { "group": "inventory", "partition": 0, "position": 0, "end": 1640, "lag": 1640,
 *       "oldestUnreadAt": "2026-11-27T09:00:00.000Z" }] }],
 *   "away": ["inventory"] }
 * ```
 */
export const topicsSchema = z.object({
  topics: z.array(topicSchema),
  away: z.array(z.string()).openapi({ description: 'Functions that do not answer' }),
});
export type TopicsBody = z.infer<typeof topicsSchema>;

const statusFields = {
  name: z.string(),
  detail: z.string().nullable().openapi({ description: 'Why it is not up; null where it is' }),
  startedAt: time.nullable().openapi({ description: 'By its clock' }),
  parked: count.nullable().openapi({ description: 'Messages that wait for an attempt, or behind one that does' }),
  deadLetters: count.nullable().openapi({ description: 'Open ones; null also where they cannot be counted now' }),
  pausedTopics: z
    .array(z.string())
    .openapi({ description: 'Topics of which a part is not read on, because too much is parked' }),
  commitMs: orNull(percentilesSchema).openapi({ description: 'Of the last minute: to decide and commit a batch' }),
  walBytes: count.nullable().openapi({ description: 'The write-ahead log; null where the engine has none' }),
  messages: messageCountsSchema,
};

/**
 * `GET /operations/{function}/status`, which a function answers for itself. `at`: what its clock says.
 *
 * ```json
 * { "name": "inventory", "state": "up", "detail": null, "startedAt": "2026-11-27T09:00:00.000Z",
 *   "at": "2026-11-27T09:05:00.000Z", "parked": 0, "deadLetters": 1, "pausedTopics": [],
 *   "commitMs": { "p50": 0.8, "p99": 3.1, "count": 940 }, "walBytes": 4152992,
 *   "messages": { "OrderPlaced": { "handled": 120, "duplicate": 0, "parked": 1, "dead": 1, "refused": 0 } },
 *   "topics": [{ "name": "inventory-events", "writer": "inventory", "end": 240, "detail": null, "readers": [
 *     { "group": "order", "partition": 0, "position": 240, "end": 240, "lag": 0, "oldestUnreadAt": null }] }] }
 * ```
 */
export const statusSchema = z
  .object({
    ...statusFields,
    state: z.enum(['up', 'unready']),
    at: time,
    topics: z.array(topicSchema).openapi({ description: 'Those that it writes, and those that it reads' }),
  })
  .openapi('FunctionStatus');
export type StatusBody = z.infer<typeof statusSchema>;

/** One function as the gateway sees it. Of one that is away nothing else is known: numbers are null, lists are empty. */
export const functionSchema = z
  .object({
    ...statusFields,
    state: z.enum(['up', 'unready', 'away']).openapi({ description: '`away`: it does not answer' }),
    clockSkewMs: z.number().nullable().openapi({
      description:
        'How far its clock is ahead of that of the gateway; the request is assumed to take half of the round trip',
    }),
  })
  .openapi('FunctionState');
export type FunctionBody = z.infer<typeof functionSchema>;

/**
 * `GET /operations/functions`: the state of each function, in the order of the saga.
 *
 * ```json
 * { "functions": [
 *   { "name": "order", "state": "up", "detail": null, "startedAt": "2026-11-27T09:00:00.000Z", "clockSkewMs": 0.4, "parked": 0,
 *     "deadLetters": 0, "pausedTopics": [], "commitMs": { "p50": 0.8, "p99": 3.1, "count": 940 }, "walBytes": 4152992,
 *     "messages": { "PlaceOrder": { "handled": 120, "duplicate": 2, "parked": 0, "dead": 0, "refused": 0 } } },
 *   { "name": "inventory", "state": "away", "detail": "inventory does not answer", "startedAt": null, "clockSkewMs": null,
 *     "parked": null, "deadLetters": null, "pausedTopics": [], "commitMs": null, "walBytes": null, "messages": {} }] }
 * ```
 */
export const functionsSchema = z.object({ functions: z.array(functionSchema) });
export type FunctionsBody = z.infer<typeof functionsSchema>;

/**
 * A message in a topic. `attributes` are the CloudEvents attributes except `data`, as they were written; from outside they may
 * hold anything. `data` is its JSON. Where `isText` is true, it is a string instead: data from outside that are no JSON, or the
 * beginning of data that are longer than 256 KB. `isCut`: something of the data, or of long attributes, is left out.
 */
export const messageSchema = z
  .object({
    partition: count,
    position: count,
    attributes: z.record(z.string(), z.unknown()),
    data: z.unknown(),
    isCut: z.boolean(),
    isText: z.boolean(),
  })
  .openapi('TopicMessage');
export type MessageBody = z.infer<typeof messageSchema>;

/**
 * `GET /operations/topics/{topic}/messages`: a page of a topic. `scanned`: how many messages were looked at for it, at most
 * 10,000. `isWhole`: whether the end of the topic was reached; otherwise `_links.next` goes on, also where the page is empty.
 *
 * ```json
 * { "messages": [{ "partition": 0, "position": 12, "isCut": false, "isText": false,
 *     "attributes": { "id": "019a…", "type": "OrderPlaced", "source": "/order", "subject": "ORDER_001",
 *                     "partitionkey": "ORDER_001", "causationid": "72029ae3…", "time": "2026-11-27T09:00:00.000Z" },
 *     "data": { "orderId": "ORDER_001" } }],
 *   "scanned": 1, "isWhole": false,
 *   "_links": { "self": { "href": "/operations/topics/order-events/messages?limit=1" },
 *               "next": { "href": "/operations/topics/order-events/messages?limit=1&cursor=WyI…" } } }
 * ```
 */
export const messagesSchema = z
  .object({ messages: z.array(messageSchema), scanned: count, isWhole: z.boolean(), _links: linksSchema })
  .openapi('TopicMessages');
export type MessagesBody = z.infer<typeof messagesSchema>;
