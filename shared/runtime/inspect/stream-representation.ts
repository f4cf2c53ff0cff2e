/**
 * The events of `GET /operations/stream` at the gateway, and of `GET /operations/{function}/stream` at one function. The stream may
 * lose: it has no positions, and what happens while a client is away, or slow, is not sent. Each event is named by its schema here.
 */
import { z } from '@hono/zod-openapi';
import { functionSchema, messageCountsSchema, percentilesSchema, topicSchema } from './representation.ts';

const count = z.int().min(0);

/**
 * One function in a tick. `outcomes`: how many sagas came into each status since the function started, `placed` and the outcomes
 * among them; empty where the function does not decide that. `latencyMs`: from the start of a saga to its outcome, where that is
 * not its client's own decision (a cancellation), of the last 5 s.
 */
export const functionTickSchema = z.object({
  name: z.string(),
  messages: messageCountsSchema,
  parked: count,
  deadLetters: count,
  commitMs: percentilesSchema,
  outcomes: z.record(z.string(), count),
  latencyMs: percentilesSchema,
});
export type FunctionTickBody = z.infer<typeof functionTickSchema>;

/**
 * Event `tick`, each 250 ms: counts, lag, latency. Counters only rise until their function starts again. At the gateway it has the
 * newest figures of each function that answers; `topics` are those of the writers, so absent readers are among their `readers`.
 *
 * ```
 * event: tick
 * data: {"at":"2026-11-27T09:05:00.250Z","functions":[{"name":"order","messages":{"PlaceOrder":{"handled":120,"duplicate":2,
 * data: "parked":0,"dead":0,"refused":0}},"parked":0,"deadLetters":0,"commitMs":{"p50":0.8,"p99":3.1,"count":940},
 * data: "outcomes":{"placed":120,"confirmed":98,"rejected":20},"latencyMs":{"p50":4.8,"p99":21,"count":55}}],
 * data: "topics":[{"name":"order-events","writer":"order","end":1640,"detail":null,"readers":[{"group":"inventory","partition":0,
 * data: "position":0,"end":1640,"lag":1640,"oldestUnreadAt":"2026-11-27T09:00:00.000Z"}]}]}
 * ```
 * (on the wire `data` is one line)
 */
export const tickSchema = z
  .object({ at: z.string(), functions: z.array(functionTickSchema), topics: z.array(topicSchema) })
  .openapi('StreamTick');
export type TickBody = z.infer<typeof tickSchema>;

/**
 * Event `function`: the state of one function, at the begin of the stream and whenever it changes.
 *
 * ```
 * event: function
 * data: {"name":"inventory","state":"away","detail":"inventory does not answer"}
 * ```
 */
export const functionEventSchema = functionSchema
  .pick({ name: true, state: true, detail: true })
  .openapi('StreamFunction');
export type FunctionEventBody = z.infer<typeof functionEventSchema>;

/** A message that a function has just committed. `key`: its partition key. `time`: when that was committed, by the function's clock. */
export const committedSchema = z.object({
  function: z.string(),
  type: z.string(),
  outcome: z
    .enum(['handled', 'duplicate', 'parked', 'dead', 'refused'])
    .openapi({ description: '`refused`: a command whose client was told that it failed' }),
  key: z.string(),
  id: z.string(),
  causationId: z.string().nullable(),
  time: z.string(),
});
export type CommittedBody = z.infer<typeof committedSchema>;

/**
 * Event `messages`, at most each 100 ms and only when there are some: at most 50 messages, and how many more there were.
 *
 * ```
 * event: messages
 * data: {"messages":[{"function":"inventory","type":"OrderPlaced","outcome":"handled","key":"ORDER_001","id":"019a…",
 * data: "causationId":"72029ae3…","time":"2026-11-27T09:05:00.101Z"}],"skipped":12}
 * ```
 * (on the wire `data` is one line)
 */
const messagesEventSchema = z
  .object({ messages: z.array(committedSchema).max(50), skipped: count })
  .openapi('StreamMessages');
export type MessagesEventBody = z.infer<typeof messagesEventSchema>;
