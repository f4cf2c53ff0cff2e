import type Database from 'better-sqlite3';
import { AppError } from '../../../core/errors.ts';
import type { Loaded } from '../../../ports/store.ts';

/**
 * What the work makes of a transaction that is whole. The work may go on where a look at the store failed, as it gives up
 * one message and decides the next; but then what it makes is not to be believed. And where SQLite has given the transaction
 * up by itself, each statement from here on would be a commit of its own.
 */
export function guardedWork<Result>(db: Database.Database, loaded: Loaded, work: (loaded: Loaded) => Result): Result {
  const failures: unknown[] = [];
  const noting = <Found>(look: () => Found): Found => {
    try {
      return look();
    } catch (error) {
      failures.push(error);
      throw error;
    }
  };
  const result = work({
    rows: (need) => noting(() => loaded.rows(need)),
    seen: (key) => noting(() => loaded.seen(key)),
  });
  if (failures.length > 0) throw failures[0];
  if (!db.inTransaction) {
    throw new AppError('unavailable', 'the database has given up a transaction', { retryAfterS: 1 });
  }
  return result;
}
