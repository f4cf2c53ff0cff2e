/** What the newest schema of each function takes, and what its checks cost. */
import { describe, expect, it } from 'vitest';
import { SqliteStore } from '../shared/adapters/embedded/store/sqlite-store.ts';
import { tableSql } from '../shared/adapters/embedded/store/statements.ts';
import type { Table } from '../shared/ports/store.ts';
import { inventory } from './inventory/function.ts';
import { notification } from './notification/function.ts';
import { order } from './order/function.ts';

/** The words of each column with a fixed vocabulary, and a row that has one of them. */
const vocabularies = [
  {
    column: 'orders.status',
    fn: order,
    words: ['placed', 'backordered', 'confirmed', 'dispatched', 'rejected', 'cancelled'],
    row: (word: string, n: number) => `INSERT INTO orders
      (order_id, customer_id, status, reason_code, currency, lines, total_minor, placed_at, updated_at, version, dispatched_at)
      VALUES ('${n}', 'C', '${word}', iif('${word}' IN ('rejected', 'cancelled'), 'why', NULL), 'EUR', '[]', 0, 't', 't', 1,
        iif('${word}' = 'dispatched', 't', NULL))`,
  },
  {
    column: 'orders.due_at',
    fn: order,
    words: ['placed', 'backordered'],
    row: (word: string, n: number) => `INSERT INTO orders
      (order_id, customer_id, status, currency, lines, total_minor, placed_at, updated_at, version, due_at)
      VALUES ('${n}', 'C', '${word === 'other' ? 'confirmed' : word}', 'EUR', '[]', 0, 't', 't', 1, 't')`,
  },
  {
    column: 'reservation.status',
    fn: inventory,
    words: ['held', 'waiting', 'sold', 'released', 'returned', 'rejected', 'refused'],
    row: (word: string, n: number) => `INSERT INTO reservation VALUES ('${n}', '${word}', '[]', 't')`,
  },
  {
    column: 'stock_movement.kind',
    fn: inventory,
    words: ['received', 'reserved', 'released', 'sold', 'returned', 'corrected'],
    row: (word: string, n: number) => `INSERT INTO stock_movement VALUES ('lamp', ${n}, '${word}', 1, NULL, 'm', 't',
      iif('${word}' = 'corrected', 'why', NULL))`,
  },
  {
    column: 'notice.status',
    fn: notification,
    words: ['pending', 'sent', 'failed'],
    row: (
      word: string,
      n: number,
    ) => `INSERT INTO notice (notification_id, customer_id, order_id, fact, channel, status,
      text, created_at, sent_at, last_error)
      VALUES ('id', 'C', '${n}', 'OrderPlaced', 'log', '${word}', 'text', 't', iif('${word}' = 'sent', 't', NULL), 'e')`,
  },
];

describe('the schema', () => {
  it.each(vocabularies)('takes the words of $column and no other', async ({ fn, words, row }) => {
    const { name, tables, migrations } = fn;
    const store = SqliteStore.open({ name, file: ':memory:', tables, migrations: migrations.sqlite });
    const isTaken = (word: string, n: number) => {
      try {
        return store.database.prepare(row(word, n)).run().changes === 1;
      } catch (error) {
        expect(error).toMatchObject({ code: 'SQLITE_CONSTRAINT_CHECK' });
        return false;
      }
    };

    expect([...words, 'other'].filter(isTaken)).toEqual(words);
    await store.close();
  });

  it.each([order, inventory, notification])('of $name builds no table for a row that it checks', async (fn) => {
    const { name, tables, migrations } = fn;
    const store = SqliteStore.open({ name, file: ':memory:', tables: [], migrations: migrations.sqlite });
    const building = tables.filter((table) => {
      const columns = tableSql(table as Table).insertColumns;
      const insert = `INSERT INTO ${table.name} (${columns}) VALUES (${columns.map((_, index) => `'${index}'`)})`;
      const steps = store.database.prepare(`EXPLAIN ${insert}`).all() as { readonly opcode: string }[];
      return steps.some(({ opcode }) => opcode === 'OpenEphemeral');
    });
    await store.close();

    expect(building.map((table) => table.name)).toEqual([]);
  });
});
