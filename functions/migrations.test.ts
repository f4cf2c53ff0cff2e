/** Data of the first schema is there, and right, after the second one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { SqliteStore } from '../shared/adapters/stores/sqlite/sqlite-store.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import { inventory } from './inventory/index.ts';
import { receipts, reservations, stock } from './inventory/tables.ts';
import { order } from './order/index.ts';
import { orders } from './order/tables.ts';

const folder = mkdtempSync(join(tmpdir(), 'saga-store-migrations-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A store of the first schema with these rows, opened by the program of today. */
async function upgraded(fn: StoreFunction, sql: string): Promise<SqliteStore> {
  const { name, migrations } = fn;
  const file = join(folder, `${name}.db`);
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

  it('keeps reservations, and rejects whoever is short until somebody says otherwise', async () => {
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
});
