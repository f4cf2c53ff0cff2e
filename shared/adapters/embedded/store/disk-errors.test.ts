import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../../core/errors.ts';
import { shelf, shelfMigrations, shelfTables, shelves, writesOf } from '../../../testing/shelf.ts';
import { storeError } from '../store-error.ts';
import { SqliteStore } from './sqlite-store.ts';

/** Longer than an outage of a moment, and than the inspections of a file. */
const LONG_MS = 15_000;
const PAGE = 4_096;

let folder: string;
let file: string;
const stores: SqliteStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saga-disk-'));
  file = join(folder, 'shelf.db');
});
afterEach(async () => {
  vi.restoreAllMocks();
  for (const store of stores.splice(0)) await store.close();
  rmSync(folder, { recursive: true });
});

function open(): SqliteStore {
  const { sqlite } = shelfMigrations;
  const store = SqliteStore.open({ name: 'shelf', file, tables: shelfTables, migrations: sqlite });
  stores.push(store);
  return store;
}

let number = 0;
const commit = (store: SqliteStore) => store.transact({}, () => writesOf(shelf(`${number++}`, 1)));

/** Everything that a store is asked, once each. */
const uses: readonly (readonly [name: string, use: (store: SqliteStore) => Promise<unknown>])[] = [
  ['transact', commit],
  ['transact that reads', readAndCommit],
  ['find', (store) => store.find({ table: shelves, limit: 9 })],
  ['count', (store) => store.count(shelves)],
  ['positions', (store) => store.positions()],
  ['clear', (store) => store.clear([])],
  ['check', (store) => store.check()],
];

function readAndCommit(store: SqliteStore): Promise<unknown> {
  return store.transact({}, ({ rows }) => {
    rows({ table: shelves as never, values: ['a'] });
    return writesOf(shelf(`${number++}`, 1));
  });
}

/** Makes statements fail with this error while `isErring`: all, or those with this text. */
function errWith(code: string, isErring: () => boolean, text = ''): void {
  const db = new Database(':memory:');
  const prototype = Object.getPrototypeOf(db.prepare('SELECT 1')) as Database.Statement;
  db.close();
  for (const method of ['run', 'get', 'all'] as const) {
    const original = prototype[method] as (...values: unknown[]) => unknown;
    vi.spyOn(prototype, method).mockImplementation(function (this: Database.Statement, ...values: unknown[]) {
      if (isErring() && this.source.includes(text)) throw new Database.SqliteError(`it is ${code}`, code);
      return original.apply(this, values) as never;
    });
  }
}

const diskCodes = [
  'SQLITE_CORRUPT',
  'SQLITE_CORRUPT_INDEX',
  'SQLITE_IOERR_READ',
  'SQLITE_IOERR_FSYNC',
  'SQLITE_IOERR_SHORT_READ',
  'SQLITE_NOTADB',
  'SQLITE_CANTOPEN',
  'SQLITE_NOMEM',
  'SQLITE_READONLY',
  'SQLITE_PERM',
  'SQLITE_PROTOCOL',
  'SQLITE_INTERNAL',
  'SQLITE_SCHEMA',
  'SQLITE_AUTH',
] as const;

describe('an error of the disk', () => {
  it.each(diskCodes)('%s is never the fault of a message, whatever the store was asked', async (code) => {
    for (const [name, use] of uses) {
      const store = open();
      let isErring = true;
      errWith(code, () => isErring);
      const error = await use(store).catch((thrown: unknown) => thrown);
      isErring = false;

      expect([name, error]).toEqual([name, expect.any(AppError)]);
      expect(error).toMatchObject({ code: 'unavailable', retryAfterS: 1, message: expect.stringContaining(code) });
      vi.restoreAllMocks();
      await store.close();
    }
  });

  it.each(['SQLITE_CONSTRAINT_CHECK', 'SQLITE_MISMATCH', 'SQLITE_TOOBIG', 'SQLITE_RANGE', 'SQLITE_ERROR'])(
    '%s is not one: the statement is at fault',
    async (code) => {
      const store = open();
      errWith(code, () => true);

      await expect(commit(store)).rejects.toMatchObject({ code });
    },
  );

  it.each(['EIO', 'EMFILE', 'EROFS', 'EACCES', 'ESTALE'])('%s of the file system is one', (code) => {
    const error = Object.assign(new Error(`${code}: it failed`), { code, syscall: 'stat' });

    expect(storeError(error, '/data/shelf.db')).toMatchObject({
      code: 'unavailable',
      message: `/data/shelf.db cannot be used now: ${code}: it failed`,
    });
  });

  it('says that there is no room where the file system says so', () => {
    const error = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC', syscall: 'write' });

    expect(storeError(error, '/data/shelf.db')).toMatchObject({ code: 'no_room' });
  });

  it('in which the rollback fails too leaves no transaction open', async () => {
    const store = open();
    let isErring = true;
    errWith('SQLITE_IOERR_WRITE', () => isErring, 'O');
    await expect(commit(store)).rejects.toMatchObject({ code: 'unavailable' });
    isErring = false;

    await vi.waitFor(() => commit(store), { timeout: LONG_MS });
    expect([store.database.inTransaction, await store.count(shelves)]).toEqual([false, 1]);
  });

  it('is shown until a read and a commit succeed, and work goes on over another connection', async () => {
    const store = open();
    await commit(store);
    const before = store.database;
    let isErring = true;
    errWith('SQLITE_IOERR_WRITE', () => isErring);
    await expect(commit(store)).rejects.toMatchObject({ code: 'unavailable' });
    await vi.waitFor(() => expect(store.unavailableReason()).toContain('SQLITE_IOERR_WRITE'));
    await expect(store.check()).rejects.toMatchObject({ code: 'unavailable' });
    isErring = false;

    await vi.waitFor(() => expect(store.unavailableReason()).toBeNull(), { timeout: LONG_MS });
    await commit(store);
    expect([store.database === before, await store.count(shelves)]).toEqual([false, 2]);
  });

  it('that looks like damage is over when the whole file can be read', { timeout: 2 * LONG_MS }, async () => {
    const store = open();
    await commit(store);
    let isErring = true;
    errWith('SQLITE_CORRUPT', () => isErring, 'FROM shelf');
    const count = () => store.count(shelves);
    const isOver = async () => {
      await count();
      return true;
    };
    for (let attempts = 0; attempts < 20; attempts++) {
      await expect(count()).rejects.toMatchObject({ code: 'unavailable' });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    isErring = false;

    expect(await vi.waitFor(isOver, { timeout: LONG_MS })).toBe(true);
    expect([await count(), store.unavailableReason()]).toEqual([1, null]);
  });

  it('keeps the epoch of the writer: readers do not take the next record for one of a restored copy', async () => {
    const store = open();
    const epochs = () => store.database.prepare('SELECT count(*) FROM topic_epoch').pluck().get();
    let isErring = true;
    errWith('SQLITE_IOERR_READ', () => isErring, 'FROM shelf');
    await expect(store.count(shelves)).rejects.toMatchObject({ code: 'unavailable' });
    isErring = false;
    await vi.waitFor(() => commit(store), { timeout: LONG_MS });

    expect(epochs()).toBe(1);
  });

  it('a full disk is shown until a commit succeeds', async () => {
    const store = open();
    let isErring = true;
    errWith('SQLITE_FULL', () => isErring, 'INSERT');
    await expect(commit(store)).rejects.toMatchObject({ code: 'no_room' });
    vi.restoreAllMocks();
    errWith('SQLITE_FULL', () => isErring, 'COMMIT');
    await expect(store.check()).rejects.toMatchObject({ code: 'no_room' });
    isErring = false;

    await expect(store.check()).resolves.toBeUndefined();
    await expect(commit(store)).resolves.toBeDefined();
  });
});

describe('a damaged file', () => {
  async function filled(): Promise<void> {
    const store = open();
    for (let n = 0; n < 300; n++) await commit(store);
    await store.close();
  }
  const sentence = (what: string) =>
    new RegExp(
      `^${file} is damaged \\(${what}.*\\)\\. Stop the store, remove shelf\\.db, shelf\\.db-wal and shelf\\.db-shm there, put the shelf\\.db of a copy`,
    );

  it.each([
    ['whose first page is overwritten', () => overwrite(0), 'file is not a database'],
    ['in whose middle a page is overwritten', () => overwrite(statSync(file).size / 2), ''],
    ['that is cut off', () => writeFileSync(file, readFileSync(file).subarray(0, 5 * PAGE)), ''],
  ])('%s stops the start with one sentence: what it is, and how to restore it', async (_what, damage, what) => {
    await filled();
    damage();
    const thrown = await Promise.resolve()
      .then(() => open())
      .catch((error: unknown) => error);

    expect(thrown).toMatchObject({ code: 'unavailable', message: expect.stringMatching(sentence(what)) });
  });

  it('stops a running store for good, not before it was found twice', { timeout: 2 * LONG_MS }, async () => {
    await filled();
    const store = open();
    store.database.pragma('cache_size = 1');
    overwrite(statSync(file).size / 2);

    await expect(commit(store)).rejects.toMatchObject({ code: 'unavailable' });
    await vi.waitFor(() => expect(store.unavailableReason()).toMatch(sentence('')), { timeout: LONG_MS });
    for (const [, use] of uses) {
      await expect(use(store)).rejects.toMatchObject({
        code: 'unavailable',
        message: expect.stringMatching(sentence('')),
      });
    }
  });

  /** Writes garbage over the page at this place. */
  function overwrite(at: number): void {
    const descriptor = openSync(file, 'r+');
    writeSync(descriptor, Buffer.alloc(PAGE, 'garbage '), 0, PAGE, Math.floor(at / PAGE) * PAGE);
    closeSync(descriptor);
  }
});
