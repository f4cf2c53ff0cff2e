import { setTimeout } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { fromTopic } from '../../testing/batches.ts';
import { count } from '../../testing/probe.ts';
import { FREE, ProbeReader } from '../../testing/probe-reader.ts';
import type { StoreFunction } from '../function.ts';
import type { Incoming } from '../handle/incoming.ts';
import { BATCH_MAX } from './batch-source.ts';
import { Linger } from './linger.ts';

const deferrable = { deferrable: new Set(['ReceiveStock']), publishes: 'events' };
const publishesNothing = { publishes: null };
const OUTBOX = { isOutbox: true };
const BROKER = { isOutbox: false };

const message = fromTopic('orders', 1, count('a', 1));
const skipped = { ...message, parsed: { kind: 'skipped' } } as Incoming;
const rejected = { ...message, parsed: { kind: 'rejected', code: 'unreadable', detail: '' } } as Incoming;
const command: Incoming = { from: 'command', message: count('b', 1), deduplicate: true };

/** Whether the messages may wait longer, at each of these times in milliseconds. */
function waitsAt(linger: Linger, incoming: readonly Incoming[], times: readonly number[]): readonly boolean[] {
  return times.map((nowMs) => linger.mayWait(incoming, nowMs));
}

describe('a message', () => {
  it('that is not deferrable does not wait', () => {
    expect(waitsAt(new Linger({ publishes: 'events' }, OUTBOX), [message], [0])).toEqual([false]);
  });

  it('that is deferrable waits for some milliseconds', () => {
    const linger = new Linger(deferrable, OUTBOX);

    expect(waitsAt(linger, [message], [100, 104, 105])).toEqual([true, true, false]);
  });

  it('that is deferrable waits longer where messages go through a broker', () => {
    const linger = new Linger(deferrable, BROKER);

    expect(waitsAt(linger, [message], [100, 149, 150])).toEqual([true, true, false]);
  });

  it('that the function skips waits longer for one that it handles', () => {
    const linger = new Linger({ publishes: 'events' }, OUTBOX);

    expect(waitsAt(linger, [skipped], [0, 199, 200])).toEqual([true, true, false]);
    expect([linger.mayWait([skipped], 300), linger.mayWait([skipped, message], 301)]).toEqual([true, false]);
  });

  it('that waits shows until when', () => {
    const linger = new Linger(deferrable, OUTBOX);
    linger.mayWait([skipped], 0);
    const alone = linger.untilMs;
    linger.mayWait([skipped, message], 1);
    const shortened = linger.untilMs;
    linger.handled(2, 1);

    expect([alone, shortened, linger.untilMs]).toEqual([200, 5, Number.POSITIVE_INFINITY]);
  });

  it.each([
    ['a command', command],
    ['a record that cannot be read', rejected],
  ])('does not wait together with %s', (_, other) => {
    expect(new Linger(deferrable, OUTBOX).mayWait([message, other], 0)).toBe(false);
  });

  it('is needed to linger', () => {
    const linger = new Linger(deferrable, OUTBOX);

    expect([linger.mayWait([], 0), linger.untilMs]).toEqual([false, Number.POSITIVE_INFINITY]);
  });
});

describe('a function that publishes nothing', () => {
  it('lingers while batches are large, and only then', () => {
    const linger = new Linger(publishesNothing, OUTBOX);
    const quiet = waitsAt(linger, [message], [0]);
    linger.handled(4, 2);
    const busy = waitsAt(linger, [message], [10, 11, 12]);
    linger.handled(3, 2);
    const quietAgain = waitsAt(linger, [message], [60]);

    expect([quiet, busy, quietAgain]).toEqual([[false], [true, true, false], [false]]);
  });

  it.each([
    [0.5, 0.5],
    [3, 3],
    [1_000, 4],
  ])('lingers after a batch that took %s ms for %s ms', (tookMs, lingersMs) => {
    const linger = new Linger(publishesNothing, OUTBOX);
    linger.handled(100, tookMs);
    linger.mayWait([message], 0);

    expect(linger.untilMs).toBe(lingersMs);
  });

  it('is the only one that lingers on large batches', () => {
    const linger = new Linger({ publishes: 'events' }, OUTBOX);
    linger.handled(256, 100);

    expect(linger.mayWait([message], 0)).toBe(false);
  });
});

describe('a loop', () => {
  const mayLinger = { deferrable: new Set(['ReceiveStock']) };
  const foreign = { ...count('o', 1), type: 'Counted', data: { quantity: 1 } };
  let reader: ProbeReader;
  afterEach(async () => {
    vi.restoreAllMocks();
    await reader.remove();
  });

  async function startWith(changes: Partial<StoreFunction>) {
    reader = await ProbeReader.create(changes);
    const commits = vi.spyOn(reader.store, 'transact');
    reader.worker.start();
    return commits;
  }

  it('commits a deferrable message together with a command', async () => {
    const commits = await startWith(mayLinger);
    await reader.log.append(FREE, [count('a', 1)]);
    const { kind } = await reader.worker.submit(count('b', 1));

    expect([kind, await reader.counted(), commits.mock.calls.length]).toEqual(['handled', { a: [1, 1], b: [1, 1] }, 1]);
  });

  it('commits a deferrable message also when nothing else comes', async () => {
    await startWith(mayLinger);
    await reader.log.append(FREE, [count('a', 1)]);

    await vi.waitFor(async () => expect(await reader.counted()).toEqual({ a: [1, 1] }));
  });

  it('of a function that publishes nothing lingers no longer than some milliseconds when it is idle', async () => {
    const commits = await startWith({ publishes: null });
    await reader.log.append(
      FREE,
      Array.from({ length: 16 }, (_, n) => count('a', n + 1)),
    );
    await vi.waitFor(async () => expect(await reader.counted()).toEqual({ a: [16, 136] }), { interval: 1 });
    commits.mockClear();
    const waits: number[] = [];
    const { mayWait } = Linger.prototype;
    vi.spyOn(Linger.prototype, 'mayWait').mockImplementation(function (this: Linger, incoming, nowMs) {
      const isWaiting = mayWait.call(this, incoming, nowMs);
      if (isWaiting) waits.push(this.untilMs - nowMs);
      return isWaiting;
    });
    await reader.log.append(FREE, [count('b', 1)]);
    await vi.waitFor(() => expect(commits).toHaveBeenCalled(), { interval: 1 });

    expect([waits.length > 0, waits.every((ms) => ms <= 4)]).toEqual([true, true]);
  });

  it('takes what comes behind a record that it has left for later', async () => {
    const commits = await startWith({});
    await reader.log.append(FREE, [foreign]);
    await setTimeout(20);
    const before = [commits.mock.calls.length, await reader.store.positions()];
    await reader.log.append(FREE, [count('a', 1)]);
    await vi.waitFor(async () => expect(await reader.counted()).toEqual({ a: [1, 1] }), { interval: 1 });

    expect(before).toEqual([0, []]);
    expect([commits.mock.calls.length, await reader.store.positions()]).toMatchObject([1, [{ position: 2 }]]);
  });

  it('commits the position of skipped records in the end', async () => {
    await startWith({});
    await reader.log.append(FREE, [foreign]);

    await vi.waitFor(async () => expect(await reader.store.positions()).toMatchObject([{ position: 1 }]));
  });

  it('lets no more records wait than fit into one batch', async () => {
    const commits = await startWith({});
    await reader.log.append(
      FREE,
      Array.from({ length: BATCH_MAX }, () => foreign),
    );
    await vi.waitFor(() => expect(commits).toHaveBeenCalled(), { timeout: 150, interval: 1 });
    await commits.mock.results[0]?.value;

    expect(await reader.store.positions()).toMatchObject([{ position: BATCH_MAX }]);
  });
});
