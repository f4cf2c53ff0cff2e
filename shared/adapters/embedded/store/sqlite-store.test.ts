import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { count } from '../../../testing/probe.ts';
import {
  added,
  commitOf,
  notes,
  shelf,
  shelfMigrations,
  shelfTables,
  shelves,
  writesOf,
} from '../../../testing/shelf.ts';
import { storeConformance } from '../../../testing/store.conformance.ts';
import { publishedBy } from '../../../testing/store-outbox.conformance.ts';
import { assertDurable, openForWriting } from './database.ts';
import { SqliteStore } from './sqlite-store.ts';

const shelfStore = { name: 'shelf', tables: shelfTables, migrations: shelfMigrations.sqlite };

storeConformance('SQLite', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'saga-store-'));
  return {
    open: async () => SqliteStore.open({ ...shelfStore, file: join(folder, 'deep', 'shelf.db') }),
    remove: async () => rmSync(folder, { recursive: true }),
  };
});

describe('SQLite', () => {
  let folder: string;
  let file: string;
  const stores: SqliteStore[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'saga-store-'));
    file = join(folder, 'shelf.db');
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const store of stores.splice(0)) await store.close();
    rmSync(folder, { recursive: true });
  });

  function open(changes: Partial<Parameters<typeof SqliteStore.open>[0]> = {}): SqliteStore {
    const store = SqliteStore.open({ ...shelfStore, file, ...changes });
    stores.push(store);
    return store;
  }

  describe('a file', () => {
    it('is opened once: a second open fails with the owner and what to do', () => {
      open();

      expect(() => open()).toThrow(
        expect.objectContaining({
          code: 'conflict',
          message: `another process already runs shelf on this data (process ${process.pid} holds ${file}.lock); stop it first`,
        }),
      );
    });

    it('can be opened again after it is closed', async () => {
      await open().close();

      await expect(open().check()).resolves.toBeUndefined();
    });

    it('is released when its schema is refused', async () => {
      await open().close();
      expect(() => open({ migrations: [] })).toThrow();

      await expect(open().check()).resolves.toBeUndefined();
    });

    it('is not written for an empty commit', async () => {
      const store = open();
      const other = new Database(file, { readonly: true });
      const version = () => other.pragma('data_version', { simple: true });
      const before = version();

      await store.transact({}, () => commitOf({}));
      const afterNothing = version();
      await store.transact({}, () => writesOf(shelf('a', 1)));

      expect([afterNothing === before, version() === before]).toEqual([true, false]);
      other.close();
    });

    it('that another process has locked is unavailable until the lock is released', async () => {
      const store = open();
      store.database.pragma('busy_timeout = 1');
      const other = new Database(file);
      other.exec('BEGIN IMMEDIATE');
      const refused = { code: 'unavailable', retryAfterS: 1 };

      await expect(store.transact({}, () => writesOf(shelf('a', 1)))).rejects.toMatchObject(refused);
      await expect(store.check()).rejects.toMatchObject(refused);
      await expect(store.clear([])).rejects.toMatchObject(refused);
      other.close();
      await expect(store.transact({}, () => writesOf(shelf('a', 1)))).resolves.toBeDefined();
    });
  });

  describe('a full disk', () => {
    function limitPages(store: SqliteStore, more: number): void {
      const pages = store.database.pragma('page_count', { simple: true }) as number;
      store.database.pragma(`max_page_count = ${pages + more}`);
    }
    const large = commitOf({
      writes: [added(shelves, shelf('a', 1)), added(notes, { shelfId: 'a', note: { text: 'x'.repeat(100_000) } })],
      outbox: [{ topic: 'events', message: count('a', 1) }],
    });

    it('returns no_room and commits nothing; the commit succeeds when there is room', async () => {
      const store = open();
      limitPages(store, 4);

      await expect(store.transact({}, () => large)).rejects.toMatchObject({ code: 'no_room', retryAfterS: 5 });
      expect([await store.find({ table: shelves, limit: 9 }), await publishedBy(store)]).toEqual([[], []]);

      limitPages(store, 1_000);
      await store.transact({}, () => large);
      expect([(await store.find({ table: shelves, limit: 9 })).length, (await publishedBy(store)).length]).toEqual([
        1, 1,
      ]);
    });
  });

  describe('the schema', () => {
    const [first] = shelfMigrations.sqlite;
    const second = { number: 2, name: 'more', sql: 'CREATE TABLE more (id TEXT) STRICT' };

    it('is extended by the migrations that have not run yet', async () => {
      await open().close();
      const store = open({ migrations: [...shelfMigrations.sqlite, second] });

      expect(store.database.prepare('SELECT scope, number, name FROM migration ORDER BY scope, number').all()).toEqual([
        { scope: 'runtime', number: 1, name: 'runtime' },
        { scope: 'runtime', number: 2, name: 'retries' },
        { scope: 'runtime', number: 3, name: 'retention' },
        { scope: 'runtime', number: 4, name: 'believed time' },
        { scope: 'runtime', number: 5, name: 'relay' },
        { scope: 'runtime', number: 6, name: 'identity' },
        { scope: 'runtime', number: 7, name: 'read marks' },
        { scope: 'runtime', number: 8, name: 'compact attributes' },
        { scope: 'shelf', number: 1, name: 'shelf' },
        { scope: 'shelf', number: 2, name: 'more' },
      ]);
    });

    it('is refused when a migration was edited after it ran', async () => {
      await open().close();
      const edited = [{ number: 1, name: 'shelf', sql: `${first?.sql} -- edited` }];

      expect(() => open({ migrations: edited })).toThrow(
        expect.objectContaining({ code: 'conflict', message: `${file}: migration shelf 1 was edited after it ran` }),
      );
    });

    it('is refused when it is newer than the program', async () => {
      await open({ migrations: [...shelfMigrations.sqlite, second] }).close();

      expect(() => open()).toThrow(
        expect.objectContaining({
          code: 'conflict',
          message: `${file}: migration shelf 2 is not known to this program, which is older`,
        }),
      );
    });

    it('stays unchanged when one of several migrations fails', async () => {
      await open().close();
      const broken = { number: 3, name: 'broken', sql: 'CREATE TABLE more (id TEXT)' };

      expect(() => open({ migrations: [...shelfMigrations.sqlite, second, broken] })).toThrow('already exists');

      await expect(open().check()).resolves.toBeUndefined();
    });
  });

  describe('a commit on disk', () => {
    it('is flushed: synchronous is FULL after a write, on each connection of a store', async () => {
      const store = open();
      await store.transact({}, () => writesOf(shelf('a', 1)));
      await store.clear([]);

      expect(() => assertDurable(store.database)).not.toThrow();
    });

    it('is refused with NORMAL', () => {
      const db = openForWriting(file);
      db.exec('CREATE TABLE t (x)');
      assertDurable(db);
      db.pragma('synchronous = NORMAL');

      expect(() => assertDurable(db)).toThrow(`${file} must be written with synchronous = FULL (2), and it is 1`);
      db.close();
    });

    it('stops the start when FULL is not set: this build of SQLite falls back to NORMAL', () => {
      ignoreFullPragma();

      expect(() => open()).toThrow(`${file} must be written with synchronous = FULL (2), and it is 1`);
    });
  });
});

/** Plants the bug that `assertDurable` detects. */
function ignoreFullPragma(): void {
  const { pragma } = Database.prototype;
  vi.spyOn(Database.prototype, 'pragma').mockImplementation(function (this: Database.Database, source, options) {
    return source === 'synchronous = FULL' ? undefined : pragma.call(this, source, options);
  });
}
