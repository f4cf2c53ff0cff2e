/**
 * Makes a large store without waiting for a million orders: the rows that one finished order leaves are written a
 * million times, each copy with ids of its own, straight into the files of a stopped store.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';

/** `n(i)` counts the orders from 1; the statement names each copy by it. */
interface Fill {
  /** The database's file in the data folder. */
  readonly file: string;
  /** The SELECT or INSERT's part after `WITH RECURSIVE n(i)`: `INSERT INTO orders (…) SELECT … FROM n`. */
  readonly statements: readonly string[];
}

const FILLS: readonly Fill[] = [];
const CHUNK_ORDERS = 50_000;

/** False as long as nobody has said which rows an order leaves: then the large store is not measured. */
export const canFillStore = FILLS.length > 0;

/**
 * Adds the rows of that many finished orders to a store that no process has open.
 *
 * @throws when a file is missing: the store must have been started once.
 */
export function fillStore(dataDir: string, orders: number): void {
  for (const { file, statements } of FILLS) {
    const path = join(dataDir, file);
    if (!existsSync(path)) throw new Error(`${path} is not there: start the store once before filling it`);
    const db = new Database(path);
    try {
      // Nothing here has to survive a power cut.
      db.pragma('synchronous = OFF');
      for (let first = 1; first <= orders; first += CHUNK_ORDERS) {
        const last = Math.min(first + CHUNK_ORDERS - 1, orders);
        const numbers = `WITH RECURSIVE n(i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`;
        db.transaction(() => {
          for (const statement of statements) db.exec(`${numbers} ${statement}`);
        }).immediate();
      }
      db.pragma('wal_checkpoint(TRUNCATE)');
    } finally {
      db.close();
    }
  }
}
