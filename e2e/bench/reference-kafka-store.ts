/** The stores of the reference for Kafka: a file for each function, and one flushed transaction for each step of a batch. */
import { join } from 'node:path';
import type Database from 'better-sqlite3';
import { type Line, openFile, ReferenceStock, type StockView } from './reference-stock.ts';
import { STATUS, type StoredOrder } from './reference-store.ts';

const ORDER_SCHEMA = `
  CREATE TABLE IF NOT EXISTS orders (number INTEGER PRIMARY KEY, status INTEGER NOT NULL, body TEXT NOT NULL);
`;
const INVENTORY_SCHEMA = `
  CREATE TABLE IF NOT EXISTS reservation (number INTEGER PRIMARY KEY, status INTEGER NOT NULL);
`;
const NOTIFICATION_SCHEMA = `
  CREATE TABLE IF NOT EXISTS notice (number INTEGER PRIMARY KEY, status INTEGER NOT NULL);
`;

/** An order between two steps. */
export interface Step {
  readonly number: number;
  readonly orderId: string;
  readonly lines: readonly Line[];
  status: number;
}

/** Every method that writes has flushed to disk when it returns. Orders of a batch are in no order. */
export class ReferenceKafkaStore {
  readonly #order: Database.Database;
  readonly #inventory: Database.Database;
  readonly #notification: Database.Database;
  readonly #stock: ReferenceStock;
  readonly #insertOrder: Database.Statement;
  readonly #insertReservation: Database.Statement;
  readonly #setStatus: Database.Statement;
  readonly #insertNotice: Database.Statement;

  constructor(folder: string) {
    this.#order = openFile(join(folder, 'order.db'), ORDER_SCHEMA);
    this.#inventory = openFile(join(folder, 'inventory.db'), INVENTORY_SCHEMA);
    this.#notification = openFile(join(folder, 'notification.db'), NOTIFICATION_SCHEMA);
    this.#stock = new ReferenceStock(this.#inventory);
    this.#insertOrder = this.#order.prepare('INSERT INTO orders (number, status, body) VALUES (?, 0, ?)');
    this.#insertReservation = this.#inventory.prepare('INSERT INTO reservation (number, status) VALUES (?, ?)');
    this.#setStatus = this.#order.prepare('UPDATE orders SET status = ? WHERE number = ?');
    this.#insertNotice = this.#notification.prepare('INSERT INTO notice (number, status) VALUES (?, ?)');
  }

  accept(orders: readonly StoredOrder[]): void {
    transact(this.#order, () => {
      for (const { number, body } of orders) this.#insertOrder.run(number, body);
    });
  }

  /** Takes all lines of each order out of the stock or none: a sale of its own would be a fifth transaction. */
  reserve(orders: readonly Step[]): void {
    transact(this.#inventory, () => {
      for (const order of orders) {
        const isHeld = this.#stock.hold(order.lines);
        if (isHeld) this.#stock.sell(order.lines);
        order.status = isHeld ? STATUS.reserved : STATUS.rejected;
        this.#insertReservation.run(order.number, order.status);
      }
      this.#stock.write();
    });
  }

  /** Confirms reserved orders. */
  confirm(orders: readonly Step[]): void {
    transact(this.#order, () => {
      for (const order of orders) {
        if (order.status === STATUS.reserved) order.status = STATUS.confirmed;
        this.#setStatus.run(order.status, order.number);
      }
    });
  }

  /** Writes one notice for each order. */
  notify(orders: readonly Step[]): void {
    transact(this.#notification, () => {
      for (const { number, status } of orders) this.#insertNotice.run(number, status);
    });
  }

  receive(productId: string, quantity: number, name: string): void {
    this.#stock.receive(productId, quantity, name);
    transact(this.#inventory, () => this.#stock.write());
  }

  /** The stock as it is on disk, not in memory. */
  stock(): readonly StockView[] {
    return this.#stock.view();
  }
}

/** Only the disk can fail here, and then the program stops. */
function transact(db: Database.Database, work: () => void): void {
  db.transaction(work).immediate();
}
