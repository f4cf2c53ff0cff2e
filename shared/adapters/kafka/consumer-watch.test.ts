import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ConsumerWatch } from './consumer-watch.ts';
import type { ConsumerOptions, KafkaConsumer } from './kafka-client.ts';

const LANES = [{ topic: 'events', partition: 0 }];

describe('the watch over a consumer', () => {
  /** The consumers that were built, in their order, and how many of them are closed. */
  let built: { readonly options: ConsumerOptions; readonly consumer: KafkaConsumer }[];
  let closed: number;
  let refuses: Error | null;
  const onAssigned = vi.fn();
  const onBatch = vi.fn(() => true);
  let watch: ConsumerWatch;

  beforeEach(() => {
    vi.useFakeTimers();
    built = [];
    closed = 0;
    refuses = null;
    onAssigned.mockReset();
    onBatch.mockClear();
    watch = new ConsumerWatch({
      client: { consumer },
      clock: { nowMs: () => Date.now(), upMs: () => performance.now() },
      group: 'readers',
      topics: ['events'],
      onAssigned,
      onBatch,
    });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function consumer(options: ConsumerOptions): Promise<KafkaConsumer> {
    if (refuses !== null) throw refuses;
    const own = { pause: vi.fn(), resume: vi.fn(), seek: vi.fn(), commit: vi.fn() };
    const handle = { ...own, close: async () => void closed++ };
    built.push({ options, consumer: handle });
    return handle;
  }

  const join = (index = built.length - 1) => {
    const { options, consumer } = built[index] as (typeof built)[number];
    options.onAssigned(LANES, consumer);
    return options;
  };

  it('says that the group is not joined until it is', () => {
    expect(watch.unavailableReason()).toBe('the consumer group is not joined yet');
    join();

    expect(watch.unavailableReason()).toBeNull();
    expect(onAssigned).toHaveBeenCalledExactlyOnceWith(LANES, built[0]?.consumer);
  });

  it('builds another one for one that has crashed, later each time until one is heard of', async () => {
    const delays: number[] = [];
    for (let crash = 0; crash < 7; crash += 1) {
      const { options } = built[crash] as (typeof built)[number];
      options.onCrash(new Error('the end'));
      expect(watch.unavailableReason()).toBe('the end');
      const sinceMs = performance.now();
      while (built.length === crash + 1) await vi.advanceTimersToNextTimerAsync();
      delays.push(performance.now() - sinceMs);
    }
    join().onCrash(new Error('again'));
    await vi.advanceTimersByTimeAsync(250);

    expect(delays.map(Math.round)).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    expect([built.length, closed]).toEqual([9, 8]);
  });

  it('takes the lanes away from the reader, and nothing more from a consumer that has crashed', () => {
    const options = join();
    options.onCrash(new Error('the end'));
    onBatch.mockClear();
    onAssigned.mockClear();

    options.onAssigned(LANES, (built[0] as (typeof built)[number]).consumer);
    const isTaken = options.onBatch({ topic: 'events', partition: 0 }, { records: [], from: 0, next: 1 });
    options.onBeat();

    expect([isTaken, onBatch.mock.calls, onAssigned.mock.calls]).toEqual([false, [], []]);
    expect(watch.unavailableReason()).toBe('the end');
  });

  it('tries again where none can be built', async () => {
    refuses = new Error('connect ECONNREFUSED');
    join().onCrash(new Error('the end'));
    await vi.advanceTimersByTimeAsync(1_000);
    expect([watch.unavailableReason(), built.length]).toEqual(['connect ECONNREFUSED', 1]);

    refuses = null;
    await vi.advanceTimersByTimeAsync(5_000);
    join();
    expect([watch.unavailableReason(), built.length]).toEqual([null, 2]);
  });

  it('says that the broker is silent after three heartbeats, and that it is heard again', async () => {
    const options = join();
    await vi.advanceTimersByTimeAsync(8_900);
    expect(watch.unavailableReason()).toBeNull();
    await vi.advanceTimersByTimeAsync(1_100);
    expect(watch.unavailableReason()).toBe('the broker has not answered for 10 s');

    options.onBeat();
    expect(watch.unavailableReason()).toBeNull();
  });

  it('builds another one after a minute of silence', async () => {
    join();
    await vi.advanceTimersByTimeAsync(62_000);

    expect([built.length, closed]).toEqual([2, 1]);
  });

  it('builds another one after each minute of silence, also while it waits longer for each', async () => {
    join();
    await vi.advanceTimersByTimeAsync(600_000);

    // A minute, the look after it, and five seconds at most.
    expect(built.length).toBeGreaterThanOrEqual(9);
  });

  it('ends with its consumer', async () => {
    const options = join();
    await watch.close();
    options.onCrash(new Error('the end'));
    await vi.advanceTimersByTimeAsync(120_000);

    expect([built.length, closed, vi.getTimerCount()]).toEqual([1, 1, 0]);
  });
});
