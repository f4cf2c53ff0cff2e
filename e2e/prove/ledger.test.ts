/** The ledger invariants of a real data folder hold; changing one row of a copy violates each of them. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataFile } from '../../functions/engine.ts';
import { checksOf } from './checks.ts';
import { append, run, runThreeOrders } from './examples.ts';
import { readBooks } from './ledger.ts';
import { readings } from './prepare.ts';

const folder = mkdtempSync(join(tmpdir(), 'saga-store-prove-test-'));
const dataDir = join(folder, 'data');
let copies = 0;
/** The invariant of each reader of order's topic about messages that order did not send. */
const UNSENT = readings
  .filter(({ schema }) => schema === 'order')
  .map(({ consumer }) => `${consumer} handled only messages that were sent`);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => runThreeOrders(dataDir));

function copyOf(at: string): string {
  copies += 1;
  const copy = join(folder, `copy-${copies}`);
  cpSync(at, copy, { recursive: true });
  return copy;
}

/** Changes a copy of the data and returns the names of the violated invariants. */
function violatedAfter(file: string, sql: string): string[] {
  const copy = copyOf(dataDir);
  const db = new Database(file === 'commands' ? join(copy, 'topics', 'order-commands.db') : dataFile(copy, file));
  db.pragma('ignore_check_constraints = ON');
  db.exec(sql);
  db.close();
  return violatedIn(copy);
}

function violatedIn(at: string): string[] {
  return checksOf(readBooks(at))
    .filter(({ differences }) => differences.length > 0)
    .map(({ name }) => name);
}

const STOCK = 'stock of PRODUCT_001';
const OUTCOME = 'each order has an outcome, waits for goods, or has a message in flight';
const DEADLINE = 'each order without an outcome has a deadline, and no other order has one';
const EVENTS = 'each order agrees with its events';
const TOTALS = 'the total of each order is the sum of its lines';
const SOLD = 'the stock of each confirmed or dispatched order is sold';
const CONFIRMED = 'each sold reservation belongs to an order that was confirmed';
const HELD = 'no reservation is held, sold or waiting for an order that was rejected, cancelled or never placed';
const ENDED = 'each released, returned or refused reservation belongs to a rejected or cancelled order';
const LINES = 'each reservation has the lines of its order';
const MOVEMENTS = 'each movement names the message that caused it, and happens once';
const NOTICES = 'each fact that notification has read has exactly one notice';
const FACTS = 'each notice has its fact';

describe('the ledger invariants of a store that ran', () => {
  it('hold', () => {
    expect(violatedIn(dataDir)).toEqual([]);
  });

  it.each(['no JSON', 'null', '[]', '{}'])('hold when a client has sent the attributes %s', (attributes) => {
    expect(violatedAfter('commands', `UPDATE outbox SET attributes = '${attributes}' WHERE position = 2`)).toEqual([]);
  });

  it.each([
    [
      'a unit too many on hand',
      'inventory',
      "UPDATE stock SET on_hand = on_hand + 1 WHERE product_id = 'PRODUCT_001'",
      [STOCK],
    ],
    [
      'a reserved unit without a reservation',
      'inventory',
      "UPDATE stock SET reserved = 1 WHERE product_id = 'PRODUCT_001'",
      [STOCK],
    ],
    [
      'a movement with another quantity',
      'inventory',
      "UPDATE stock_movement SET quantity = 9 WHERE kind = 'sold' AND order_id = 'ORDER_A'",
      [STOCK],
    ],
    [
      'a missing movement',
      'inventory',
      "DELETE FROM stock_movement WHERE kind = 'received' AND product_id = 'PRODUCT_002'",
      ['stock of PRODUCT_002'],
    ],
    ['a missing product', 'inventory', "DELETE FROM stock WHERE product_id = 'PRODUCT_001'", [STOCK]],
    [
      'a movement without a cause',
      'inventory',
      "UPDATE stock_movement SET caused_by = 'x' WHERE kind = 'sold' AND order_id = 'ORDER_A'",
      [MOVEMENTS],
    ],
    [
      'an order without an outcome',
      'order',
      "UPDATE orders SET status = 'placed' WHERE order_id = 'ORDER_A'",
      [OUTCOME, DEADLINE, EVENTS, CONFIRMED],
    ],
    ['a missing order', 'order', "DELETE FROM orders WHERE order_id = 'ORDER_C'", [EVENTS, CONFIRMED]],
    [
      'an outcome without its event',
      'order',
      "DELETE FROM outbox WHERE attributes ->> '$[2]' = 'OrderRejected'",
      [
        EVENTS,
        FACTS,
        'inventory handled only messages that were sent',
        'notification handled only messages that were sent',
        'the outbox of order has no gap and no duplicate id',
      ],
    ],
    [
      'a duplicate event',
      'order',
      "UPDATE outbox SET attributes = json_set(attributes, '$[2]', 'OrderConfirmed') WHERE attributes ->> '$[2]' = 'OrderPlaced' AND subject = 'ORDER_A'",
      [EVENTS, FACTS],
    ],
    [
      'a duplicate message id',
      'order',
      "UPDATE outbox SET attributes = json_set(attributes, '$[0]', (SELECT id FROM outbox_message WHERE position = 1)) WHERE position = 2",
      [...UNSENT, 'the outbox of order has no gap and no duplicate id'],
    ],
    ['a wrong total', 'order', "UPDATE orders SET total_minor = 1 WHERE order_id = 'ORDER_A'", [TOTALS]],
    [
      'a confirmed order whose stock is released',
      'inventory',
      "UPDATE reservation SET status = 'released' WHERE order_id = 'ORDER_A'",
      [STOCK, SOLD, ENDED],
    ],
    [
      'a rejected order whose stock is held',
      'inventory',
      "UPDATE reservation SET status = 'held' WHERE order_id = 'ORDER_B'",
      [HELD, LINES],
    ],
    [
      'stock held for a missing order',
      'inventory',
      "INSERT INTO reservation VALUES ('ORDER_X', 'held', '[]', '')",
      [HELD],
    ],
    [
      'a reservation of another product',
      'inventory',
      "UPDATE reservation SET lines = replace(lines, 'PRODUCT_001', 'PRODUCT_002') WHERE order_id = 'ORDER_A'",
      [STOCK, 'stock of PRODUCT_002', LINES],
    ],
    [
      'a missing notice',
      'notification',
      "DELETE FROM notice WHERE fact = 'OrderConfirmed' AND order_id = 'ORDER_C'",
      [NOTICES],
    ],
    [
      'a notice to another customer',
      'notification',
      "UPDATE notice SET customer_id = 'X' WHERE fact = 'OrderPlaced' AND order_id = 'ORDER_C'",
      [NOTICES],
    ],
    [
      'a notice without its fact',
      'notification',
      "UPDATE notice SET order_id = 'ORDER_X' WHERE order_id = 'ORDER_B' AND fact = 'OrderRejected'",
      [NOTICES, FACTS],
    ],
    [
      'a message that inventory skipped',
      'inventory',
      "DELETE FROM inbox WHERE id = (SELECT caused_by FROM stock_movement WHERE kind = 'sold' LIMIT 1)",
      [MOVEMENTS, 'inventory remembers every message of order-events that it has read'],
    ],
    [
      'a message that notification skipped',
      'notification',
      'DELETE FROM inbox WHERE id = (SELECT max(id) FROM inbox)',
      ['notification remembers every message of order-events that it has read'],
    ],
    [
      'a message that order skipped',
      'order',
      "DELETE FROM inbox WHERE id = (SELECT max(id) FROM inbox WHERE source = '/inventory')",
      ['order remembers every message of inventory-events that it has read'],
    ],
    [
      'a command that order skipped',
      'order',
      "DELETE FROM inbox WHERE id = 'ORDER_A'",
      ['order remembers every message of order-commands that it has read'],
    ],
    [
      'a message handled twice',
      'order',
      "INSERT INTO inbox SELECT 'again', source, id, fingerprint, seen_day FROM inbox WHERE id = 'ORDER_A'",
      ['order handled no message twice'],
    ],
    [
      'a position past the end',
      'order',
      "UPDATE position SET position = 1000 WHERE topic = 'inventory-events'",
      ['order has not read past the end of inventory-events'],
    ],
    ['a missing command', 'commands', 'DELETE FROM outbox WHERE position = 2', ['the outbox of commands has no gap']],
  ] as const)('are violated by %s', (_, file, sql, expected) => {
    expect(violatedAfter(file, sql)).toEqual(expected);
  });
});

describe('the ledger invariants of a store whose clock has leapt', () => {
  /** Turns round every time in the data of a function: what came last bears the earliest one. */
  const turned = (...columns: readonly (readonly [table: string, column: string, order: string])[]) =>
    columns
      .map(
        ([table, column, order]) =>
          `UPDATE ${table} SET ${column} = strftime('%Y-%m-%dT%H:%M:%fZ', 4102444800 - 86400 * ${order}, 'unixepoch');`,
      )
      .join('');
  const OUTBOX = `UPDATE outbox SET attributes = json_set(attributes, '$[3]',
    strftime('%Y-%m-%dT%H:%M:%fZ', 4102444800 - 86400 * position, 'unixepoch'));`;
  const PRUNED = 'DELETE FROM outbox WHERE position <= 1;';

  it.each([
    ['order', turned(['orders', 'placed_at', 'sequence'], ['orders', 'updated_at', 'sequence'])],
    ['order', OUTBOX],
    ['order', `${PRUNED} ${OUTBOX}`],
    [
      'order',
      `${PRUNED} UPDATE orders SET updated_at = '2099-01-01T00:00:00.000Z', placed_at = '1970-01-01T00:00:00.000Z'`,
    ],
    [
      'order',
      `DELETE FROM outbox WHERE position < (SELECT max(position) FROM outbox);
        UPDATE orders SET updated_at = '2099-01-01T00:00:00.000Z'`,
    ],
    ['inventory', OUTBOX + turned(['stock_movement', 'at', 'movement'], ['reservation', 'updated_at', '1'])],
    ['notification', turned(['notice', 'created_at', 'position'], ['notice', 'sent_at', 'position'])],
  ])('hold: %s %#', (file, sql) => {
    expect(violatedAfter(file, sql)).toEqual([]);
  });

  it('are violated by an order without events when an older one still has its first, whatever their times say', () => {
    const sql = `${PRUNED} DELETE FROM outbox WHERE subject = 'ORDER_C'; UPDATE orders SET updated_at = '1970-01-01T00:00:00.000Z'`;

    expect(violatedAfter('order', sql)).toEqual([EVENTS, 'the outbox of order has no gap and no duplicate id']);
  });

  it('rest on orders being stored in the order of their first events', () => {
    const db = new Database(dataFile(dataDir, 'order'), { readonly: true });
    const places = db
      .prepare(
        `SELECT m.position FROM orders o JOIN outbox_message m ON m.subject = o.order_id AND m.type = 'OrderPlaced'
          ORDER BY o.sequence`,
      )
      .pluck()
      .all() as number[];
    db.close();

    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places.length).toBe(3);
  });
});

describe('the ledger invariants of a store with messages in flight', () => {
  const waiting = join(folder, 'waiting');
  const findings = () => [readBooks(waiting).orders.waiting, violatedIn(waiting)];

  it('hold at every step', async () => {
    await append(waiting, ['ORDER_A', 3]);
    await run(waiting, ['order'], ({ orders }) => orders.byStatus['placed'] === 1);
    expect(findings()).toEqual([{ inventory: 1, order: 0 }, []]);

    await run(waiting, ['inventory'], ({ orders }) => orders.waiting.inventory === 0);
    expect(findings()).toEqual([{ inventory: 0, order: 1 }, []]);

    await run(waiting, ['order'], ({ orders }) => orders.byStatus['confirmed'] === 1);
    expect(findings()).toEqual([{ inventory: 0, order: 0 }, []]);
  });
});
