/** The ledger invariants of a store with orders in every state; changing one row of a copy violates each of them. */
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

function violatedIn(at: string): string[] {
  return checksOf(readBooks(at))
    .filter(({ differences }) => differences.length > 0)
    .map(({ name }) => name);
}

/** Changes a copy of the data and returns the names of the violated invariants. */
function violatedAfter(file: string, ...statements: readonly string[]): string[] {
  copies += 1;
  const copy = join(folder, `copy-${copies}`);
  cpSync(dataDir, copy, { recursive: true });
  const db = new Database(dataFile(copy, file));
  db.pragma('ignore_check_constraints = ON');
  for (const sql of statements) db.exec(sql);
  db.close();
  return violatedIn(copy);
}

const STOCK = 'stock of PRODUCT_001';
const OUTCOME = 'each order has an outcome, waits for goods, or has a message in flight';
const DEADLINE = 'each order without an outcome has a deadline, and no other order has one';
const EVENTS = 'each order agrees with its events';
const SOLD = 'the stock of each confirmed or dispatched order is sold';
const CONFIRMED = 'each sold reservation belongs to an order that was confirmed';
const HELD = 'no reservation is held, sold or waiting for an order that was rejected, cancelled or never placed';
const ENDED = 'each released, returned or refused reservation belongs to a rejected or cancelled order';
const QUEUE = 'each waiting order is in the queue of each of its products, and no other order is';
const SHORT = 'each waiting order is short of a product';
const FACTS = 'each notice has its fact';
const DUE = 'each notice is sent, has failed with its error, or is due';
const NOTICES = 'each fact that notification has read has exactly one notice';
const REMEMBERED = 'notification remembers every message of order-events that it has read';

function reservationIs(orderId: string, status: string): string {
  return `UPDATE reservation SET status = '${status}' WHERE order_id = '${orderId}'`;
}

describe('the ledger invariants of a store with orders in every state', () => {
  it('hold, and the ledger counts the waiting orders', () => {
    const { orders, products } = readBooks(dataDir);

    expect(violatedIn(dataDir)).toEqual([]);
    expect(orders).toMatchObject({
      byStatus: { backordered: 1, cancelled: 2, confirmed: 2, dispatched: 1, rejected: 1 },
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
      'a backordered count that is one too low',
      ['UPDATE stock SET backordered = backordered - 1'],
      [STOCK, 'stock of PRODUCT_002'],
    ],
    [
      'a correction of another quantity',
      ["UPDATE stock_movement SET quantity = -1 WHERE kind = 'corrected'"],
      ['stock of PRODUCT_002'],
    ],
    ['a missing correction', ["DELETE FROM stock_movement WHERE kind = 'corrected'"], ['stock of PRODUCT_002']],
    [
      'a receipt as a correction',
      ["UPDATE stock_movement SET kind = 'corrected' WHERE kind = 'received'"],
      [STOCK, 'stock of PRODUCT_002'],
    ],
    ['a missing place in the queue', ["DELETE FROM backorder WHERE order_id = 'WAITING'"], [STOCK, QUEUE, SHORT]],
    ['a waiting order that is short of nothing', ['UPDATE backorder SET is_short = 0'], [STOCK, SHORT]],
    [
      'a place in the queue for an order that has its goods',
      [
        "INSERT INTO backorder VALUES (NULL, 'PRODUCT_001', 'SOLD', 1, '', 1)",
        "UPDATE stock SET backordered = 51 WHERE product_id = 'PRODUCT_001'",
      ],
      [QUEUE],
    ],
    ['a waiting order whose reservation is released', [reservationIs('WAITING', 'released')], [OUTCOME, ENDED, QUEUE]],
    ['a waiting order whose reservation is rejected', [reservationIs('WAITING', 'rejected')], [OUTCOME, QUEUE]],
    ['a cancelled order whose reservation still waits', [reservationIs('GIVEN_UP', 'waiting')], [HELD, QUEUE, SHORT]],
    ['a cancelled order whose stock is still sold', [reservationIs('RETURNED', 'sold')], [STOCK, HELD]],
    ['a sale to an order that was never confirmed', [reservationIs('GIVEN_UP', 'sold')], [STOCK, CONFIRMED, HELD]],
    ['a missing return', ["DELETE FROM stock_movement WHERE kind = 'returned'"], [STOCK]],
    ['a confirmed order whose reservation is refused', [reservationIs('SOLD', 'refused')], [STOCK, SOLD, ENDED]],
    ['a dispatched order whose stock is returned', [reservationIs('DISPATCHED', 'returned')], [STOCK, SOLD, ENDED]],
  ])('are violated by %s', (_, statements, expected) => {
    expect(violatedAfter('inventory', ...statements)).toEqual(expected);
  });

  it.each([
    ['a waiting order without a deadline', "UPDATE orders SET due_at = NULL WHERE order_id = 'WAITING'", [DEADLINE]],
    ['a confirmed order with a deadline', "UPDATE orders SET due_at = 'x' WHERE order_id = 'SOLD'", [DEADLINE]],
    [
      'a dispatch without its event',
      "UPDATE orders SET status = 'dispatched', dispatched_at = 'x' WHERE order_id = 'SOLD'",
      [EVENTS],
    ],
    [
      'a confirmed order with a dispatch time',
      "UPDATE orders SET dispatched_at = 'x' WHERE order_id = 'SOLD'",
      [EVENTS],
    ],
    [
      'a dispatched order without a dispatch time',
      "UPDATE orders SET dispatched_at = NULL WHERE order_id = 'DISPATCHED'",
      [EVENTS],
    ],
    [
      'an order that is cancelled after its dispatch',
      `UPDATE outbox SET attributes = json_set(attributes, '$[2]', 'OrderDispatched')
        WHERE subject = 'RETURNED' AND attributes ->> '$[2]' = 'OrderConfirmed'`,
      [EVENTS, FACTS],
    ],
  ])('are violated by %s', (_, sql, expected) => {
    expect(violatedAfter('order', sql)).toEqual(expected);
  });
});

describe('a notice', () => {
  const set = (changes: string) => `UPDATE notice SET ${changes} WHERE order_id = 'SOLD' AND fact = 'OrderConfirmed'`;
  const unsent = "sent_at = NULL, refusals = 1, last_error = 'no'";

  it.each([
    ['waits for its next attempt', `${unsent}, status = 'pending', due_at = '2030-01-01T00:00:00.000Z'`],
    ['has failed', `${unsent}, status = 'failed'`],
  ])('violates no invariant when it %s', (_, changes) => {
    expect(violatedAfter('notification', set(changes))).toEqual([]);
  });

  it.each([
    ['is never tried again', `${unsent}, status = 'pending'`],
    ['has failed without an error', "sent_at = NULL, status = 'failed'"],
    ['is sent without a time', 'sent_at = NULL'],
  ])('violates an invariant when it %s', (_, changes) => {
    expect(violatedAfter('notification', set(changes))).toEqual([DUE]);
  });
});

describe('a message that was read and has no effect', () => {
  const forget = [
    "DELETE FROM inbox WHERE id = (SELECT notification_id FROM notice WHERE order_id = 'SOLD' AND fact = 'OrderConfirmed')",
    "DELETE FROM notice WHERE order_id = 'SOLD' AND fact = 'OrderConfirmed'",
  ];
  const positionOfMessage = () => {
    const db = new Database(dataFile(dataDir, 'order'), { readonly: true });
    const sql = "SELECT position FROM outbox_message WHERE subject = 'SOLD' AND type = 'OrderConfirmed'";
    const position = Number(db.prepare(sql).pluck().get());
    db.close();
    return position;
  };
  const park = () => `INSERT INTO parked (key, number, topic, partition, position, attributes, value)
    VALUES ('SOLD', 1, 'order-events', 0, ${positionOfMessage()}, '{}', '{}')`;
  const deadLetter = (
    status: string,
  ) => `INSERT INTO dead_letter (letter, status, code, detail, fingerprint, attempts, replays,
    topic, partition, position, attributes, value, died_at)
    VALUES ('a', '${status}', 'failed', '', '', 1, 0, 'order-events', 0, ${positionOfMessage()}, '{}', '{}', '')`;

  it('violates no invariant while it is parked or an open dead letter', () => {
    const parked = violatedAfter('notification', ...forget, park());
    const dead = violatedAfter('notification', ...forget, deadLetter('open'));

    expect([parked, dead]).toEqual([[], []]);
  });

  it('is reported as lost when it is neither, or its dead letter was replayed', () => {
    const lost = violatedAfter('notification', ...forget);

    expect(lost).toEqual([NOTICES, REMEMBERED]);
    expect(violatedAfter('notification', ...forget, deadLetter('replayed'))).toEqual(lost);
  });
});
