import type { Message } from '../core/message.ts';
import type { RetryPolicy } from '../core/retry-policy.ts';
import type { Batch } from '../runtime/handle/handle-batch.ts';
import type { Arrival } from '../runtime/handle/incoming.ts';
import { readKept } from '../runtime/handle/parse-record.ts';
import type { ParkingLimits } from '../runtime/handle/retry-queue.ts';

/** Waits of up to 100 ms, then twice as long each time; two attempts for a bug, three for trouble that may pass. */
export const testPolicy: RetryPolicy = { firstMs: 100, factor: 2, longestMs: 60_000, attempts: 3, bugAttempts: 2 };

const testLimits: ParkingLimits = { room: 1_000, keyMax: 100 };

/** A batch of these, with the policy and the limits of tests. */
export function batchOf(arrivals: readonly Arrival[], nowMs: number, limits: ParkingLimits = testLimits): Batch {
  return { arrivals, nowMs, policy: testPolicy, limits };
}

/** A message as it comes from a topic. */
export function fromTopic(topic: string, position: number, { data, ...attributes }: Message): Arrival {
  const record = { topic, partition: 0, position, attributes, value: JSON.stringify(data) };
  return { from: 'log', record, received: readKept(record) };
}
