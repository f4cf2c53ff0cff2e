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
const mute = { publishes: null };

const message = fromTopic('orders', 1, count('a', 1));
const skipped = { ...message, received: { kind: 'skipped' } } as Incoming;
const unfit = { ...message, received: { kind: 'rejected', code: 'unreadable', detail: '' } } as Incoming;
const command: Incoming = { from: 'command', message: count('b', 1), deduplicate: true };

/** At which of these times, in milliseconds, what is there may wait longer. */
function waitsAt(linger: Linger, incoming: readonly Incoming[], times: readonly number[]): readonly boolean[] {
  return times.map((nowMs) => linger.mayWait(incoming, nowMs));
}

describe('a message', () => {
  it('for which somebody may wait does not', () => {
    expect(waitsAt(new Linger({ publishes: 'events' }), [message], [0])).toEqual([false]);
  });

  it('for whose effect nobody waits does for some milliseconds', () => {
    const linger = new Linger(deferrable);

    expect(waitsAt(linger, [message], [100, 104, 105])).toEqual([true, true, false]);
  });

  it('that is none of the business of the function waits longer for one that is', () => {
    const linger = new Linger({ publishes: 'events' });

    expect(waitsAt(linger, [skipped], [0, 199, 200])).toEqual([true, true, false]);
    expect([linger.mayWait([skipped], 300), linger.mayWait([skipped, message], 301)]).toEqual([true, false]);
  });

  it('that waits tells until when', () => {
    const linger = new Linger(deferrable);
    linger.mayWait([skipped], 0);
    const alone = linger.untilMs;
    linger.mayWait([skipped, message], 1);
    const hurried = linger.untilMs;
    linger.handled(2);

    expect([alone, hurried, linger.untilMs]).toEqual([200, 5, Number.POSITIVE_INFINITY]);
  });

  it.each([
    ['a command', command],
    ['a record that cannot be read', unfit],
  ])('takes no linger from %s', (_, other) => {
    expect(new Linger(deferrable).mayWait([message, other], 0)).toBe(false);
  });

  it('is not waited for where there is none', () => {
    const linger = new Linger(deferrable);

    expect([linger.mayWait([], 0), linger.untilMs]).toEqual([false, Number.POSITIVE_INFINITY]);
  });
});

describe('a function that answers nobody', () => {
  it('gathers while much comes, and only then', () => {
    const linger = new Linger(mute);
    const quiet = waitsAt(linger, [message], [0]);
    linger.handled(16);
    const busy = waitsAt(linger, [message], [10, 49, 50]);
    linger.handled(15);
    const quietAgain = waitsAt(linger, [message], [60]);

    expect([quiet, busy, quietAgain]).toEqual([[false], [true, true, false], [false]]);
  });

  it('is the only one that does', () => {
    const linger = new Linger({ publishes: 'events' });
    linger.handled(256);

    expect(linger.mayWait([message], 0)).toBe(false);
  });
});

describe('a loop', () => {
  const mayLinger = { deferrable: new Set(['ReceiveStock']) };
  const foreign = { ...count('o', 1), type: 'Counted', data: { quantity: 1 } };
  let reader: ProbeReader;
  afterEach(() => reader.remove());

  async function startWith(changes: Partial<StoreFunction>) {
    reader = await ProbeReader.create(changes);
    const commits = vi.spyOn(reader.store, 'transact');
    reader.worker.start();
    return commits;
  }

  it('writes what nobody waits for with what somebody does', async () => {
    const commits = await startWith(mayLinger);
    await reader.log.append(FREE, [count('a', 1)]);
    const { kind } = await reader.worker.submit(count('b', 1));

    expect([kind, await reader.counted(), commits.mock.calls.length]).toEqual(['handled', { a: [1, 1], b: [1, 1] }, 1]);
  });

  it('writes what nobody waits for also when nothing else comes', async () => {
    await startWith(mayLinger);
    await reader.log.append(FREE, [count('a', 1)]);

    await vi.waitFor(async () => expect(await reader.counted()).toEqual({ a: [1, 1] }));
  });

  it('of a function that answers nobody still gathers when it has found nothing for a moment', async () => {
    const commits = await startWith({ publishes: null });
    await reader.log.append(
      FREE,
      Array.from({ length: 16 }, (_, n) => count('a', n + 1)),
    );
    await vi.waitFor(async () => expect(await reader.counted()).toEqual({ a: [16, 136] }), { interval: 1 });
    await setTimeout(5);
    commits.mockClear();
    const saidMs = performance.now();
    await reader.log.append(FREE, [count('b', 1)]);
    await vi.waitFor(() => expect(commits).toHaveBeenCalled(), { interval: 1 });

    expect(performance.now() - saidMs).toBeGreaterThan(30);
  });

  it('takes what has come behind a record that it has left for later', async () => {
    const commits = await startWith({});
    await reader.log.append(FREE, [foreign]);
    await setTimeout(20);
    const before = [commits.mock.calls.length, await reader.store.positions()];
    await reader.log.append(FREE, [count('a', 1)]);
    await vi.waitFor(async () => expect(await reader.counted()).toEqual({ a: [1, 1] }), { interval: 1 });

    expect(before).toEqual([0, []]);
    expect([commits.mock.calls.length, await reader.store.positions()]).toMatchObject([1, [{ position: 2 }]]);
  });

  it('writes in the end that it has seen what is none of its business', async () => {
    await startWith({});
    await reader.log.append(FREE, [foreign]);

    await vi.waitFor(async () => expect(await reader.store.positions()).toMatchObject([{ position: 1 }]));
  });

  it('does not let more wait than it takes at once', async () => {
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
