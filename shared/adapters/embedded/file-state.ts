/** What the file of a function that does not run says about its messages. */
import Database from 'better-sqlite3';
import type { Position } from '../../ports/store.ts';

const LOCK_TIMEOUT_MS = 5_000;

/** How many messages of its outbox a relay has not sent. */
export function unsentCount(file: string): number {
  const sql = 'SELECT count(*) FROM outbox WHERE position > (SELECT position FROM relay)';
  return withFile(file, (db) => Number(db.prepare(sql).pluck().get()));
}

/** How far the function has read, in the log that it is in. */
export function storedPositions(file: string): readonly Position[] {
  return withFile(file, (db) => db.prepare('SELECT topic, partition, position FROM position').all()) as Position[];
}

/** Where its outbox ends, and the newest epoch of its writer. */
export function outboxEnd(file: string): { readonly position: number; readonly epoch: string } {
  return withFile(file, (db) => ({
    position: Number(db.prepare("SELECT max(seq) FROM sqlite_sequence WHERE name = 'outbox'").pluck().get()),
    epoch: String(db.prepare('SELECT epoch FROM topic_epoch ORDER BY number DESC LIMIT 1').pluck().get() ?? ''),
  }));
}

function withFile<Result>(file: string, read: (db: Database.Database) => Result): Result {
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: LOCK_TIMEOUT_MS });
  try {
    return read(db);
  } finally {
    db.close();
  }
}
