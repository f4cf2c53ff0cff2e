/** What the stores of the references have in common: a SQLite file that flushes every commit, and levels of stock in one. */
import assert from 'node:assert/strict';
import type Database from 'better-sqlite3';
import { connect } from '../../shared/adapters/embedded/connect.ts';

const PRAGMAS = [
  'journal_mode = WAL',
  'synchronous = FULL',
  'locking_mode = EXCLUSIVE',
  'wal_autocheckpoint = 8000',
  'cache_size = -65536',
];
const SYNCHRONOUS_FULL = 2;

const STOCK_SCHEMA = `
  CREATE TABLE IF NOT EXISTS stock (
    product TEXT PRIMARY KEY, name TEXT NOT NULL, received INTEGER NOT NULL, on_hand INTEGER NOT NULL,
    reserved INTEGER NOT NULL CHECK (reserved BETWEEN 0 AND on_hand), CHECK (received >= on_hand)
  ) WITHOUT ROWID;
`;

export interface Line {
  readonly productId: string;
  readonly quantity: number;
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

/** Opens a file; it is made with this schema where it is missing. */
export function openFile(file: string, schema: string): Database.Database {
  const db = connect(file, {});
  for (const pragma of PRAGMAS) db.pragma(pragma);
  db.exec(schema);
  // In WAL mode the pragma returns the real value only after a write.
  db.pragma('user_version = 1');
  assert.equal(db.pragma('synchronous', { simple: true }), SYNCHRONOUS_FULL, 'every commit has to be flushed');
  return db;
}

/** The levels of stock, in memory and in a file. What changes is written by `write`, in the caller's transaction. */
export class ReferenceStock {
  readonly #db: Database.Database;
  readonly #write: Database.Statement;
  readonly #levels: Map<string, Level>;
  readonly #changed = new Set<string>();

  constructor(db: Database.Database) {
    db.exec(STOCK_SCHEMA);
    this.#db = db;
    this.#write = db.prepare('INSERT OR REPLACE INTO stock VALUES (?, ?, ?, ?, ?)');
    this.#levels = readLevels(db);
  }

  /** Reserves all lines or none. */
  hold(lines: readonly Line[]): boolean {
    for (let at = 0; at < lines.length; at++) {
      const line = lines[at] as Line;
      const level = this.#levels.get(line.productId);
      if (level === undefined || level.onHand - level.reserved < line.quantity) {
        for (const held of lines.slice(0, at)) this.#levelOf(held).reserved -= held.quantity;
        return false;
      }
      level.reserved += line.quantity;
      this.#changed.add(line.productId);
    }
    return true;
  }

  /** Takes what is held out of the stock. */
  sell(lines: readonly Line[]): void {
    for (const line of lines) {
      const level = this.#levelOf(line);
      level.onHand -= line.quantity;
      level.reserved -= line.quantity;
      this.#changed.add(line.productId);
    }
  }

  receive(productId: string, quantity: number, name: string): void {
    const level = this.#levels.get(productId) ?? { name, received: 0, onHand: 0, reserved: 0 };
    level.received += quantity;
    level.onHand += quantity;
    this.#levels.set(productId, level);
    this.#changed.add(productId);
  }

  write(): void {
    for (const product of this.#changed) {
      const { name, received, onHand, reserved } = this.#levels.get(product) as Level;
      this.#write.run(product, name, received, onHand, reserved);
    }
    this.#changed.clear();
  }

  /** As it is on disk, not in memory. */
  view(): readonly StockView[] {
    return [...readLevels(this.#db)].map(([productId, level]) => view(productId, level));
  }

  #levelOf({ productId }: Line): Level {
    return this.#levels.get(productId) as Level;
  }
}

function readLevels(db: Database.Database): Map<string, Level> {
  const rows = db.prepare('SELECT product, name, received, on_hand AS onHand, reserved FROM stock').all();
  return new Map((rows as (Level & { product: string })[]).map(({ product, ...level }) => [product, level]));
}

function view(productId: string, { name, received, onHand, reserved }: Level): StockView {
  return { productId, name, received, onHand, reserved, available: onHand - reserved, sold: received - onHand };
}
