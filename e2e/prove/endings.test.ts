/** The books of a store in which orders have waited, were cancelled, given up and dispatched; each check goes red. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataFile } from '../../functions/engine.ts';
import { checksOf } from './checks.ts';
import { runEveryEnding } from './examples.ts';
import { readBooks } from './ledger.ts';

const folder = mkdtempSync(join(tmpdir(), 'saga-store-prove-test-'));
const dataDir = join(folder, 'data');
let copies = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => runEveryEnding(dataDir), 30_000);

function redIn(at: string): string[] {
  return checksOf(readBooks(at))
    .filter(({ differences }) => differences.length > 0)
    .map(({ name }) => name);
}

/** Changes a copy behind the store's back and gives the names of the checks that are red. */
function redAfter(file: string, ...statements: readonly string[]): string[] {
  copies += 1;
  const copy = join(folder, `copy-${copies}`);
  cpSync(dataDir, copy, { recursive: true });
  const db = new Database(dataFile(copy, file));
  db.pragma('ignore_check_constraints = ON');
  for (const sql of statements) db.exec(sql);
  db.close();
  return redIn(copy);
}

const STOCK = 'stock of PRODUCT_001';
const OUTCOME = 'each order has its outcome, waits for goods, or has a message on its way';
const DEADLINE = 'each order without its outcome has a deadline, and no other has one';
const EVENTS = 'orders say what their events say';
const SOLD = 'what is confirmed is sold';
const CONFIRMED = 'what is sold was confirmed';
const HELD = 'nothing is held, sold or waited for, for an order that was rejected or cancelled, or that nobody placed';
const GIVEN_BACK = 'what was given back belongs to an order that was rejected or cancelled';
const QUEUE = 'who waits is in the queue of each of his products, and nobody else is';
const FACTS = 'no notice without its fact';
const NOTICES = 'each fact that notification has read has exactly one notice';
const REMEMBERED = 'notification remembers every message of order-events that it has read';

function reservationIs(orderId: string, status: string): string {
  return `UPDATE reservation SET status = '${status}' WHERE order_id = '${orderId}'`;
}

describe('the books of a store with every ending', () => {
  it('are right, and say what waits', () => {
    const { orders, products } = readBooks(dataDir);

    expect(redIn(dataDir)).toEqual([]);
    expect(orders).toMatchObject({
      byStatus: { backordered: 1, cancelled: 2, confirmed: 3, rejected: 1 },
      waiting: { inventory: 0, order: 0 },
      queued: 1,
    });
    expect(products.map(({ productId, queued, moved }) => [productId, queued, moved.returned])).toEqual([
      ['PRODUCT_001', 50, 2],
      ['PRODUCT_002', 0, 0],
    ]);
  });

  it.each([
    [
      'a unit fewer that is waited for',
      ['UPDATE stock SET backordered = backordered - 1'],
      [STOCK, 'stock of PRODUCT_002'],
    ],
    ['a place in the queue too few', ["DELETE FROM backorder WHERE order_id = 'WAITING'"], [STOCK, QUEUE]],
    [
      'a place in the queue for somebody who has his goods',
      [
        "INSERT INTO backorder VALUES (NULL, 'PRODUCT_001', 'SOLD', 1, '')",
        "UPDATE stock SET backordered = 51 WHERE product_id = 'PRODUCT_001'",
      ],
      [QUEUE],
    ],
    ['an order that waits and is not waited for', [reservationIs('WAITING', 'released')], [OUTCOME, GIVEN_BACK, QUEUE]],
    ['an order that waits and was rejected here', [reservationIs('WAITING', 'rejected')], [OUTCOME, QUEUE]],
    ['a cancelled order that still waits', [reservationIs('GIVEN_UP', 'waiting')], [HELD, QUEUE]],
    ['a cancelled order that is still sold', [reservationIs('RETURNED', 'sold')], [STOCK, HELD]],
    ['a sale to an order that never was confirmed', [reservationIs('GIVEN_UP', 'sold')], [STOCK, CONFIRMED, HELD]],
    ['a return too few', ["DELETE FROM stock_movement WHERE kind = 'returned'"], [STOCK]],
    ['goods that came back from a rejected order', [reservationIs('EXPIRED', 'returned')], [GIVEN_BACK]],
    ['a confirmed order that was refused', [reservationIs('SOLD', 'refused')], [STOCK, SOLD, GIVEN_BACK]],
    ['a dispatched order that came back', [reservationIs('DISPATCHED', 'returned')], [STOCK, SOLD, GIVEN_BACK]],
  ])('are not right with %s', (_, statements, expected) => {
    expect(redAfter('inventory', ...statements)).toEqual(expected);
  });

  it.each([
    ['an order that waits for ever', "UPDATE orders SET due_at = NULL WHERE order_id = 'WAITING'", [DEADLINE]],
    ['a confirmed order that will be given up', "UPDATE orders SET due_at = 'x' WHERE order_id = 'SOLD'", [DEADLINE]],
    ['a departure without its event', "UPDATE orders SET dispatched_at = 'x' WHERE order_id = 'SOLD'", [EVENTS]],
    ['a departure that is forgotten', "UPDATE orders SET dispatched_at = NULL WHERE order_id = 'DISPATCHED'", [EVENTS]],
    [
      'an order that is cancelled after it was dispatched',
      `UPDATE outbox SET attributes = json_set(attributes, '$.type', 'OrderDispatched')
        WHERE subject = 'RETURNED' AND attributes ->> '$.type' = 'OrderConfirmed'`,
      [EVENTS, FACTS],
    ],
  ])('are not right with %s', (_, sql, expected) => {
    expect(redAfter('order', sql)).toEqual(expected);
  });
});

describe('a message that is set aside', () => {
  const forget = [
    "DELETE FROM inbox WHERE id = (SELECT notification_id FROM notice WHERE order_id = 'SOLD' AND fact = 'OrderConfirmed')",
    "DELETE FROM notice WHERE order_id = 'SOLD' AND fact = 'OrderConfirmed'",
  ];
  const positionOfIt = () => {
    const db = new Database(dataFile(dataDir, 'order'), { readonly: true });
    const sql = "SELECT position FROM outbox_message WHERE subject = 'SOLD' AND type = 'OrderConfirmed'";
    const position = Number(db.prepare(sql).pluck().get());
    db.close();
    return position;
  };
  const park = () => `INSERT INTO parked (key, number, topic, partition, position, attributes, value)
    VALUES ('SOLD', 1, 'order-events', 0, ${positionOfIt()}, '{}', '{}')`;
  const bury = (
    status: string,
  ) => `INSERT INTO dead_letter (letter, status, code, detail, fingerprint, attempts, replays,
    topic, partition, position, attributes, value, died_at)
    VALUES ('a', '${status}', 'failed', '', '', 1, 0, 'order-events', 0, ${positionOfIt()}, '{}', '{}', '')`;

  it('counts as not handled yet: parked, or dead until a person decides', () => {
    expect([redAfter('notification', ...forget, park()), redAfter('notification', ...forget, bury('open'))]).toEqual([
      [],
      [],
    ]);
  });

  it('counts as lost when it is in no place, or was handled after all', () => {
    const lost = redAfter('notification', ...forget);

    expect(lost).toEqual([NOTICES, REMEMBERED]);
    expect(redAfter('notification', ...forget, bury('replayed'))).toEqual(lost);
  });
});
