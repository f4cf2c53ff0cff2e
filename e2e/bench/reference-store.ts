/**
 * The store of the minimal reference: one SQLite file, four steps, one flushed transaction for each step of a batch.
 *
 * Orders have consecutive numbers, so each later step is a few statements over a range, for any batch size. The text of
 * the client is stored unchanged: it was validated, and needs no second form.
 */
import assert from 'node:assert/strict';
import type Database from 'better-sqlite3';
import { type Line, openFile, ReferenceStock, type StockView } from './reference-stock.ts';

export const STATUS = { placed: 0, reserved: 1, confirmed: 2, rejected: 3 } as const;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS orders (number INTEGER PRIMARY KEY, status INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS notice (number INTEGER PRIMARY KEY, status INTEGER NOT NULL);
`;

export interface StoredOrder {
  readonly number: number;
  readonly body: string;
  readonly lines: readonly Line[];
  status: number;
}

export interface UnfinishedOrder {
  readonly number: number;
  readonly status: number;
  readonly body: string;
}

/** Every method that writes has flushed to disk when it returns. Batches are ordered by number. */
export class ReferenceStore {
  readonly #db: Database.Database;
  readonly #begin: Database.Statement;
  readonly #commit: Database.Statement;
  readonly #insertOrder: Database.Statement;
  readonly #setStatus: Database.Statement;
  readonly #setStatuses: Database.Statement;
  readonly #insertNotices: Database.Statement;
  readonly #stock: ReferenceStock;

  constructor(file: string) {
    const db = openFile(file, SCHEMA);
    this.#db = db;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#insertOrder = db.prepare('INSERT INTO orders (number, status, body) VALUES (?, 0, ?)');
    this.#setStatus = db.prepare('UPDATE orders SET status = ? WHERE number = ?');
    this.#setStatuses = db.prepare('UPDATE orders SET status = ? WHERE number BETWEEN ? AND ? AND status < 3');
    this.#insertNotices = db.prepare(
      'INSERT INTO notice (number, status) SELECT number, status FROM orders WHERE number BETWEEN ? AND ?',
    );
    this.#stock = new ReferenceStock(db);
  }

  accept(orders: readonly StoredOrder[]): void {
    this.#transact(() => {
      for (const order of orders) this.#insertOrder.run(order.number, order.body);
    });
  }

  /** Reserves all lines of each order or none, and sets the order's status. */
  reserve(orders: readonly StoredOrder[]): void {
    this.#transact(() => {
      for (const order of orders) {
        order.status = this.#stock.hold(order.lines) ? STATUS.reserved : STATUS.rejected;
        if (order.status === STATUS.rejected) this.#setStatus.run(STATUS.rejected, order.number);
      }
      this.#setStatuses.run(STATUS.reserved, ...rangeOf(orders));
      this.#stock.write();
    });
  }

  /** Confirms reserved orders, and takes their goods out of the stock. */
  confirm(orders: readonly StoredOrder[]): void {
    this.#transact(() => {
      for (const order of orders) {
        if (order.status !== STATUS.reserved) continue;
        this.#stock.sell(order.lines);
        order.status = STATUS.confirmed;
      }
      this.#setStatuses.run(STATUS.confirmed, ...rangeOf(orders));
      this.#stock.write();
    });
  }

  /** Writes one notice for each order. */
  notify(orders: readonly StoredOrder[]): void {
    this.#transact(() => this.#insertNotices.run(...rangeOf(orders)));
  }

  receive(productId: string, quantity: number, name: string): void {
    this.#stock.receive(productId, quantity, name);
    this.#transact(() => this.#stock.write());
  }

  /** The stock as it is on disk, not in memory. */
  stock(): readonly StockView[] {
    return this.#stock.view();
  }

  /** Orders without a notice, by number: the work interrupted by a crash. */
  unfinished(): readonly UnfinishedOrder[] {
    const sql = 'SELECT * FROM orders WHERE number > (SELECT coalesce(max(number), 0) FROM notice) ORDER BY number';
    return this.#db.prepare(sql).all() as UnfinishedOrder[];
  }

  lastNumber(): number {
    return this.#db.prepare('SELECT coalesce(max(number), 0) FROM orders').pluck().get() as number;
  }

  close(): void {
    this.#db.close();
  }

  /** Only the disk can fail here. Then the program stops, and its next start resumes the work. */
  #transact(work: () => void): void {
    this.#begin.run();
    work();
    this.#commit.run();
  }
}

/** Each batch is consecutive: every step takes all waiting orders, and all orders pass through every step. */
function rangeOf(orders: readonly StoredOrder[]): [number, number] {
  const first = orders[0]?.number ?? 0;
  const last = orders.at(-1)?.number ?? -1;
  assert.equal(last - first + 1, orders.length, `orders ${first} to ${last} are not consecutive`);
  return [first, last];
}
