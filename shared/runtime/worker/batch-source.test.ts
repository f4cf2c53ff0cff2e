import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError, TransientError } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { Query } from '../../ports/store.ts';
import { parked, parkedKeys } from '../../ports/tables/retry.ts';
import { batchOf, fromTopic } from '../../testing/batches.ts';
import { DeadLetterBench, TOPIC } from '../../testing/dead-letter-bench.ts';
import { count, probe, tallies, UNITS_MAX } from '../../testing/probe.ts';
import { FREE, ProbeReader } from '../../testing/probe-reader.ts';
import { close, replay } from '../dead-letters/resolve.ts';
import type { StoreFunction } from '../function.ts';
import { handleBatch } from '../handle/handle-batch.ts';

const by = { who: 'ann', reason: 'fixed' };
const SOON_MS = 1_000;

/** The subjects on which the probe fails with a transient error. */
const failing = new Set<string>();
const faulty: Partial<StoreFunction> = {
  rules: {
    ...probe.rules,
    decide(state: never, message: Message) {
      if (failing.has(message.subject)) throw new TransientError('not now');
      return probe.rules.decide(state, message as never);
    },
  } as StoreFunction['rules'],
};

beforeEach(() => failing.clear());
afterEach(() => vi.restoreAllMocks());

describe('a message at a function that reads two topics', () => {
  let reader: ProbeReader;
  beforeEach(async () => {
    reader = await ProbeReader.create(faulty);
  });
  afterEach(() => reader.remove());

  async function startWith(limits: Partial<ProbeReader['limits']>): Promise<void> {
    reader.limits = { ...reader.limits, ...limits };
    await reader.restart();
  }

  /** Runs a step whose `n`-th transaction finds the database locked. */
  async function interruptAt(n: number): Promise<void> {
    const transact = reader.store.transact.bind(reader.store);
    const calls = vi.spyOn(reader.store, 'transact').mockImplementation(async (unit, work) => {
      if (calls.mock.calls.length === n) throw new AppError('unavailable', 'the database is locked');
      return transact(unit, work);
    });
    await expect(reader.worker.step()).rejects.toMatchObject({ code: 'unavailable' });
    calls.mockRestore();
  }

  it('is tried again when due although no topic can be read', async () => {
    failing.add('a');
    await reader.log.append(FREE, [count('a', 1)]);
    await reader.settle();
    failing.clear();
    reader.nowMs += SOON_MS;
    const broken = new Error('the topic cannot be read');
    const subscription = await reader.log.subscribe({
      group: 'x',
      topics: [FREE],
      positions: async () => [],
      wake: () => undefined,
    });
    vi.spyOn(Object.getPrototypeOf(subscription), 'poll').mockRejectedValue(broken);

    await expect(reader.worker.step()).rejects.toBe(broken);

    expect(await reader.counted()).toEqual({ a: [1, 1] });
  });

  it('frees its place in the retry queue also when others take as many in the same commit', async () => {
    await startWith({ parkedPerKeyMax: 2 });
    failing.add('a');
    await reader.log.append(FREE, [count('a', 1), count('a', 2), count('a', 4)]);
    await reader.settle();
    const full = reader.worker.waiting();
    failing.delete('a');
    failing.add('b').add('c');
    await reader.publish(reader.fact('b', 1), reader.fact('c', 1));
    reader.nowMs += SOON_MS;
    await reader.settle();

    expect([full, reader.worker.waiting()]).toEqual([
      { parked: 2, paused: [FREE] },
      { parked: 2, paused: [] },
    ]);
    expect(await reader.counted()).toEqual({ a: [3, 7] });
  });

  it('is counted correctly after a batch that was handled one by one and interrupted', async () => {
    await startWith({ parkedMax: 1 });
    failing.add('a').add('b');
    await reader.log.append(FREE, [count('a', 1), count('b', 1)]);
    await reader.settle();
    const full = reader.worker.waiting();
    failing.clear();
    reader.nowMs += SOON_MS;
    await reader.publish(reader.fact('c', UNITS_MAX + 1));
    await interruptAt(3);
    await reader.settle();

    expect([full, reader.worker.waiting()]).toEqual([
      { parked: 1, paused: [FREE] },
      { parked: 1, paused: [] },
    ]);
    expect(await reader.counted()).toEqual({ a: [1, 1], b: [1, 1] });
  });

  it('is answered when it was committed before the interruption', async () => {
    const answers = Promise.allSettled([
      reader.worker.submit(count('a', 1)),
      reader.worker.submit(count('b', UNITS_MAX + 1)),
      reader.worker.submit(count('c', 1)),
    ]);
    await interruptAt(5);

    expect(
      (await answers).map((answer) => (answer.status === 'rejected' ? String(answer.reason) : answer.value.kind)),
    ).toEqual(['handled', expect.stringContaining('CHECK constraint failed'), 'AppError: the database is locked']);
    expect(await reader.counted()).toEqual({ a: [1, 1] });
  });

  it('is parked once when a batch that was handled one by one is interrupted', async () => {
    failing.add('a');
    await reader.publish(reader.fact('a', 1), reader.fact('b', UNITS_MAX + 1), reader.fact('c', 1));
    await interruptAt(5);
    await reader.settle();

    expect([reader.worker.waiting().parked, await reader.store.count(parked)]).toEqual([2, 2]);
    expect(await reader.counted()).toEqual({ c: [1, 1] });
  });
});

describe('a parked message', () => {
  let bench: DeadLetterBench;
  beforeEach(async () => {
    bench = await DeadLetterBench.open();
  });
  afterEach(() => bench.close());

  it('is handled when an operator replays it while the function queries what is due', async () => {
    const message = count('a', 1);
    bench.failures.set(message.id, new TransientError('not now'));
    await bench.exhaust(message);
    bench.failures.clear();
    const deadLetter = await bench.letter();
    await bench.worker.invalidateParked();
    const find = bench.store.find.bind(bench.store);
    let queries = 0;
    vi.spyOn(bench.store, 'find').mockImplementation(async <Row extends object>(query: Query<Row>) => {
      const rows = await find(query);
      if ((query.table as object) === parkedKeys && ++queries === 2) await replay(bench.scope(), deadLetter, by);
      return rows;
    });
    await bench.settle();
    // The resolution has woken the loop.
    await bench.settle();

    expect([await bench.statuses(), await bench.units()]).toEqual([['replayed'], { a: 1 }]);
  });

  it('does not wait behind one that still fails when the clock was set back', async () => {
    const messages = ['a', 'b', 'c', 'd', 'e'].map((name) => count(name, 1));
    for (const { id } of messages) bench.failures.set(id, new TransientError('not now'));
    await bench.log.append(TOPIC, messages);
    await bench.settle();
    const [last] = await bench.store.find({ table: parkedKeys, orderBy: ['dueAt'], descending: true, limit: 1 });
    const recovered = messages.find(({ subject }) => subject === last?.key);
    bench.failures.delete(recovered?.id ?? '');
    bench.nowMs -= 3_600_000;
    await bench.settle();

    const triedAgain = messages.map(({ id }) => bench.asked.lastIndexOf(id) >= messages.length);
    expect([triedAgain, await bench.units()]).toEqual([Array(5).fill(true), { [last?.key ?? '']: 1 }]);
  });

  it('blocks only its key when `needs` throws on it', async () => {
    const needs = ({ subject }: Message) => {
      if (subject === 'a') throw new TypeError('lines is not iterable');
      return [{ table: tallies, values: [subject] }];
    };
    const fn = { ...probe, needs } as unknown as StoreFunction;
    const other = await DeadLetterBench.open(fn);
    await other.exhaust(count('a', 1), count('b', 2), count('a', 4));
    const found = [await other.deadLetters(), await other.units(), await other.waiting()];
    await other.close();

    expect(found).toMatchObject([
      [{ code: 'failed', key: 'a', detail: expect.stringContaining('lines is not iterable') }],
      { b: 2 },
      [1, 1],
    ]);
  });

  it('is not created when an unreadable record comes again after it was discarded', async () => {
    const item = fromTopic(TOPIC, 7, { ...count('a', 1), schemaversion: 2 });
    const deliver = () => handleBatch(probe as never, bench.store, batchOf([item], bench.nowMs));
    await deliver();
    await close(bench.scope(), await bench.letter(), 'discard', by);
    await deliver();
    await bench.exhaust(count('a', 2));

    expect([await bench.statuses(), await bench.units(), await bench.waiting()]).toEqual([
      ['discarded'],
      { a: 2 },
      [0, 0],
    ]);
  });
});
