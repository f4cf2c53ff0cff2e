/** The books of a real data folder are right; each check goes red when one row of a copy is changed. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { dataFile } from '../../functions/engine.ts';
import { checksOf } from './checks.ts';
import { append, run, runThreeOrders } from './examples.ts';
import { readBooks } from './ledger.ts';

const folder = mkdtempSync(join(tmpdir(), 'saga-store-prove-test-'));
const dataDir = join(folder, 'data');
let copies = 0;

afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(() => runThreeOrders(dataDir));

function copyOf(at: string): string {
  copies += 1;
  const copy = join(folder, `copy-${copies}`);
  cpSync(at, copy, { recursive: true });
  return copy;
}

/** Changes a copy behind the store's back and gives the names of the checks that are red. */
function redAfter(file: string, sql: string): string[] {
  const copy = copyOf(dataDir);
  const db = new Database(file === 'commands' ? join(copy, 'topics', 'order-commands.db') : dataFile(copy, file));
  db.pragma('ignore_check_constraints = ON');
  db.exec(sql);
  db.close();
  return redIn(copy);
}

function redIn(at: string): string[] {
  return checksOf(readBooks(at))
    .filter(({ differences }) => differences.length > 0)
    .map(({ name }) => name);
}

const STOCK = 'stock of PRODUCT_001';
const OUTCOME = 'each order has its outcome, waits for goods, or has a message on its way';
const DEADLINE = 'each order without its outcome has a deadline, and no other has one';
const EVENTS = 'orders say what their events say';
const TOTALS = 'totals of orders are the sums of their lines';
const SOLD = 'what is confirmed is sold';
const CONFIRMED = 'what is sold was confirmed';
const HELD = 'nothing is held, sold or waited for, for an order that was rejected or cancelled, or that nobody placed';
const GIVEN_BACK = 'what was given back belongs to an order that was rejected or cancelled';
const LINES = 'reservations have the lines of their orders';
const MOVEMENTS = 'each movement names the message that caused it, and happens once';
const NOTICES = 'each fact that notification has read has exactly one notice';
const FACTS = 'no notice without its fact';

describe('the books of a store that ran', () => {
  it('are right', () => {
    expect(redIn(dataDir)).toEqual([]);
  });

  it.each(['no JSON', 'null', '[]', '{}'])('can be read when the outside world has sent %s', (attributes) => {
    expect(redAfter('commands', `UPDATE outbox SET attributes = '${attributes}' WHERE position = 2`)).toEqual([]);
  });

  it.each([
    [
      'a unit more on hand',
      'inventory',
      "UPDATE stock SET on_hand = on_hand + 1 WHERE product_id = 'PRODUCT_001'",
      [STOCK],
    ],
    ['a unit held for nobody', 'inventory', "UPDATE stock SET reserved = 1 WHERE product_id = 'PRODUCT_001'", [STOCK]],
    [
      'a movement of another size',
      'inventory',
      "UPDATE stock_movement SET quantity = 9 WHERE kind = 'sold' AND order_id = 'ORDER_A'",
      [STOCK],
    ],
    [
      'a movement too few',
      'inventory',
      "DELETE FROM stock_movement WHERE kind = 'received' AND product_id = 'PRODUCT_002'",
      ['stock of PRODUCT_002'],
    ],
    ['a product that is gone', 'inventory', "DELETE FROM stock WHERE product_id = 'PRODUCT_001'", [STOCK]],
    [
      'a movement without a cause',
      'inventory',
      "UPDATE stock_movement SET caused_by = 'x' WHERE kind = 'sold' AND order_id = 'ORDER_A'",
      [MOVEMENTS],
    ],
    [
      'an order that hangs',
      'order',
      "UPDATE orders SET status = 'placed' WHERE order_id = 'ORDER_A'",
      [OUTCOME, DEADLINE, EVENTS, CONFIRMED],
    ],
    ['an order that is gone', 'order', "DELETE FROM orders WHERE order_id = 'ORDER_C'", [EVENTS, CONFIRMED]],
    [
      'an outcome without its event',
      'order',
      "DELETE FROM outbox WHERE attributes ->> '$.type' = 'OrderRejected'",
      [
        EVENTS,
        FACTS,
        'inventory handled nothing that was never sent',
        'notification handled nothing that was never sent',
        'the outbox of order has no gap and no id twice',
      ],
    ],
    [
      'an event twice',
      'order',
      "UPDATE outbox SET attributes = json_set(attributes, '$.type', 'OrderConfirmed') WHERE attributes ->> '$.type' = 'OrderPlaced' AND subject = 'ORDER_A'",
      [EVENTS, FACTS],
    ],
    [
      'a message id twice',
      'order',
      "UPDATE outbox SET attributes = json_set(attributes, '$.id', (SELECT id FROM outbox_message WHERE position = 1)) WHERE position = 2",
      [
        'inventory handled nothing that was never sent',
        'notification handled nothing that was never sent',
        'the outbox of order has no gap and no id twice',
      ],
    ],
    ['another total', 'order', "UPDATE orders SET total_minor = 1 WHERE order_id = 'ORDER_A'", [TOTALS]],
    [
      'a sale that was given back',
      'inventory',
      "UPDATE reservation SET status = 'released' WHERE order_id = 'ORDER_A'",
      [STOCK, SOLD, GIVEN_BACK],
    ],
    [
      'a rejected order that holds',
      'inventory',
      "UPDATE reservation SET status = 'held' WHERE order_id = 'ORDER_B'",
      [HELD, LINES],
    ],
    ['stock held for nobody', 'inventory', "INSERT INTO reservation VALUES ('ORDER_X', 'held', '[]', '')", [HELD]],
    [
      'a reservation of something else',
      'inventory',
      "UPDATE reservation SET lines = replace(lines, 'PRODUCT_001', 'PRODUCT_002') WHERE order_id = 'ORDER_A'",
      [STOCK, 'stock of PRODUCT_002', LINES],
    ],
    [
      'a notice too few',
      'notification',
      "DELETE FROM notice WHERE fact = 'OrderConfirmed' AND order_id = 'ORDER_C'",
      [NOTICES],
    ],
    [
      'a notice to somebody else',
      'notification',
      "UPDATE notice SET customer_id = 'X' WHERE fact = 'OrderPlaced' AND order_id = 'ORDER_C'",
      [NOTICES],
    ],
    [
      'a notice of nothing',
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
      ['order has read what there is in inventory-events, at most'],
    ],
    [
      'a command that is gone',
      'commands',
      'DELETE FROM outbox WHERE position = 2',
      ['the outbox of commands has no gap'],
    ],
  ] as const)('are not right with %s', (_, file, sql, expected) => {
    expect(redAfter(file, sql)).toEqual(expected);
  });
});

describe('the books of a store in which messages are on their way', () => {
  const waiting = join(folder, 'waiting');
  const look = () => [readBooks(waiting).orders.waiting, redIn(waiting)];

  it('are right at every step', async () => {
    await append(waiting, ['ORDER_A', 3]);
    await run(waiting, ['order'], ({ orders }) => orders.byStatus['placed'] === 1);
    expect(look()).toEqual([{ inventory: 1, order: 0 }, []]);

    await run(waiting, ['inventory'], ({ orders }) => orders.waiting.inventory === 0);
    expect(look()).toEqual([{ inventory: 0, order: 1 }, []]);

    await run(waiting, ['order'], ({ orders }) => orders.byStatus['confirmed'] === 1);
    expect(look()).toEqual([{ inventory: 0, order: 0 }, []]);
  });
});
