import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, expectTypeOf, it } from 'vitest';
import type { Commit, Store, Table } from '../../../ports/store.ts';
import { count } from '../../../testing/probe.ts';
import {
  added,
  commitOf,
  needOf,
  notes,
  shelf,
  shelfMigrations,
  shelfTables,
  shelves,
  writesOf,
} from '../../../testing/shelf.ts';
import { publishedBy } from '../../../testing/store-outbox.conformance.ts';
import { SqliteStore } from './sqlite-store.ts';

let folder: string;
let file: string;
let store: SqliteStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saga-transactions-'));
  file = join(folder, 'shelf.db');
  store = SqliteStore.open({ name: 'shelf', file, tables: shelfTables, migrations: shelfMigrations.sqlite });
});
afterEach(async () => {
  await store.close();
  rmSync(folder, { recursive: true });
});

/** A commit with one of each of its parts. */
const everything = commitOf({
  writes: [added(shelves, shelf('a', 1)), added(notes, { shelfId: 'a', note: { text: 'x'.repeat(30_000) } })],
  inbox: [{ source: '/tests', id: '1', fingerprint: 'f', seenDay: 1 }],
  outbox: [{ topic: 'events', message: count('a', 1) }],
  positions: [{ topic: 'others', partition: 0, position: 7 }],
});

/** How many of each part are stored. */
async function parts(): Promise<readonly number[]> {
  const tables: readonly Table[] = [shelves as Table, notes as Table];
  const rows = await Promise.all(tables.map((table) => store.count(table)));
  const inbox = store.database.prepare('SELECT count(*) FROM inbox').pluck().get() as number;
  return [...rows, inbox, (await publishedBy(store)).length, (await store.positions()).length];
}
const nothing = [0, 0, 0, 0, 0];
const all = [1, 1, 1, 1, 1];

describe('a transaction', () => {
  it('takes the lock before it reads: no other process writes between its load and its commit', async () => {
    const other = new Database(file, { timeout: 0 });
    const write = () => other.exec("INSERT INTO shelf (shelf_id, room, places) VALUES ('b', 'attic', 1)");
    const attempts: unknown[] = [];

    await store.transact({}, ({ rows }) => {
      const before = rows(needOf('b'));
      try {
        attempts.push(write());
      } catch (error) {
        attempts.push((error as { code: unknown }).code);
      }
      return { ...writesOf(shelf('a', before.length)), before };
    });
    write();
    other.close();

    expect([attempts, await store.count(shelves)]).toEqual([['SQLITE_BUSY'], 2]);
  });

  it('does not accept asynchronous work', () => {
    type Work = Parameters<Store['transact']>[1];

    expectTypeOf<() => Commit>().toExtend<Work>();
    expectTypeOf<() => Promise<Commit>>().not.toExtend<Work>();
  });

  it('that SQLite has rolled back by itself commits nothing, also when the work goes on', async () => {
    const rolledBack = store.transact({}, () => {
      // As SQLite does by itself on a full disk or an input/output error.
      store.database.exec('ROLLBACK');
      return everything;
    });

    await expect(rolledBack).rejects.toMatchObject({ code: 'unavailable' });
    expect(await parts()).toEqual(nothing);
    await store.transact({}, () => everything);
    expect(await parts()).toEqual(all);
  });

  it('in which a read failed commits nothing, also when the work goes on', async () => {
    store.database.exec('ALTER TABLE shelf_book RENAME TO lent');
    const unread = store.transact({}, ({ rows }) => {
      try {
        rows({ table: shelfTables[1] as Table, values: ['a'] });
      } catch {
        // As the runtime does when the rules of one message fail and the batch goes on.
      }
      return everything;
    });

    await expect(unread).rejects.toThrow('no such table');
    expect(await parts()).toEqual(nothing);
  });

  it('for which the disk is full at any of its pages commits nothing, and succeeds when there is room', async () => {
    const pages = store.database.pragma('page_count', { simple: true }) as number;
    const outcomes: string[] = [];
    for (let more = 0; outcomes.at(-1) !== 'committed'; more++) {
      store.database.pragma(`max_page_count = ${pages + more}`);
      const outcome = await store
        .transact({}, () => everything)
        .then(
          () => 'committed',
          (error: { code: string }) => error.code,
        );
      outcomes.push(outcome);
      expect([store.database.inTransaction, await parts()]).toEqual([false, outcome === 'committed' ? all : nothing]);
    }

    expect(new Set(outcomes)).toEqual(new Set(['no_room', 'committed']));
    expect(outcomes.length).toBeGreaterThan(4);
  });
});

describe('the write-ahead log', () => {
  it('is copied into the file as it grows, but not while another process reads; its size shows this', async () => {
    store.database.pragma('wal_autocheckpoint = 8');
    const fill = async (from: number) => {
      for (let n = from; n < from + 50; n++) await store.transact({}, () => writesOf(shelf(`${n}`, n)));
    };
    await fill(0);
    const alone = store.walBytes();
    const reader = new Database(file, { readonly: true });
    reader.exec('BEGIN; SELECT count(*) FROM shelf');
    await fill(50);
    const whileReading = store.walBytes();
    reader.close();
    await fill(100);
    await fill(150);

    expect(alone).toBeGreaterThan(0);
    expect(whileReading).toBeGreaterThan(2 * alone);
    expect(store.walBytes()).toBeLessThan(2 * whileReading);
  });
});
