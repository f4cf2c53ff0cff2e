import type { Message } from '../core/message.ts';
import type { MessageCatalog } from '../core/message-catalog.ts';
import type { RetryPolicy } from '../core/retry-policy.ts';
import type { Batch } from '../runtime/handle/handle-batch.ts';
import type { Incoming } from '../runtime/handle/incoming.ts';
import type { Outcome } from '../runtime/handle/outcome.ts';
import { parseStored } from '../runtime/handle/parse-record.ts';
import type { RetryQueueLimits } from '../runtime/handle/retry-queue.ts';
import { probeCatalog } from './probe.ts';

/** Delays of up to 100 ms, doubled each time; two attempts for a bug, three for a transient error. */
export const testPolicy: RetryPolicy = { firstMs: 100, factor: 2, longestMs: 60_000, attempts: 3, bugAttempts: 2 };

const testLimits: RetryQueueLimits = { room: 1_000, keyMax: 100 };

/** A batch of these messages, with the policy and the limits of tests. */
export function batchOf(incoming: readonly Incoming[], nowMs: number, limits: RetryQueueLimits = testLimits): Batch {
  return { incoming, nowMs, policy: testPolicy, limits };
}

/** A message as it comes from a topic. */
export function fromTopic(
  topic: string,
  position: number,
  { data, ...attributes }: Message,
  catalog: MessageCatalog = probeCatalog,
): Incoming {
  const record = { topic, partition: 0, position, attributes, value: JSON.stringify(data) };
  return { from: 'log', record, parsed: parseStored(record, catalog) };
}

/** The ids of the messages that the rules decided on, with whatever result. */
export function decidedIn(outcomes: readonly Outcome[]): readonly string[] {
  const decided = outcomes.filter(
    (outcome) => outcome.kind === 'handled' || outcome.kind === 'refused' || 'error' in outcome,
  );
  return decided.map(({ message }) => message.id);
}
