import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Subscription } from '../../../ports/message-log.ts';
import { count } from '../../../testing/probe.ts';
import { commitOf } from '../../../testing/shelf.ts';
import { SqliteStore } from '../store/sqlite-store.ts';
import { EmbeddedLog } from './embedded-log.ts';

const wake = vi.fn();
let folder: string;
let lockOwner: Database.Database;
let log: EmbeddedLog;
let subscription: Subscription;

/** A topic with one record, in a file that another connection locks before this process has read it. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'saga-locked-'));
  const file = join(folder, 'writer.db');
  const store = SqliteStore.open({ name: 'writer', file, tables: [], migrations: [] });
  await store.transact({}, () => commitOf({ outbox: [{ topic: 'events', message: count('a', 1) }] }));
  await store.close();
  lockOwner = new Database(file);
  lockOwner.pragma('locking_mode = EXCLUSIVE');
  lockOwner.exec('BEGIN EXCLUSIVE');
  const readers = [{ group: 'reader', file: join(folder, 'reader.db'), topics: ['events'] }];
  log = new EmbeddedLog({ topics: { events: { file, writtenHere: true, isPublic: false } }, readers, pollMs: 60_000 });
  wake.mockReset();
  subscription = await log.subscribe({ group: 'reader', topics: ['events'], positions: async () => [], wake });
});
afterEach(async () => {
  await subscription.close();
  await log.close();
  lockOwner.close();
  rmSync(folder, { recursive: true });
});

function unlock(): void {
  lockOwner.exec('COMMIT');
  lockOwner.close();
}

it('a locked file makes its topic unavailable, not empty; its progress and its end are refused', async () => {
  expect([await subscription.poll(9), subscription.unavailableReason()]).toEqual([
    [],
    'events cannot be read: its file is locked',
  ]);
  await expect(log.progress('events')).rejects.toMatchObject({ code: 'unavailable' });
  await expect(subscription.ends()).rejects.toMatchObject({ code: 'unavailable' });
});

it('a locked file is read after the lock is released, without an announcement', async () => {
  await subscription.poll(9);
  unlock();
  await vi.waitFor(() => expect(wake).toHaveBeenCalled());

  expect([(await subscription.poll(9)).length, subscription.unavailableReason()]).toEqual([1, null]);
  expect(await log.progress('events')).toMatchObject([{ end: 1, lag: 1 }]);
});

it('a locked file is polled until it can be read', async () => {
  for (let wakes = 1; wakes <= 3; wakes++) {
    await subscription.poll(9);
    await vi.waitFor(() => expect(wake).toHaveBeenCalledTimes(wakes));
  }
  unlock();

  expect(await subscription.poll(9)).toHaveLength(1);
});
