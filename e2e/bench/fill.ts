/**
 * Makes a large store without placing a million orders: writes the rows of a finished order a million times, each copy
 * with its own ids, directly into the files of a stopped store.
 */
import { existsSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { dataFile } from '../../functions/engine.ts';
import { connect } from '../../shared/adapters/embedded/connect.ts';
import { type Fill, fills } from './fill-statements.ts';

const CHUNK_ORDERS = 50_000;

/**
 * Adds the rows of `orders` finished orders to a store that no process has open.
 *
 * @throws when a file is missing: the store has to be started once before.
 */
export function fillStore(dataDir: string, orders: number): void {
  const databases = new Map(fills.map((fill) => [fill.name, open(dataDir, fill)]));
  try {
    for (const fill of fills) addRows(of(databases, fill.name), fill, orders);
    for (const { name, reads } of fills) {
      for (const [topic, writer] of Object.entries(reads)) {
        const end = of(databases, writer)
          .prepare("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'")
          .pluck()
          .get();
        of(databases, name).prepare('UPDATE position SET position = ? WHERE topic = ?').run(end, topic);
      }
    }
  } finally {
    for (const db of databases.values()) {
      db.pragma('wal_checkpoint(TRUNCATE)');
      db.close();
    }
  }
}

function open(dataDir: string, { name }: Fill): Database.Database {
  const file = dataFile(dataDir, name);
  if (!existsSync(file)) throw new Error(`${file} does not exist: start the store once before filling it`);
  const db = connect(file, {});
  // The fill does not have to survive a power cut.
  db.pragma('synchronous = OFF');
  return db;
}

function addRows(db: Database.Database, { statements, closing }: Fill, orders: number): void {
  for (let first = 1; first <= orders; first += CHUNK_ORDERS) {
    const last = Math.min(first + CHUNK_ORDERS - 1, orders);
    const numbers = `WITH RECURSIVE n(i) AS (SELECT ${first} UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`;
    db.transaction(() => {
      for (const statement of statements) db.exec(`${numbers} ${statement}`);
    }).immediate();
  }
  for (const statement of closing) db.prepare(statement).run({ orders });
}

function of(databases: ReadonlyMap<Fill['name'], Database.Database>, name: Fill['name']): Database.Database {
  const db = databases.get(name);
  if (db === undefined) throw new Error(`there is no file of ${name}`);
  return db;
}
