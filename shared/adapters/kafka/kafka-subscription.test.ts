import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { AppError } from '../../core/errors.ts';
import type { Position } from '../../ports/store.ts';
import type { ConsumerOptions, KafkaBatch, KafkaClient, KafkaReceipt } from './kafka-client.ts';
import { KafkaLog } from './kafka-log.ts';
import { RECORDS_MAX } from './lane-buffer.ts';

const LANE = { topic: 'events', partition: 0 };
const clock = { nowMs: () => Date.now(), upMs: () => performance.now() };

/** What one fetch brings: events `m<offset>`, from that offset up to before `next`. */
function batch(from: number, next: number, id = 'm'): KafkaBatch {
  const records = Array.from({ length: next - from }, (_, index) => {
    const value = Buffer.from(JSON.stringify({ id: `${id}${from + index}`, data: from + index }));
    return { offset: from + index, timestampMs: 0, headers: {}, value };
  });
  return { records, from, next };
}

describe('a subscription of Kafka', () => {
  const consumer = { pause: vi.fn(), resume: vi.fn(), seek: vi.fn(), commit: vi.fn(async () => undefined) };
  let options: ConsumerOptions;
  let ends: { low: number; high: number };
  let positions: () => Promise<readonly Position[]>;
  let receipts: readonly KafkaReceipt[];
  const onWarning = vi.fn();
  let log: KafkaLog;

  beforeEach(async () => {
    vi.resetAllMocks();
    consumer.commit.mockResolvedValue(undefined);
    ends = { low: 0, high: 10 };
    positions = async () => [];
    const handle = { ...consumer, close: async () => undefined };
    const client: KafkaClient = {
      admin: {
        brokers: async () => 1,
        createTopic: async () => undefined,
        topic: async () => null,
        ends: async () => [{ partition: 0, ...ends }],
        offsetsAt: async () => [{ partition: 0, offset: 0 }],
        records: async () => ({ records: [], next: ends.high }),
        groupOffsets: async () => [{ partition: 0, offset: null, note: '' }],
      },
      producer: () => ({ send: async () => receipts }),
      consumer: async (given) => {
        options = given;
        return handle;
      },
      close: async () => undefined,
    };
    const readers = [{ group: 'readers', topics: ['events'] }];
    log = new KafkaLog({ client, prefix: 't.', partitions: 1, topics: { events: 'order' }, readers, clock });
    await log.claim({ reader: 'readers', consumes: ['events'], publishes: null, owner: 'own', isNew: true });
  });
  afterEach(() => log.close());

  async function subscribe(isTakenUp = true) {
    const given = { group: 'readers', topics: ['events'], positions: () => positions(), wake: vi.fn(), onWarning };
    const subscription = await log.subscribe(given);
    assign();
    if (isTakenUp) await vi.waitFor(() => expect(consumer.resume).toHaveBeenCalled());
    return subscription;
  }

  const named = { topic: 't.events', partition: 0 };
  const assign = () => options.onAssigned([named], { ...consumer, close: async () => undefined });
  const ids = async (subscription: { poll(max: number): Promise<readonly { attributes: object }[]> }) =>
    (await subscription.poll(100)).map(({ attributes }) => (attributes as { id: string }).id);

  it('fetches nothing before its positions are known', async () => {
    let give = (_: readonly Position[]): void => undefined;
    positions = () =>
      new Promise((resolve) => {
        give = resolve;
      });
    const subscription = await subscribe(false);

    expect([consumer.pause.mock.calls, consumer.seek.mock.calls]).toEqual([[[[named]]], []]);
    expect(options.onBatch(named, batch(0, 3))).toBe(false);
    expect(subscription.unavailableReason()).toContain('events/0 is not taken up yet');

    give([{ ...LANE, position: 4, epoch: 'one' }]);
    await vi.waitFor(() => expect(consumer.seek).toHaveBeenCalledWith(named, 4));
    expect(options.onBatch(named, batch(4, 5))).toBe(true);
    expect([await ids(subscription), subscription.unavailableReason()]).toEqual([['m4'], null]);
  });

  it('asks for its positions again where they could not be read', async () => {
    positions = vi.fn(async () => []).mockRejectedValueOnce(new AppError('unavailable', 'the disk is gone'));
    const subscription = await subscribe(false);

    await vi.waitFor(() => expect(subscription.unavailableReason()).toContain('the disk is gone'));
    await vi.waitFor(() => expect(consumer.resume).toHaveBeenCalled(), 2_000);
    options.onBatch(named, batch(0, 1));
    expect(subscription.unavailableReason()).toBeNull();
  });

  it('takes nothing that it did not ask for, and takes the lane up again', async () => {
    const subscription = await subscribe();
    options.onBatch(named, batch(0, 2));
    consumer.seek.mockClear();

    expect(options.onBatch(named, batch(5, 7))).toBe(false);

    await vi.waitFor(() => expect(consumer.seek).toHaveBeenCalledExactlyOnceWith(named, 0), 2_000);
    options.onBatch(named, batch(0, 3));
    expect(await ids(subscription)).toEqual(['m0', 'm1', 'm2']);
  });

  it('reads with another consumer where one does not fetch a lane any more', async () => {
    vi.useFakeTimers();
    onTestFinished(() => void vi.useRealTimers());
    const [subscription, lost] = [await subscribe(false), options];
    await vi.advanceTimersByTimeAsync(35_250);
    expect(onWarning.mock.lastCall?.[0]).toMatch(/^events\/0 .* not fetched for 30 s: the consumer is built anew$/);
    expect([options === lost, lost.onBatch(named, batch(0, 4))]).toEqual([false, false]);
    assign();
    await vi.advanceTimersByTimeAsync(0);
    options.onBatch(named, batch(0, 2));
    expect([await ids(subscription), onWarning.mock.calls.length]).toEqual([['m0', 'm1'], 1]);
    await subscription.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('drops what it has of a lane when the lane is assigned to another member', async () => {
    const subscription = await subscribe();
    options.onBatch(named, batch(0, 2));

    options.onAssigned([], { ...consumer, close: async () => undefined });

    expect(await subscription.poll(10)).toEqual([]);
    expect(options.onBatch(named, batch(2, 4))).toBe(false);
    await subscription.acknowledge([{ ...LANE, position: 1 }]);
    expect(await subscription.poll(10)).toEqual([]);
  });

  it('goes on behind what was acknowledged while its positions were read', async () => {
    const subscription = await subscribe();
    options.onBatch(named, batch(0, 5));
    const [record] = await subscription.poll(1);
    const place = { ...LANE, epoch: record?.epoch ?? '' };
    positions = async () => {
      await subscription.acknowledge([{ ...place, position: 3 }]);
      return [{ ...place, position: 2 }];
    };
    consumer.seek.mockClear();

    assign();

    await vi.waitFor(() => expect(consumer.seek).toHaveBeenCalledExactlyOnceWith(named, 3));
  });

  it('warns where its position lies behind the end: the topic was made anew', async () => {
    positions = async () => [{ ...LANE, position: 11, epoch: 'one' }];
    const subscription = await subscribe();
    options.onBatch(named, batch(0, 1));

    expect(await ids(subscription)).toEqual(['m0']);
    expect(onWarning).toHaveBeenCalledExactlyOnceWith(
      'records of events/0 that were read are gone: the topic was made anew, or cut',
    );
  });

  it('warns where the record that was read last is another one now', async () => {
    positions = async () => [{ ...LANE, position: 4, epoch: 'one', proof: 'of another record' }];
    await subscribe();
    options.onBatch(named, batch(3, 5));

    expect(onWarning).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('records of events/0'));
  });

  it.each([
    ['where it reads on', [{ ...LANE, position: 4, epoch: 'one' }], 4],
    ['where it reads on, and no epoch is noted', [{ ...LANE, position: 4 }], 4],
    ['where it has read nothing yet', [], 0],
  ])('warns of nothing %s', async (_, known, next) => {
    positions = async () => known;
    await subscribe();

    expect(options.onBatch(named, batch(next, next + 1))).toBe(true);
    expect(onWarning).not.toHaveBeenCalled();
  });

  it('ignores an acknowledgement of another epoch', async () => {
    const subscription = await subscribe();
    options.onBatch(named, batch(0, 2));
    await subscription.acknowledge([{ ...LANE, position: 2, epoch: 'before' }]);

    expect(await ids(subscription)).toEqual(['m0', 'm1']);
  });

  it('begins a new epoch where the record at its position is another one', async () => {
    positions = async () => [{ ...LANE, position: 4, epoch: 'one', proof: 'm3' }];
    const subscription = await subscribe();
    expect(consumer.seek).toHaveBeenLastCalledWith(named, 3);

    expect(options.onBatch(named, batch(3, 6, 'other'))).toBe(false);

    expect(consumer.seek).toHaveBeenLastCalledWith(named, 0);
    expect(options.onBatch(named, batch(0, 2, 'other'))).toBe(true);
    expect(await ids(subscription)).toEqual(['other0', 'other1']);
    expect((await subscription.poll(1))[0]?.epoch).not.toBe('one');
  });

  it('pauses a lane that is full, and resumes it when half of it is acknowledged', async () => {
    const subscription = await subscribe();
    consumer.pause.mockClear();
    consumer.resume.mockClear();
    options.onBatch(named, batch(0, RECORDS_MAX));
    const [first] = await subscription.poll(1);
    const acknowledge = (position: number) =>
      subscription.acknowledge([{ ...LANE, position, epoch: first?.epoch ?? '' }]);

    expect(consumer.pause.mock.calls).toEqual([[[named]]]);
    await acknowledge(RECORDS_MAX / 2 - 1);
    expect(consumer.resume).not.toHaveBeenCalled();
    await acknowledge(RECORDS_MAX / 2);
    expect(consumer.resume.mock.calls).toEqual([[[named]]]);
  });

  it('notes at the broker where it begins, and for whose data, before it reads', async () => {
    let isNoted = (): void => undefined;
    consumer.commit.mockReturnValue(
      new Promise((resolve) => {
        isNoted = () => resolve(undefined);
      }),
    );
    const subscription = await subscribe(false);

    await vi.waitFor(() => expect(consumer.commit.mock.calls).toEqual([[[{ ...named, offset: 0, note: 'own' }]]]));
    expect(consumer.resume).not.toHaveBeenCalled();
    expect(subscription.unavailableReason()).toContain('events/0 is not taken up yet');

    isNoted();

    await vi.waitFor(() => expect(consumer.resume.mock.calls).toEqual([[[named]]]));
  });

  it('reads also where the broker does not take the note', async () => {
    consumer.commit.mockRejectedValue(new Error('no coordinator'));

    await subscribe();

    expect(consumer.resume.mock.calls).toEqual([[[named]]]);
  });

  it('leaves lanes alone that were assigned to another member while it noted where it begins', async () => {
    let isNoted = (): void => undefined;
    consumer.commit.mockReturnValueOnce(
      new Promise((resolve) => {
        isNoted = () => resolve(undefined);
      }),
    );
    await subscribe(false);
    await vi.waitFor(() => expect(consumer.commit).toHaveBeenCalled());
    options.onAssigned([], { ...consumer, close: async () => undefined });

    isNoted();

    await vi.waitFor(async () => expect(await log.progress('events')).toMatchObject([{ position: 0 }]));
    expect(consumer.resume).not.toHaveBeenCalled();
  });

  it('notes at the broker how far it is, from time to time and at its end', async () => {
    const subscription = await subscribe();
    options.onBatch(named, batch(0, 5));
    const [first] = await subscription.poll(1);
    for (const position of [1, 2, 3]) {
      await subscription.acknowledge([{ ...LANE, position, epoch: first?.epoch ?? '' }]);
    }
    expect(await log.progress('events')).toMatchObject([{ position: 3, end: 10, lag: 7 }]);
    consumer.commit.mockRejectedValue(new Error('no coordinator'));

    await subscription.close();

    expect(consumer.commit).toHaveBeenLastCalledWith([{ ...named, offset: 3, note: 'own' }]);
    // Its begin, its end, and one in between on a machine that is slow.
    expect(consumer.commit.mock.calls.length).toBeLessThanOrEqual(3);
  });

  it.each<readonly [string, readonly KafkaReceipt[]]>([
    ['no answer for a partition', []],
    ['an error', [{ ...named, errorCode: 6, baseOffset: 3 }]],
    ['no place', [{ ...named, errorCode: 0, baseOffset: Number.NaN }]],
    ['another partition', [{ ...named, partition: 1, errorCode: 0, baseOffset: 3 }]],
  ])('belongs to a log that does not believe a send with %s', async (_, given) => {
    receipts = given;
    const row = { ...LANE, partitionKey: 'k', epoch: 'first', position: 1, attributes: '{"id":"m"}', data: '1' };

    await expect(log.send([row], { token: 1, send: 1 })).rejects.toMatchObject({
      code: 'unavailable',
      message: 'the broker did not confirm messages for events/0',
    });
    receipts = [{ ...named, errorCode: 0, baseOffset: 3 }];
    expect(await log.send([row, row], { token: 1, send: 2 })).toEqual([
      { topic: 'events', partition: 0, firstOffset: 3, positions: [1, 1] },
    ]);
  });
});
