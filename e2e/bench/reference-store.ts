/**
 * The store of the minimal reference: one SQLite file, four steps, one flushed transaction for each step of a batch.
 *
 * Orders have consecutive numbers, so each later step is a few statements over a range, for any batch size. The text of
 * the client is stored unchanged: it was validated, and needs no second form.
 */
import assert from 'node:assert/strict';
import Database from 'better-sqlite3';

const PRAGMAS = [
  'journal_mode = WAL',
  'synchronous = FULL',
  'locking_mode = EXCLUSIVE',
  'wal_autocheckpoint = 8000',
  'cache_size = -65536',
];
const SYNCHRONOUS_FULL = 2;

export const STATUS = { placed: 0, reserved: 1, confirmed: 2, rejected: 3 } as const;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS orders (number INTEGER PRIMARY KEY, status INTEGER NOT NULL, body TEXT NOT NULL);
  CREATE TABLE IF NOT EXISTS notice (number INTEGER PRIMARY KEY, status INTEGER NOT NULL);
  CREATE TABLE IF NOT EXISTS stock (
    product TEXT PRIMARY KEY, name TEXT NOT NULL, received INTEGER NOT NULL, on_hand INTEGER NOT NULL,
    reserved INTEGER NOT NULL CHECK (reserved BETWEEN 0 AND on_hand), CHECK (received >= on_hand)
  ) WITHOUT ROWID;
`;

export interface Line {
  readonly productId: string;
  readonly quantity: number;
}

export interface StoredOrder {
  readonly number: number;
  readonly body: string;
  readonly lines: readonly Line[];
  status: number;
}

interface Level {
  readonly name: string;
  received: number;
  onHand: number;
  reserved: number;
}

export interface StockView {
  readonly productId: string;
  readonly name: string;
  readonly received: number;
  readonly onHand: number;
  readonly reserved: number;
  readonly available: number;
  readonly sold: number;
}

export interface Counts {
  readonly confirmed: number;
  readonly rejected: number;
  readonly open: number;
  readonly notices: number;
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
  readonly #writeLevel: Database.Statement;
  readonly #levels: Map<string, Level>;

  constructor(file: string) {
    const db = new Database(file);
    for (const pragma of PRAGMAS) db.pragma(pragma);
    db.exec(SCHEMA);
    // In WAL mode the pragma returns the real value only after a write.
    db.pragma('user_version = 1');
    assert.equal(db.pragma('synchronous', { simple: true }), SYNCHRONOUS_FULL, 'every commit has to be flushed');

    this.#db = db;
    this.#begin = db.prepare('BEGIN IMMEDIATE');
    this.#commit = db.prepare('COMMIT');
    this.#insertOrder = db.prepare('INSERT INTO orders (number, status, body) VALUES (?, 0, ?)');
    this.#setStatus = db.prepare('UPDATE orders SET status = ? WHERE number = ?');
    this.#setStatuses = db.prepare('UPDATE orders SET status = ? WHERE number BETWEEN ? AND ? AND status < 3');
    this.#insertNotices = db.prepare(
      'INSERT INTO notice (number, status) SELECT number, status FROM orders WHERE number BETWEEN ? AND ?',
    );
    this.#writeLevel = db.prepare('INSERT OR REPLACE INTO stock VALUES (?, ?, ?, ?, ?)');
    this.#levels = readLevels(db);
  }

  accept(orders: readonly StoredOrder[]): void {
    this.#transact(() => {
      for (const order of orders) this.#insertOrder.run(order.number, order.body);
    });
  }

  /** Reserves all lines of each order or none, and sets the order's status. */
  reserve(orders: readonly StoredOrder[]): void {
    this.#transact(() => {
      const changed = new Set<string>();
      for (const order of orders) {
        order.status = hold(this.#levels, order.lines, changed) ? STATUS.reserved : STATUS.rejected;
        if (order.status === STATUS.rejected) this.#setStatus.run(STATUS.rejected, order.number);
      }
      this.#setStatuses.run(STATUS.reserved, ...rangeOf(orders));
      this.#writeLevels(changed);
    });
  }

  /** Confirms reserved orders, and takes their goods out of the stock. */
  confirm(orders: readonly StoredOrder[]): void {
    this.#transact(() => {
      const changed = new Set<string>();
      for (const order of orders) {
        if (order.status !== STATUS.reserved) continue;
        sell(this.#levels, order.lines, changed);
        order.status = STATUS.confirmed;
      }
      this.#setStatuses.run(STATUS.confirmed, ...rangeOf(orders));
      this.#writeLevels(changed);
    });
  }

  /** Writes one notice for each order. */
  notify(orders: readonly StoredOrder[]): void {
    this.#transact(() => this.#insertNotices.run(...rangeOf(orders)));
  }

  receive(productId: string, quantity: number, name: string): void {
    const level = this.#levels.get(productId) ?? { name, received: 0, onHand: 0, reserved: 0 };
    level.received += quantity;
    level.onHand += quantity;
    this.#levels.set(productId, level);
    this.#transact(() => this.#writeLevels(new Set([productId])));
  }

  /** The stock as it is on disk, not in memory. */
  stock(): readonly StockView[] {
    return [...readLevels(this.#db)].map(([productId, level]) => view(productId, level));
  }

  counts(): Counts {
    const count = (sql: string) => this.#db.prepare(sql).pluck().get() as number;
    return {
      confirmed: count('SELECT count(*) FROM orders WHERE status = 2'),
      rejected: count('SELECT count(*) FROM orders WHERE status = 3'),
      open: count('SELECT count(*) FROM orders WHERE status < 2'),
      notices: count('SELECT count(*) FROM notice'),
    };
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

  #writeLevels(changed: ReadonlySet<string>): void {
    for (const product of changed) {
      const { name, received, onHand, reserved } = this.#levels.get(product) as Level;
      this.#writeLevel.run(product, name, received, onHand, reserved);
    }
  }
}

/** Each batch is consecutive: every step takes all waiting orders, and all orders pass through every step. */
function rangeOf(orders: readonly StoredOrder[]): [number, number] {
  const first = orders[0]?.number ?? 0;
  const last = orders.at(-1)?.number ?? -1;
  assert.equal(last - first + 1, orders.length, `orders ${first} to ${last} are not consecutive`);
  return [first, last];
}

function hold(levels: ReadonlyMap<string, Level>, lines: readonly Line[], changed: Set<string>): boolean {
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] as Line;
    const level = levels.get(line.productId);
    if (level === undefined || level.onHand - level.reserved < line.quantity) {
      for (const held of lines.slice(0, at)) (levels.get(held.productId) as Level).reserved -= held.quantity;
      return false;
    }
    level.reserved += line.quantity;
    changed.add(line.productId);
  }
  return true;
}

function sell(levels: ReadonlyMap<string, Level>, lines: readonly Line[], changed: Set<string>): void {
  for (const line of lines) {
    const level = levels.get(line.productId) as Level;
    level.onHand -= line.quantity;
    level.reserved -= line.quantity;
    changed.add(line.productId);
  }
}

function readLevels(db: Database.Database): Map<string, Level> {
  const rows = db.prepare('SELECT product, name, received, on_hand AS onHand, reserved FROM stock').all();
  return new Map((rows as (Level & { product: string })[]).map(({ product, ...level }) => [product, level]));
}

function view(productId: string, { name, received, onHand, reserved }: Level): StockView {
  return { productId, name, received, onHand, reserved, available: onHand - reserved, sold: received - onHand };
}
