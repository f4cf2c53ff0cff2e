import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedLog } from '../../adapters/embedded/log/embedded-log.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { TerminalError, TransientError } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import { deadLetters, parked, parkedKeys } from '../../ports/tables/retry.ts';
import { decidedIn, testPolicy } from '../../testing/batches.ts';
import { passing } from '../../testing/clock.ts';
import { logLines } from '../../testing/log-lines.ts';
import { count, probe, tallies } from '../../testing/probe.ts';
import type { StoreFunction } from '../function.ts';
import { FunctionWorker } from '../worker/function-worker.ts';
import { FunctionMetrics } from '../worker/worker-metrics.ts';

const topic = 'probe-commands';
const START_MS = Date.parse('2026-03-01T10:00:00.000Z');
/** Longer than any wait between two attempts here. */
const LATER_MS = 1_000;

let nowMs: number;
let folder: string;
let store: SqliteStore;
let log: EmbeddedLog;
let worker: FunctionWorker;
/** What the probe throws, by message id. */
const failures = new Map<string, Error>();
/** The ids of the messages that the probe decided in commits, in order. */
const decided: string[] = [];

const failing: StoreFunction<never, never> = {
  ...probe,
  rules: {
    ...probe.rules,
    decide(state, message) {
      const error = failures.get((message as Message).id);
      if (error !== undefined) throw error;
      return probe.rules.decide(state, message);
    },
  },
} as StoreFunction<never, never>;

beforeEach(async () => {
  nowMs = START_MS;
  failures.clear();
  decided.length = 0;
  folder = mkdtempSync(join(tmpdir(), 'saga-retry-queue-'));
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
  await start();
});
afterEach(async () => {
  await worker.stop();
  await log.close();
  await store.close();
  rmSync(folder, { recursive: true });
});

async function start(limits = { parkedMax: 100, parkedPerKeyMax: 10 }): Promise<void> {
  worker = new FunctionWorker({
    fn: failing as unknown as StoreFunction,
    store,
    log,
    clock: passing(() => nowMs),
    logger: logLines().logger,
    metrics: new FunctionMetrics('probe', store, () => worker.waiting()),
    policy: testPolicy,
    ...limits,
  });
  worker.onCommit((outcomes) => decided.push(...decidedIn(outcomes)));
  await worker.open();
}

/** Steps until there is nothing to do. */
async function settle(): Promise<void> {
  while (await worker.step());
}

/** Lets time pass until nothing is retried any more. */
async function exhaust(): Promise<void> {
  for (let attempt = 0; attempt <= testPolicy.attempts; attempt++) {
    await settle();
    nowMs += LATER_MS;
  }
}

async function units(): Promise<Record<string, number>> {
  const rows = await store.find({ table: tallies, limit: 99 });
  return Object.fromEntries(rows.map(({ name, units }) => [name, units]));
}

async function open() {
  const rows = await store.find({ table: deadLetters, where: { status: 'open' }, orderBy: ['sequence'], limit: 99 });
  return rows.map(({ code, key, attempts }) => ({ code, key, attempts }));
}

describe('a message that fails', () => {
  it('blocks only its own key, which continues in order when it passes', async () => {
    const [first, second, other] = [count('a', 1), count('a', 2), count('b', 3)];
    failures.set(first.id, new TransientError('not now'));
    await log.append(topic, [first, second, other]);
    await settle();
    const meanwhile = [await units(), worker.waiting().parked];
    failures.clear();
    nowMs += LATER_MS;
    await settle();

    expect([meanwhile, await units(), worker.waiting().parked, decided]).toEqual([
      [{ b: 3 }, 2],
      { a: 3, b: 3 },
      0,
      [first.id, other.id, first.id, second.id],
    ]);
    expect(await store.count(parkedKeys)).toBe(0);
  });

  it('is not retried before its time, but at once when the clock was set back', async () => {
    const message = count('a', 1);
    failures.set(message.id, new TransientError('not now'));
    await log.append(topic, [message]);
    await settle();
    const soon = decided.length;
    failures.clear();
    nowMs -= 3_600_000;
    await settle();

    expect([soon, await units()]).toEqual([1, { a: 1 }]);
  });

  it('is retried once when the clock jumps a day ahead, and once when it is right again', async () => {
    const message = count('a', 1);
    failures.set(message.id, new TransientError('not now'));
    await log.append(topic, [message]);
    await settle();
    nowMs += 86_400_000;
    await settle();
    const ahead = decided.length;
    failures.clear();
    nowMs -= 86_400_000;
    await settle();

    expect([ahead, decided.length, await units()]).toEqual([2, 3, { a: 1 }]);
  });

  it.each([
    ['a transient error', new TransientError('not now'), testPolicy.attempts],
    ['a bug', new TypeError('undefined is not a function'), testPolicy.bugAttempts],
  ])('with %s is dead-lettered after its attempts; messages behind it stay parked', async (_, error, attempts) => {
    const [first, second] = [count('a', 1), count('a', 2)];
    failures.set(first.id, error);
    await log.append(topic, [first, second]);
    await exhaust();

    expect([decided, await open(), await units(), await store.count(parked)]).toEqual([
      Array(attempts).fill(first.id),
      [{ code: 'failed', key: 'a', attempts }],
      {},
      1,
    ]);
  });

  it('stays parked in the next run of the function', async () => {
    const message = count('a', 1);
    failures.set(message.id, new TransientError('not now'));
    await log.append(topic, [message]);
    await settle();
    await worker.stop();
    failures.clear();
    nowMs += LATER_MS;
    await start();
    await settle();

    expect(await units()).toEqual({ a: 1 });
  });

  it('counts once when it is delivered again while parked', async () => {
    const message = count('a', 1);
    failures.set(message.id, new TransientError('not now'));
    await log.append(topic, [message, message]);
    await settle();
    failures.clear();
    nowMs += LATER_MS;
    await settle();

    expect([await units(), await store.count(parked)]).toEqual([{ a: 1 }, 0]);
  });
});

describe('a message that no retry can help', () => {
  it('is dead-lettered after one attempt, and blocks its key', async () => {
    const [first, second] = [count('a', 1), count('a', 2)];
    failures.set(first.id, new TerminalError('the goods are not there'));
    await log.append(topic, [first, second]);
    await settle();

    expect(decided).toEqual([first.id]);
    expect(await store.find({ table: deadLetters, limit: 9 })).toMatchObject([
      { code: 'failed', status: 'open', key: 'a', attempts: 1 },
    ]);
    expect(await store.count(parked)).toBe(1);
  });
});

describe('a full retry queue', () => {
  it('pauses its topic, reports it, loses nothing, and resumes when there is room', async () => {
    await worker.stop();
    await start({ parkedMax: 2, parkedPerKeyMax: 10 });
    const messages = ['a', 'b', 'c', 'd'].map((name) => count(name, 1));
    for (const { id } of messages.slice(0, 3)) failures.set(id, new TransientError('not now'));
    await log.append(topic, messages);
    await settle();
    const full = [
      worker.waiting(),
      await worker.unavailableReason(),
      await units(),
      (await store.positions())[0]?.position,
    ];
    failures.clear();
    nowMs += LATER_MS;
    await settle();

    const why = `${topic} is not read on: 2 messages are parked (2 at most, 10 of one key)`;
    expect(full).toEqual([{ parked: 2, paused: [topic] }, why, {}, 2]);
    expect([await units(), await worker.unavailableReason()]).toEqual([{ a: 1, b: 1, c: 1, d: 1 }, null]);
  });

  it('of one key pauses the topic, too', async () => {
    await worker.stop();
    await start({ parkedMax: 100, parkedPerKeyMax: 2 });
    const messages = [1, 2, 3].map((quantity) => count('a', quantity));
    failures.set(messages[0]?.id ?? '', new TransientError('not now'));
    await log.append(topic, messages);
    await settle();
    const full = worker.waiting();
    failures.clear();
    nowMs += LATER_MS;
    await settle();

    expect([full, await units()]).toEqual([{ parked: 2, paused: [topic] }, { a: 6 }]);
  });

  it('still answers commands', async () => {
    await worker.stop();
    await start({ parkedMax: 0, parkedPerKeyMax: 10 });
    const message = count('a', 1);
    failures.set(message.id, new TransientError('not now'));
    await log.append(topic, [message]);
    await settle();
    const answer = worker.submit(count('b', 2));
    await settle();

    expect([(await answer).kind, await units()]).toEqual(['handled', { b: 2 }]);
  });
});

describe('a message of a newer version', () => {
  it('blocks its key, while other keys flow', async () => {
    await log.append(topic, [{ ...count('a', 1), schemaversion: 2 }, count('a', 2), count('b', 3)]);
    await exhaust();

    expect([await open(), await units(), await store.count(parked)]).toEqual([
      [{ code: 'newer_version', key: 'a', attempts: 1 }],
      { b: 3 },
      1,
    ]);
  });
});
