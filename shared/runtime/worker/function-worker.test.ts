import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EmbeddedLog } from '../../adapters/embedded/log/embedded-log.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { TransientError } from '../../core/errors.ts';
import { testPolicy } from '../../testing/batches.ts';
import { passing } from '../../testing/clock.ts';
import { logLines } from '../../testing/log-lines.ts';
import { count, probe, tallies, UNITS_MAX } from '../../testing/probe.ts';
import type { Outcome } from '../handle/outcome.ts';
import { BATCH_MAX } from './batch-source.ts';
import { FunctionWorker, QUEUE_MAX } from './function-worker.ts';
import { FunctionMetrics } from './worker-metrics.ts';

const topic = 'probe-commands';
const tooMuch = UNITS_MAX + 1;

const retries = { policy: testPolicy, parkedMax: 100, parkedPerKeyMax: 10 };

let nowMs: number;
const clock = passing(() => nowMs);
let folder: string;
let store: SqliteStore;
let log: EmbeddedLog;
let worker: FunctionWorker;
let logged: ReturnType<typeof logLines>;

beforeEach(async () => {
  nowMs = Date.parse('2026-03-01T10:00:00.000Z');
  folder = mkdtempSync(join(tmpdir(), 'saga-worker-'));
  const file = join(folder, 'probe.db');
  const { name, tables, migrations } = probe;
  store = SqliteStore.open({ name, file, tables, migrations: migrations.sqlite });
  log = new EmbeddedLog({
    topics: {
      'probe-events': { file, writtenHere: true, isPublic: false },
      [topic]: { file: join(folder, 'topics', `${topic}.db`), writtenHere: false, isPublic: true },
    },
    pollMs: 2,
  });
  logged = logLines();
  const metrics = new FunctionMetrics(name, store, () => worker.waiting());
  worker = new FunctionWorker({ fn: probe, store, log, clock, logger: logged.logger, metrics, ...retries });
  await worker.open();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await worker.stop();
  await log.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

async function counted() {
  const rows = await store.find({ table: tallies, limit: 99 });
  return Object.fromEntries(rows.map(({ name, messages, units }) => [name, [messages, units]]));
}

function settled(promises: readonly Promise<{ kind: string }>[]) {
  return Promise.all(
    promises.map((promise) =>
      promise.then(
        ({ kind }) => kind,
        (error: { message: string; code?: string }) => `${error.code}: ${error.message}`,
      ),
    ),
  );
}

function deadLetterRows() {
  return store.database.prepare('SELECT code, value FROM dead_letter').all();
}

describe('messages that wait at a function', () => {
  it('are handled together, committed once and published to listeners once', async () => {
    const commits: (readonly Outcome[])[] = [];
    worker.onCommit((outcomes) => commits.push(outcomes));
    await log.append(topic, [count('log', 1)]);
    const answers = settled([worker.submit(count('http', 1)), worker.submit(count('http', 2))]);

    const worked = await worker.step();

    expect([worked, await answers, commits.map(({ length }) => length), await counted()]).toEqual([
      true,
      ['handled', 'handled'],
      [3],
      { http: [2, 3], log: [1, 1] },
    ]);
  });

  it('are handled up to a limit; the rest follows in the next step', async () => {
    const answers = settled(Array.from({ length: BATCH_MAX + 1 }, () => worker.submit(count('a', 1))));
    await worker.step();
    const first = await counted();
    await worker.step();

    expect([first, await counted(), (await answers).length]).toEqual([
      { a: [BATCH_MAX, BATCH_MAX] },
      { a: [BATCH_MAX + 1, BATCH_MAX + 1] },
      BATCH_MAX + 1,
    ]);
  });

  it('are no work for a step when there are none', async () => {
    expect(await worker.step()).toBe(false);
  });

  it('are refused as unavailable when there are too many', async () => {
    const answers = settled(Array.from({ length: QUEUE_MAX + 1 }, () => worker.submit(count('a', 1))));
    await worker.stop();

    expect((await answers).at(-1)).toBe('unavailable: probe has too many commands waiting');
  });

  it('count once when the position was lost after the commit', async () => {
    await log.append(topic, [count('a', 1)]);
    await worker.step();
    store.database.exec('DELETE FROM position');
    await worker.open();
    await worker.step();

    expect(await counted()).toEqual({ a: [1, 1] });
  });

  it('move the position in the same commit', async () => {
    await log.append(topic, [count('a', 1), count('a', 2)]);
    await worker.step();

    expect(await store.positions()).toMatchObject([{ topic, partition: 0, position: 2 }]);
  });
});

describe('a batch that the database refuses because of one message', () => {
  it('is handled one by one: the others are committed, and the faulty command gets its error', async () => {
    const answers = settled(
      [count('a', 1), count('b', tooMuch), count('c', 2)].map((message) => worker.submit(message)),
    );
    await worker.step();

    expect([await answers, await counted()]).toEqual([
      ['handled', expect.stringContaining('CHECK constraint failed'), 'handled'],
      { a: [1, 1], c: [1, 2] },
    ]);
  });

  it('parks the faulty record, goes on behind it, and dead-letters it after its last attempt', async () => {
    await log.append(topic, [count('a', 1), count('b', tooMuch), count('c', 2)]);
    await worker.step();
    const parked = worker.waiting().parked;
    await log.append(topic, [count('c', 3)]);
    nowMs += 1_000;
    await vi.waitFor(async () => {
      await worker.step();
      expect(await counted()).toEqual({ a: [1, 1], c: [2, 5] });
    });
    await worker.step();

    expect([parked, await counted(), deadLetterRows()]).toEqual([
      1,
      { a: [1, 1], c: [2, 5] },
      [{ code: 'failed', value: JSON.stringify(count('b', tooMuch).data) }],
    ]);
  });
});

describe('a record that cannot be handled', () => {
  it('is dead-lettered and logged, and the next one is handled', async () => {
    const unreadable = { ...count('a', 1), time: 'yesterday' };
    await log.append(topic, [unreadable, count('b', 2, 'throw'), count('a', 3)]);
    await worker.step();

    expect([await counted(), deadLetterRows()]).toMatchObject([{ a: [1, 3] }, [{ code: 'unreadable' }]]);
    expect(logged.lines).toMatchObject([
      { level: 40, topic, position: 1 },
      { level: 50, correlationid: count('b', 2, 'throw').correlationid, msg: 'probe failed on a message: parked' },
    ]);
  });

  it('becomes a dead letter and changes nothing when its id was used for something else', async () => {
    const first = count('a', 1);
    await log.append(topic, [first, { ...first, data: { ...first.data, quantity: 9 } }]);
    await worker.step();

    expect([await counted(), deadLetterRows()]).toEqual([
      { a: [1, 1] },
      [{ code: 'id_reused', value: '{"productId":"a","quantity":9,"name":"count"}' }],
    ]);
  });
});

describe('an error', () => {
  it('of the store is returned to waiting callers, and records come again', async () => {
    await log.append(topic, [count('log', 1)]);
    store.database.pragma('busy_timeout = 1');
    const other = new Database(join(folder, 'probe.db'));
    other.exec('BEGIN IMMEDIATE');
    const answers = settled([worker.submit(count('http', 1))]);
    await expect(worker.step()).rejects.toMatchObject({ code: 'unavailable' });
    other.close();
    await worker.step();

    expect([await answers, await counted()]).toEqual([
      ['unavailable: the database cannot be used now (SQLITE_BUSY)'],
      { log: [1, 1] },
    ]);
  });

  it('of a topic does not block commands', async () => {
    const broken = new Error('the topic cannot be read');
    const subscription = await log.subscribe({
      group: 'x',
      topics: [topic],
      positions: async () => [],
      wake: () => undefined,
    });
    vi.spyOn(Object.getPrototypeOf(subscription), 'poll').mockRejectedValue(broken);
    const answers = settled([worker.submit(count('a', 1))]);

    await expect(worker.step()).rejects.toBe(broken);

    expect([await answers, await counted()]).toEqual([['handled'], { a: [1, 1] }]);
  });

  it('is the unavailable reason until it is over', async () => {
    worker.start();
    const before = await worker.unavailableReason();
    const check = vi.spyOn(store, 'transact').mockRejectedValue(new Error('out of order'));
    const answers = settled([worker.submit(count('a', 1))]);
    await vi.waitFor(async () => expect(await worker.unavailableReason()).toBe('out of order'));
    check.mockRestore();
    await worker.submit(count('a', 2));

    expect([before, await answers, await worker.unavailableReason()]).toEqual([
      null,
      ['undefined: out of order'],
      null,
    ]);
  });
});

describe('stopping', () => {
  it('refuses waiting and later commands', async () => {
    const waiting = settled([worker.submit(count('a', 1))]);
    await worker.stop();

    expect([await waiting, await settled([worker.submit(count('a', 1))]), await counted()]).toEqual([
      ['unavailable: probe is stopping'],
      ['unavailable: probe is stopping'],
      {},
    ]);
  });

  it('finishes the current batch', async () => {
    worker.start();
    const answers = settled([worker.submit(count('a', 1))]);
    await vi.waitFor(async () => expect(await counted()).toEqual({ a: [1, 1] }));
    await worker.stop();

    expect(await answers).toEqual(['handled']);
  });

  it('finishes a clear that waits', async () => {
    const answers = settled([worker.submit(count('a', 1))]);
    await worker.step();
    const cleared = worker.clear();
    await worker.stop();

    expect([await answers, await cleared, await counted()]).toEqual([['handled'], undefined, {}]);
    await expect(worker.clear()).rejects.toMatchObject({ code: 'unavailable' });
  });
});

describe('clearing', () => {
  it('skips what lies in the topics and handles what comes later', async () => {
    await log.append(topic, [count('a', 1)]);
    const cleared = worker.clear();
    await worker.step();
    await cleared;
    await log.append(topic, [count('b', 2)]);
    await vi.waitFor(async () => expect(await worker.step()).toBe(true));

    expect([await counted(), await store.positions()]).toMatchObject([{ b: [1, 2] }, [{ topic, position: 2 }]]);
  });
});

describe('a command that fails with a transient error', () => {
  it('is answered as unavailable, so that its caller can retry', async () => {
    vi.spyOn(probe.rules, 'decide').mockImplementation(() => {
      throw new TransientError('the warehouse does not answer');
    });
    const answers = settled([worker.submit(count('a', 1))]);
    await worker.step();

    expect(await answers).toEqual(['unavailable: the warehouse does not answer']);
  });
});
