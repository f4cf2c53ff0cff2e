import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { ConsumerOptions, KafkaClient } from './kafka-client.ts';
import { KafkaLog } from './kafka-log.ts';

const consumer = {
  pause: () => undefined,
  resume: () => undefined,
  seek: () => undefined,
  commit: async () => undefined,
  close: async () => undefined,
};
const admin: KafkaClient['admin'] = {
  brokers: async () => 1,
  createTopic: async () => undefined,
  topic: async () => null,
  ends: async () => [0, 1].map((partition) => ({ partition, low: 0, high: 0 })),
  offsetsAt: async () => [],
  records: async (_, next) => ({ records: [], next }),
  groupOffsets: async () => [],
};
const clock = { nowMs: () => Date.now(), upMs: () => performance.now() };
const [first, second] = [0, 1].map((partition) => ({ topic: 'events', partition }));
const onWarning = vi.fn();

let built: ConsumerOptions[];
let log: KafkaLog;
beforeEach(() => {
  vi.useFakeTimers();
  onWarning.mockReset();
  built = [];
});
afterEach(async () => {
  vi.useRealTimers();
  await log.close();
});

/** Subscribes, and is assigned the first of two lanes. */
async function withFirstLane(hasOneMember: boolean) {
  const client: KafkaClient = {
    admin,
    producer: () => ({ send: async () => [] }),
    consumer: async (options) => {
      built.push(options);
      return consumer;
    },
    close: async () => undefined,
  };
  log = new KafkaLog({ client, prefix: '', partitions: 2, topics: { events: null }, readers: [], clock, hasOneMember });
  const options = { group: 'readers', topics: ['events'], positions: async () => [], wake: () => undefined, onWarning };
  const subscription = await log.subscribe(options);
  await assign(first);
  return subscription;
}

async function assign(...lanes: (typeof first)[]): Promise<void> {
  built.at(-1)?.onAssigned(
    lanes.flatMap((lane) => lane ?? []),
    consumer,
  );
  await vi.advanceTimersByTimeAsync(0);
}

/** The group hears of its broker meanwhile. */
async function seconds(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    built.at(-1)?.onBeat();
    await vi.advanceTimersByTimeAsync(1_000);
  }
}

it('the only member of a group is not ready without all lanes, and joins anew where they do not come', async () => {
  const subscription = await withFirstLane(true);
  expect(subscription.unavailableReason()).toBe('events cannot be read: events/1 is not taken up yet');
  await seconds(29);
  expect([built.length, onWarning.mock.calls]).toEqual([1, []]);
  await seconds(2);

  expect(onWarning).toHaveBeenCalledExactlyOnceWith(
    'events/1 was not assigned to the only consumer of its group for 30 s: the consumer is built anew',
  );
  expect(built.length).toBe(2);
  await assign(first, second);
  expect(subscription.unavailableReason()).toBeNull();
  await seconds(60);
  expect([built.length, onWarning.mock.calls.length, subscription.unavailableReason()]).toEqual([2, 1, null]);
});

it('one of several members of a group is content with its share', async () => {
  const subscription = await withFirstLane(false);
  expect(subscription.unavailableReason()).toBeNull();
  await seconds(60);

  expect([built.length, onWarning.mock.calls]).toEqual([1, []]);
});
