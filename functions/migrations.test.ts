/** Data of the first schema is there, and right, after the last one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, describe, expect, it } from 'vitest';
import { SqliteStore } from '../shared/adapters/embedded/store/sqlite-store.ts';
import { outbox } from '../shared/ports/tables/outbox.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import { count } from '../shared/testing/probe.ts';
import { added, commitOf } from '../shared/testing/shelf.ts';
import { inventory } from './inventory/function.ts';
import { openings } from './inventory/opening-balance.ts';
import { backorders, movements, receipts, reservations, stock } from './inventory/tables.ts';
import { notification } from './notification/function.ts';
import { deliveries, type NoticeRow, notices } from './notification/tables.ts';
import { order } from './order/function.ts';
import { orderFacts, orders } from './order/tables.ts';

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

  it('shows orders that were dispatched before as dispatched, and changes nothing else of any order', async () => {
    const file = join(mkdtempSync(join(folder, 'dispatched')), 'order.db');
    const { name, tables, migrations } = order;
    await SqliteStore.open({ name, file, tables: [], migrations: migrations.sqlite.slice(0, 4) }).close();
    const at = "'2026-01-01T00:00:00.000Z'";
    const row = (sequence: number, status: string, [reason, dispatchedAt, dueAt] = ['NULL', 'NULL', 'NULL']) =>
      `(${sequence}, 'O${sequence}', 'C', '${status}', ${reason}, 'EUR', '[]', 5, ${at}, ${at}, 3, 'saga', ${dispatchedAt}, ${dueAt}, 'said')`;
    new Database(file)
      .exec(`INSERT INTO orders (sequence, order_id, customer_id, status, reason_code, currency, lines, total_minor, placed_at,
        updated_at, version, correlation_id, dispatched_at, due_at, requested_at)
        VALUES ${row(2, 'placed', ['NULL', 'NULL', at])}, ${row(4, 'confirmed')}, ${row(6, 'confirmed', ['NULL', at, 'NULL'])},
          ${row(8, 'rejected', ["'expired'", 'NULL', 'NULL'])}`)
      .close();

    const store = SqliteStore.open({ name, file, tables, migrations: migrations.sqlite });
    const rows = await store.find({ table: orders, orderBy: ['sequence'], limit: 9 });
    const found = await store.find({ table: orders, where: { status: 'dispatched' }, limit: 9 });
    await store.close();
    const time = '2026-01-01T00:00:00.000Z';
    expect(rows.map((row) => [row.sequence, row.status, row.reasonCode, row.dispatchedAt, row.dueAt])).toEqual([
      [2, 'placed', null, null, time],
      [4, 'confirmed', null, null, null],
      [6, 'dispatched', null, time, null],
      [8, 'rejected', 'expired', null, null],
    ]);
    for (const row of rows) {
      expect(row).toMatchObject({
        totalMinor: 5,
        version: 3,
        correlationId: 'saga',
        requestedAt: 'said',
        updatedAt: time,
      });
    }
    expect(found.map(({ orderId }) => orderId)).toEqual(['O6']);
  });

  it('reads messages that were stored with the names of their attributes, and shows them to people as before', async () => {
    const { data, ...attributes } = count('a', 1);
    const fact = { ...attributes, data };
    const columns = [JSON.stringify(attributes), JSON.stringify(data), JSON.stringify(fact)].map((json) => `'${json}'`);
    const [names, value, message] = columns;

    const store = await upgraded(
      order,
      `INSERT INTO outbox (topic, subject, attributes, data) VALUES ('order-events', 'a', ${names}, ${value});
       INSERT INTO order_fact (order_id, at_version, message) VALUES ('a', 0, ${message});`,
    );
    await store.transact({}, () => commitOf({ outbox: [{ topic: 'order-events', message: fact }] }));

    store.database.exec("INSERT OR REPLACE INTO relay (id, log, token, position) VALUES (1, 'another', 1, 0)");

    const facts = await store.find({ table: orderFacts, limit: 9 });
    const published = await store.find({ table: outbox, limit: 9 });
    const unsent = await store.relayed.unsent(9);
    const shown = store.database.prepare('SELECT * FROM outbox_message').all() as object[];
    await store.close();
    expect(facts.map((row) => row.message)).toEqual([fact]);
    expect(published.map((row) => [row.attributes, row.data])).toEqual(Array(2).fill([attributes, data]));
    expect(unsent.map((row) => [row.partitionKey, JSON.parse(row.attributes)])).toEqual(
      Array(2).fill(['a', attributes]),
    );
    const { specversion: _, datacontenttype: __, ...columnsShown } = attributes;
    for (const row of shown) {
      expect(row).toMatchObject({ ...columnsShown, traceparent: null, data: JSON.stringify(data) });
    }
    expect(shown).toHaveLength(2);
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
      { onHand: 3, sold: 2, corrected: 0, whenShort: 'reject', backordered: 0 },
      { onHand: 3, corrected: 0, whenShort: 'reject', backordered: 0 },
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
      {
        productId: 'lamp',
        movement: 1,
        kind: 'received',
        quantity: 5,
        orderId: null,
        causedBy: 'm',
        at: 'then',
        reason: null,
      },
      {
        productId: 'lamp',
        movement: 2,
        kind: 'sold',
        quantity: 2,
        orderId: 'ORDER_7',
        causedBy: 'n',
        at: 'later',
        reason: null,
      },
    ]);
  });

  it('takes a correction of stock that takes units away, and no other movement that does', async () => {
    const store = await upgraded(inventory, "INSERT INTO stock VALUES ('lamp', NULL, 5, 5, 0, 0, 1)");
    const insert = (kind: string, quantity: number, reason: string | null) => () =>
      store.database
        .prepare("INSERT INTO stock_movement VALUES ('lamp', ?, ?, ?, NULL, 'm', 't', ?)")
        .run(quantity + 9, kind, quantity, reason);

    expect(insert('corrected', -2, 'broken')).not.toThrow();
    for (const wrong of [insert('corrected', 0, 'why'), insert('corrected', -1, null), insert('sold', -1, null)]) {
      expect(wrong).toThrow('CHECK');
    }
    expect(insert('sold', 1, 'why')).toThrow('CHECK');
    expect(await store.find({ table: stock, limit: 9 })).toMatchObject([{ received: 5, corrected: 0 }]);
    await store.close();
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
      {
        productId: 'lamp',
        movement: 7,
        received: 10,
        reserved: 3,
        released: 1,
        sold: 2,
        returned: 1,
        corrected: 0,
        asOf: 'then',
      },
    ]);
  });

  it('counts each place in a queue as short, as the units set aside do, until the first scan', async () => {
    const file = join(mkdtempSync(join(folder, 'queue')), 'inventory.db');
    const { name, tables, migrations } = inventory;
    await SqliteStore.open({ name, file, tables: [], migrations: migrations.sqlite.slice(0, 5) }).close();
    new Database(file).exec("INSERT INTO backorder VALUES (7, 'lamp', 'ORDER_7', 2, 'saga')").close();

    const store = SqliteStore.open({ name, file, tables, migrations: migrations.sqlite });
    const rows = await store.find({ table: backorders, limit: 9 });
    await store.close();
    expect(rows).toEqual([
      { place: 7, productId: 'lamp', orderId: 'ORDER_7', quantity: 2, correlationId: 'saga', isShort: 1 },
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

    await store.transact({}, () => commitOf({ writes: [added(notices, notice(9))] }));

    const rows = await store.find({ table: notices, orderBy: ['position'], limit: 9 });
    await store.close();
    expect(rows).toEqual([
      ...left.map((position) => ({ ...notice(position), position })),
      { ...notice(9), position: 4 },
    ]);
  });
});

describe('a notice of an older program', () => {
  it('was never refused', async () => {
    const store = await upgraded(
      notification,
      `INSERT INTO notice VALUES ${['pending', 'sent'].map((status, n) => `(${n}, 'id ${n}', 'C', 'ORDER_${n}', 'OrderPlaced', 'log', '${status}', 'text', 'then', iif('${status}' = 'sent', 'then', NULL))`)}`,
    );
    const rows = await store.find({ table: deliveries, orderBy: ['position'], limit: 9 });
    await store.close();

    const refusals = rows.map((row) => [row.status, row.refusals, row.refusedAt, row.dueAt, row.lastError]);
    expect(refusals).toEqual([
      ['pending', 0, null, null, null],
      ['sent', 0, null, null, null],
    ]);
  });
});
