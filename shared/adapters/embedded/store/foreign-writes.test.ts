import { mkdtempSync, rmSync, truncateSync, unlinkSync, utimesSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { shelf, shelfMigrations, shelfTables, writesOf } from '../../../testing/shelf.ts';
import { SqliteStore } from './sqlite-store.ts';

/** Longer than the inspections of a file take. */
const LONG_MS = 15_000;

let folder: string;
let file: string;
let store: SqliteStore;
let number = 0;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saga-foreign-'));
  file = join(folder, 'shelf.db');
  const { sqlite: migrations } = shelfMigrations;
  store = SqliteStore.open({ name: 'shelf', file, tables: shelfTables, migrations });
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

const commit = () => store.transact({}, () => writesOf(shelf(`${number++}`, 1)));

async function commits(count: number): Promise<void> {
  for (let n = 0; n < count; n++) await commit();
}

describe('a log that another program copies into the database', () => {
  it.each(['PASSIVE', 'RESTART', 'TRUNCATE'])('is no harm, however often that happens: %s', async (mode) => {
    for (let n = 0; n < 5; n++) {
      await commits(3);
      const other = new Database(file);
      other.pragma(`wal_checkpoint(${mode})`);
      other.close();
      expect(store.unavailableReason()).toBeNull();
    }

    await expect(commit()).resolves.toBeDefined();
  });
});

describe('a log that is copied into the database and interrupted by the disk', { timeout: 2 * LONG_MS }, () => {
  it('does not stop the store: the rest is copied when the disk is well again', async () => {
    const reader = new Database(file, { readonly: true });
    reader.exec('BEGIN');
    reader.pragma('schema_version');
    reader.prepare('SELECT count(*) FROM shelf').get();
    await commits(20);
    store.database.pragma('wal_autocheckpoint = 0');
    // What an interrupted copy leaves: the database is written, and the log does not say so.
    utimesSync(file, 1, 1);

    await expect(commit()).rejects.toMatchObject({ code: 'unavailable' });
    reader.close();
    await vi.waitFor(() => expect(store.unavailableReason()).toBeNull(), LONG_MS);
    await expect(commit()).resolves.toBeDefined();
  });
});

describe('a log that is cut off', () => {
  it('is missed before anything is acknowledged, and the store stops', async () => {
    await commits(20);
    truncateSync(`${file}-wal`, 0);

    await expect(commit()).rejects.toMatchObject({ code: 'unavailable' });
    expect(store.unavailableReason()).toContain('shelf.db-wal was overwritten by another program');
  });

  it('is missed also after it has grown again', async () => {
    await commits(20);
    expect(store.unavailableReason()).toBeNull();
    truncateSync(`${file}-wal`, 0);
    const grown = Promise.allSettled([commit(), commit()]);

    expect((await grown).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

it('a removed index of the log is missed: other processes would see nothing of what is committed', async () => {
  await commits(2);
  unlinkSync(`${file}-shm`);

  expect(store.unavailableReason()).toContain('shelf.db-shm is gone');
});
