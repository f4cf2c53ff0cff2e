import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EmbeddedLog } from '../adapters/logs/embedded/embedded-log.ts';
import { SqliteStore } from '../adapters/stores/sqlite/sqlite-store.ts';
import type { Message } from '../core/message.ts';
import { testPolicy } from '../testing/batches.ts';
import { logLines } from '../testing/log-lines.ts';
import { count, probe, tallies } from '../testing/probe.ts';
import { commitOf } from '../testing/shelf.ts';
import type { StoreFunction } from './function.ts';
import { FunctionMetrics } from './metrics.ts';
import { Runner } from './runner.ts';

/** The probe reads what another function writes, whose file is restored from a copy. */
const topic = 'probe-commands';
let folder: string;
let writerFile: string;
let writer: SqliteStore;
let store: SqliteStore;
let log: EmbeddedLog;
let runner: Runner;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'saga-restored-'));
  writerFile = join(folder, 'writer.db');
  startWriter();
  await startReader();
});
afterEach(async () => {
  await stopReader();
  await writer.close();
  rmSync(folder, { recursive: true });
});

function startWriter(): void {
  writer = SqliteStore.open({ name: 'writer', file: writerFile, tables: [], migrations: [] });
}

async function startReader(): Promise<void> {
  const file = join(folder, 'probe.db');
  store = SqliteStore.open({ name: 'probe', file, tables: probe.tables, migrations: probe.migrations.sqlite });
  log = new EmbeddedLog({
    topics: { [topic]: { file: writerFile, writtenHere: false, openToAll: false } },
    readers: [{ group: 'probe', file, topics: [topic] }],
    pollMs: 1,
  });
  runner = new Runner({
    fn: { ...probe, publishes: null } as unknown as StoreFunction,
    store,
    log,
    clock: { nowMs: () => Date.parse('2026-03-01T10:00:00.000Z') },
    logger: logLines().logger,
    metrics: new FunctionMetrics('probe', store, () => runner.waiting()),
    policy: testPolicy,
    parkedMax: 10,
    parkedPerKeyMax: 10,
  });
  await runner.open();
}

async function stopReader(): Promise<void> {
  await runner.stop();
  await log.close();
  await store.close();
}

/** Publishes messages with these quantities. */
async function publish(...quantities: readonly number[]): Promise<void> {
  const messages: readonly Message[] = quantities.map((quantity) => count('a', quantity));
  await writer.transact([], [], () => commitOf({ outbox: messages.map((message) => ({ topic, message })) }));
  log.announce(topic);
}

function copyWriter(): string {
  const copy = join(folder, 'copy.db');
  writer.database.prepare('VACUUM INTO ?').run(copy);
  return copy;
}

async function restore(copy: string): Promise<void> {
  await writer.close();
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${writerFile}${suffix}`, { force: true });
  renameSync(copy, writerFile);
  startWriter();
}

async function settle(): Promise<void> {
  while (await runner.step());
}

/** What the probe counted; each quantity is another power of two, so that the sum tells which were counted. */
async function counted(): Promise<unknown> {
  const [tally] = await store.find({ table: tallies, limit: 1 });
  return tally === undefined ? null : [tally.messages, tally.units];
}

async function progress(): Promise<unknown> {
  return (await log.progress(topic)).map(({ position, end, lag }) => ({ position, end, lag }));
}

describe('a writer whose file was restored from a copy', () => {
  beforeEach(async () => {
    await publish(1, 2);
    await settle();
  });

  it('is read on by a reader that starts anew: its new facts are handled, and nothing twice', async () => {
    const copy = copyWriter();
    await publish(4, 8, 16);
    await settle();
    const before = await counted();
    await stopReader();
    await restore(copy);
    await startReader();
    await publish(32, 64);
    const behind = await progress();
    await settle();

    expect([before, behind, await counted(), await progress()]).toEqual([
      [5, 31],
      [{ position: 2, end: 4, lag: 2 }],
      [7, 127],
      [{ position: 4, end: 4, lag: 0 }],
    ]);
  });

  it('is read on by a reader that runs on', async () => {
    const copy = copyWriter();
    await publish(4, 8, 16);
    await settle();
    await restore(copy);
    await publish(32);

    await vi.waitFor(async () => {
      await settle();
      expect(await counted()).toEqual([6, 63]);
    });
  });

  it('is read on when it has come further again than the reader was', async () => {
    const copy = copyWriter();
    await publish(4);
    await settle();
    await restore(copy);
    await publish(8, 16, 32);
    await stopReader();
    await startReader();
    await settle();

    expect(await counted()).toEqual([6, 63]);
  });

  it('is read on from the last place that both know when it was restored a second time', async () => {
    const [first, second] = [copyWriter(), join(folder, 'second.db')];
    renameSync(first, second);
    await publish(4);
    await settle();
    await restore(copyWriter());
    await publish(8);
    await stopReader();
    await startReader();
    await settle();
    await restore(second);
    await publish(16, 32);
    await stopReader();
    await startReader();
    await settle();

    expect(await counted()).toEqual([6, 63]);
  });

  it('says again what it said after the copy, and that counts once', async () => {
    const copy = copyWriter();
    await publish(4, 8);
    await settle();
    await restore(copy);
    await publish(4, 8, 16);
    await stopReader();
    await startReader();
    await settle();

    expect(await counted()).toEqual([5, 31]);
  });

  it('that was made anew is read from its beginning', async () => {
    await writer.close();
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${writerFile}${suffix}`, { force: true });
    startWriter();
    await publish(4);
    await stopReader();
    await startReader();
    await settle();

    expect(await counted()).toEqual([3, 7]);
  });

  it('and only started again is read on without a message twice', async () => {
    await writer.close();
    startWriter();
    await publish(4);
    await settle();
    const outcomes: string[] = [];
    runner.onCommit((done) => outcomes.push(...done.map(({ kind }) => kind)));
    await stopReader();
    await startReader();
    await settle();

    expect([await counted(), outcomes]).toEqual([[3, 7], []]);
  });
});
