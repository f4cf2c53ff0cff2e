/** Data of the first schema is there, and right, after the last one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { SqliteStore } from '../shared/adapters/embedded/store/sqlite-store.ts';
import { tableSql } from '../shared/adapters/embedded/store/statements.ts';
import type { Table } from '../shared/ports/store.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import { added, commitOf } from '../shared/testing/shelf.ts';
import { inventory } from './inventory/function.ts';
import { openings } from './inventory/opening-balance.ts';
import { movements, receipts, reservations, stock } from './inventory/tables.ts';
import { notification } from './notification/function.ts';
import { type NoticeRow, notices } from './notification/tables.ts';
import { order } from './order/function.ts';
import { orders } from './order/tables.ts';

const folder = mkdtempSync(join(tmpdir(), 'saga-store-migrations-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A store of the first schema with these rows, opened by the program of today. */
async function upgraded(fn: StoreFunction, sql: string): Promise<SqliteStore> {
  const { name, migrations } = fn;
  const file = join(mkdtempSync(join(folder, name)), `${name}.db`);
  await SqliteStore.open({ name, file, tables: [], migrations: migrations.sqlite.slice(0, 1) }).close();
  new Database(file).exec(sql).close();
  return SqliteStore.open({ name, file, tables: fn.tables, migrations: migrations.sqlite });
}

describe('an upgrade', () => {
  it('gives orders that wait the default deadline, and others none', async () => {
    const row = (orderId: string, status: string) =>
      `('${orderId}', 'C', '${status}', 'EUR', '[]', 0, '2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z', 1)`;

    const store = await upgraded(
      order,
      `INSERT INTO orders (order_id, customer_id, status, currency, lines, total_minor, placed_at, updated_at, version)
        VALUES ${row('WAITS', 'placed')}, ${row('DONE', 'confirmed')}`,
    );

    const rows = await store.find({ table: orders, limit: 9 });
    await store.close();
    expect(
      rows.map(({ orderId, dueAt, correlationId, dispatchedAt }) => [orderId, dueAt, correlationId, dispatchedAt]),
    ).toEqual([
      ['DONE', null, null, null],
      ['WAITS', '2026-01-01T00:15:00.000Z', null, null],
    ]);
  });

  it('preserves reservations, and sets the policy reject', async () => {
    const level = '{"productId": "lamp", "onHand": 3}';

    const store = await upgraded(
      inventory,
      `INSERT INTO reservation VALUES ('ORDER_7', 'sold', '[{"productId": "lamp", "quantity": 2}]', 'then');
       INSERT INTO stock VALUES ('lamp', NULL, 5, 3, 0, 2, 3);
       INSERT INTO receipt VALUES ('m', 'lamp', 5, '${level}', 'then')`,
    );

    const [reservation] = await store.find({ table: reservations, limit: 9 });
    const [lamp] = await store.find({ table: stock, limit: 9 });
    const [receipt] = await store.find({ table: receipts, limit: 9 });
    await store.close();
    expect([reservation, lamp, receipt?.level]).toMatchObject([
      { orderId: 'ORDER_7', status: 'sold', lines: [{ productId: 'lamp', quantity: 2 }] },
      { onHand: 3, sold: 2, whenShort: 'reject', backordered: 0 },
      { onHand: 3, whenShort: 'reject', backordered: 0 },
    ]);
  });

  it('preserves the ledger', async () => {
    const store = await upgraded(
      inventory,
      `INSERT INTO stock_movement VALUES ('lamp', 1, 'received', 5, NULL, 'm', 'then'), ('lamp', 2, 'sold', 2, 'ORDER_7', 'n', 'later')`,
    );

    const rows = await store.find({ table: movements, limit: 9 });
    await store.close();
    expect(rows).toEqual([
      { productId: 'lamp', movement: 1, kind: 'received', quantity: 5, orderId: null, causedBy: 'm', at: 'then' },
      { productId: 'lamp', movement: 2, kind: 'sold', quantity: 2, orderId: 'ORDER_7', causedBy: 'n', at: 'later' },
    ]);
  });

  it('preserves opening balances', async () => {
    const file = join(mkdtempSync(join(folder, 'opening')), 'inventory.db');
    const { name, tables, migrations } = inventory;
    await SqliteStore.open({ name, file, tables: [], migrations: migrations.sqlite.slice(0, 4) }).close();
    new Database(file).exec("INSERT INTO stock_opening VALUES ('lamp', 7, 10, 3, 1, 2, 1, 0, 'then')").close();

    const store = SqliteStore.open({ name, file, tables, migrations: migrations.sqlite });
    const rows = await store.find({ table: openings, limit: 9 });
    await store.close();
    expect(rows).toEqual([
      { productId: 'lamp', movement: 7, received: 10, reserved: 3, released: 1, sold: 2, returned: 1, asOf: 'then' },
    ]);
  });

  it.each([
    ['some are left', 'position > 2', [1, 2]],
    ['none is left', 'true', []],
  ])('preserves notices and reuses no position, when %s', async (_, removed, left) => {
    const store = await upgraded(
      notification,
      `INSERT INTO notice VALUES ${[1, 2, 3].map((n) => `(${n}, 'id ${n}', 'C', 'ORDER_${n}', 'OrderPlaced', 'log', 'pending', 'text', 'then', NULL)`)};
       DELETE FROM notice WHERE ${removed}`,
    );
    const notice = (n: number): NoticeRow => ({
      notificationId: `id ${n}`,
      customerId: 'C',
      orderId: `ORDER_${n}`,
      fact: 'OrderPlaced',
      channel: 'log',
      status: 'pending',
      text: 'text',
      createdAt: 'then',
      sentAt: null,
    });

    await store.transact([], [], () => commitOf({ writes: [added(notices, notice(9))] }));

    const rows = await store.find({ table: notices, orderBy: ['position'], limit: 9 });
    await store.close();
    expect(rows).toEqual([
      ...left.map((position) => ({ ...notice(position), position })),
      { ...notice(9), position: 4 },
    ]);
  });
});

/** The words of each column with a fixed vocabulary, and a row that has one of them. */
const vocabularies = [
  {
    column: 'orders.status',
    fn: order,
    words: ['placed', 'backordered', 'reserved', 'confirmed', 'rejected', 'cancelled'],
    row: (word: string, n: number) => `INSERT INTO orders
      (order_id, customer_id, status, reason_code, currency, lines, total_minor, placed_at, updated_at, version)
      VALUES ('${n}', 'C', '${word}', iif('${word}' IN ('rejected', 'cancelled'), 'why', NULL), 'EUR', '[]', 0, 't', 't', 1)`,
  },
  {
    column: 'orders.due_at',
    fn: order,
    words: ['placed', 'backordered', 'reserved'],
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
    row: (word: string, n: number) => `INSERT INTO stock_movement VALUES ('lamp', ${n}, '${word}', 1, NULL, 'm', 't')`,
  },
  {
    column: 'notice.status',
    fn: notification,
    words: ['pending', 'sent', 'failed'],
    row: (word: string, n: number) => `INSERT INTO notice VALUES
      (NULL, 'id', 'C', '${n}', 'OrderPlaced', 'log', '${word}', 'text', 't', iif('${word}' = 'sent', 't', NULL))`,
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
