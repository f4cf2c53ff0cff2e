import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EmbeddedLog } from '../../adapters/embedded/log/embedded-log.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { TransientError } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import { deadLetters, parked, parkedKeys } from '../../ports/tables/retry.ts';
import { testPolicy } from '../../testing/batches.ts';
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
const trouble = new Map<string, Error>();
/** The ids of the messages that the probe was asked about. */
const asked: string[] = [];

const troubled: StoreFunction<never, never> = {
  ...probe,
  rules: {
    ...probe.rules,
    decide(state, message) {
      asked.push((message as Message).id);
      const error = trouble.get((message as Message).id);
      if (error !== undefined) throw error;
      return probe.rules.decide(state, message);
    },
  },
} as StoreFunction<never, never>;

beforeEach(async () => {
  nowMs = START_MS;
  trouble.clear();
  asked.length = 0;
  folder = mkdtempSync(join(tmpdir(), 'saga-retryQueue-'));
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
    fn: troubled as unknown as StoreFunction,
    store,
    log,
    clock: { nowMs: () => nowMs },
    logger: logLines().logger,
    metrics: new FunctionMetrics('probe', store, () => worker.waiting()),
    policy: testPolicy,
    ...limits,
  });
  await worker.open();
}

/** Steps until there is nothing to do. */
async function settle(): Promise<void> {
  while (await worker.step());
}

/** Lets time pass until nothing is tried any more. */
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
  it('holds up its own key and nobody else, and the key goes on in order when it passes', async () => {
    const [first, second, other] = [count('a', 1), count('a', 2), count('b', 3)];
    trouble.set(first.id, new TransientError('not now'));
    await log.append(topic, [first, second, other]);
    await settle();
    const meanwhile = [await units(), worker.waiting().parked];
    trouble.clear();
    nowMs += LATER_MS;
    await settle();

    expect([meanwhile, await units(), worker.waiting().parked, asked]).toEqual([
      [{ b: 3 }, 2],
      { a: 3, b: 3 },
      0,
      [first.id, other.id, first.id, second.id],
    ]);
    expect(await store.count(parkedKeys)).toBe(0);
  });

  it('is not tried again before its time, and at once when the clock was set back', async () => {
    const message = count('a', 1);
    trouble.set(message.id, new TransientError('not now'));
    await log.append(topic, [message]);
    await settle();
    const soon = asked.length;
    trouble.clear();
    nowMs -= 3_600_000;
    await settle();

    expect([soon, await units()]).toEqual([1, { a: 1 }]);
  });

  it('is tried once for a clock that leaps a day ahead, and once when it is right again: no more, and no day later', async () => {
    const message = count('a', 1);
    trouble.set(message.id, new TransientError('not now'));
    await log.append(topic, [message]);
    await settle();
    nowMs += 86_400_000;
    await settle();
    const ahead = asked.length;
    trouble.clear();
    nowMs -= 86_400_000;
    await settle();

    expect([ahead, asked.length, await units()]).toEqual([2, 3, { a: 1 }]);
  });

  it.each([
    ['trouble that may pass', new TransientError('not now'), testPolicy.attempts],
    ['a bug', new TypeError('undefined is not a function'), testPolicy.bugAttempts],
  ])('with %s is given up after its attempts; what came behind it stays where it is', async (_, error, attempts) => {
    const [first, second] = [count('a', 1), count('a', 2)];
    trouble.set(first.id, error);
    await log.append(topic, [first, second]);
    await exhaust();

    expect([asked, await open(), await units(), await store.count(parked)]).toEqual([
      Array(attempts).fill(first.id),
      [{ code: 'failed', key: 'a', attempts }],
      {},
      1,
    ]);
  });

  it('waits on in the next life of the function', async () => {
    const message = count('a', 1);
    trouble.set(message.id, new TransientError('not now'));
    await log.append(topic, [message]);
    await settle();
    await worker.stop();
    trouble.clear();
    nowMs += LATER_MS;
    await start();
    await settle();

    expect(await units()).toEqual({ a: 1 });
  });

  it('counts once when it is delivered again while it waits', async () => {
    const message = count('a', 1);
    trouble.set(message.id, new TransientError('not now'));
    await log.append(topic, [message, message]);
    await settle();
    trouble.clear();
    nowMs += LATER_MS;
    await settle();

    expect([await units(), await store.count(parked)]).toEqual([{ a: 1 }, 0]);
  });
});

describe('too much that waits', () => {
  it('stops its topic, says so, loses nothing, and goes on by itself when there is room', async () => {
    await worker.stop();
    await start({ parkedMax: 2, parkedPerKeyMax: 10 });
    const messages = ['a', 'b', 'c', 'd'].map((name) => count(name, 1));
    for (const { id } of messages.slice(0, 3)) trouble.set(id, new TransientError('not now'));
    await log.append(topic, messages);
    await settle();
    const full = [
      worker.waiting(),
      await worker.unavailableReason(),
      await units(),
      (await store.positions())[0]?.position,
    ];
    trouble.clear();
    nowMs += LATER_MS;
    await settle();

    const why = `${topic} is not read on: 2 messages are parked (2 at most, 10 of one key)`;
    expect(full).toEqual([{ parked: 2, paused: [topic] }, why, {}, 2]);
    expect([await units(), await worker.unavailableReason()]).toEqual([{ a: 1, b: 1, c: 1, d: 1 }, null]);
  });

  it('of one key stops the topic, too', async () => {
    await worker.stop();
    await start({ parkedMax: 100, parkedPerKeyMax: 2 });
    const messages = [1, 2, 3].map((quantity) => count('a', quantity));
    trouble.set(messages[0]?.id ?? '', new TransientError('not now'));
    await log.append(topic, messages);
    await settle();
    const full = worker.waiting();
    trouble.clear();
    nowMs += LATER_MS;
    await settle();

    expect([full, await units()]).toEqual([{ parked: 2, paused: [topic] }, { a: 6 }]);
  });

  it('answers commands meanwhile', async () => {
    await worker.stop();
    await start({ parkedMax: 0, parkedPerKeyMax: 10 });
    const message = count('a', 1);
    trouble.set(message.id, new TransientError('not now'));
    await log.append(topic, [message]);
    await settle();
    const answer = worker.submit(count('b', 2));
    await settle();

    expect([(await answer).kind, await units()]).toEqual(['handled', { b: 2 }]);
  });
});

describe('a message of a newer version', () => {
  it('holds up its key until a person, or a newer program, decides; others flow', async () => {
    await log.append(topic, [{ ...count('a', 1), schemaversion: 2 }, count('a', 2), count('b', 3)]);
    await exhaust();

    expect([await open(), await units(), await store.count(parked)]).toEqual([
      [{ code: 'newer_version', key: 'a', attempts: 1 }],
      { b: 3 },
      1,
    ]);
  });
});
