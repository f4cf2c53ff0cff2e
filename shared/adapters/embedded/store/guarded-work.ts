import type Database from 'better-sqlite3';
import { AppError } from '../../../core/errors.ts';
import type { Loaded } from '../../../ports/store.ts';

/**
 * Runs the work and returns its result only when every read succeeded and the transaction is still open. The work may
 * catch a failed read, as it gives up one message and decides the next, but then its result is not valid. And after
 * SQLite has rolled back the transaction by itself, each further statement would be its own commit.
 *
 * @throws The error of the first failed read; {AppError} `unavailable` when SQLite has rolled back the transaction.
 */
export function guardedWork<Result>(db: Database.Database, loaded: Loaded, work: (loaded: Loaded) => Result): Result {
  const failures: unknown[] = [];
  const recordFailure = <Found>(read: () => Found): Found => {
    try {
      return read();
    } catch (error) {
      failures.push(error);
      throw error;
    }
  };
  const result = work({
    rows: (need) => recordFailure(() => loaded.rows(need)),
    seen: (key) => recordFailure(() => loaded.seen(key)),
    position: (place) => recordFailure(() => loaded.position(place)),
  });
  if (failures.length > 0) throw failures[0];
  if (!db.inTransaction) {
    throw new AppError('unavailable', 'the database has rolled back a transaction', { retryAfterS: 1 });
  }
  return result;
}
