import { describe, expect, it } from 'vitest';
import { SqliteStore } from '../adapters/embedded/store/sqlite-store.ts';
import { repeatedWork } from './repeated-work.ts';
import { shelf, shelfMigrations, shelfTables, shelves, writesOf } from './shelf.ts';

async function onStore(test: (store: SqliteStore) => Promise<void>): Promise<void> {
  const options = { tables: shelfTables, migrations: shelfMigrations.sqlite };
  const store = SqliteStore.open({ name: 'shelf', file: ':memory:', ...options });
  try {
    await test(store);
  } finally {
    await store.close();
  }
}

describe('work that is repeated', () => {
  it('runs twice, and only its second result is stored', () =>
    onStore(async (store) => {
      let runs = 0;
      const transact = repeatedWork((unit, work) => store.transact(unit, work));
      const { writes } = await transact({}, () => {
        runs += 1;
        return writesOf(shelf(`run ${runs}`, 1));
      });

      const stored = await store.find({ table: shelves, limit: 9 });
      expect([stored.map(({ shelfId }) => shelfId), writes.length]).toEqual([['run 2'], 1]);
    }));

  it('fails with what its second run throws', () =>
    onStore(async (store) => {
      const transact = repeatedWork((unit, work) => store.transact(unit, work));
      const failing = transact({}, () => {
        throw new Error('refused');
      });

      await expect(failing).rejects.toThrow('refused');
    }));
});
