import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { assert } from '../../../core/assert.ts';
import { AppError } from '../../../core/errors.ts';

/** How long a statement waits for a lock that another process holds, before the batch is tried again later. */
const BUSY_TIMEOUT_MS = 5_000;
const CACHE_KIB = 32_768;
/** Pages in the write-ahead log after which a commit copies them into the file: 16 MiB. */
const CHECKPOINT_PAGES = 4_096;
const FULL = 2;

/** Opens a file for writing, durable: write-ahead log, and a flush for each commit. Creates it and its folder. */
export function openForWriting(file: string): Database.Database {
  if (file !== ':memory:') mkdirSync(dirname(file), { recursive: true });
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma(`cache_size = -${CACHE_KIB}`);
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    return db;
  } catch (error) {
    db.close();
    throw storeError(error);
  }
}

/**
 * Call it after the first write: better-sqlite3's build falls back to NORMAL when it first writes in WAL mode, and only
 * then does the pragma return the level in use. With NORMAL, a power cut may lose acknowledged commits.
 */
export function assertDurable(db: Database.Database): void {
  const level = db.pragma('synchronous', { simple: true });
  assert(level === FULL, `${db.name} must be written with synchronous = FULL (2), and it is ${String(level)}`);
}

/**
 * Holds a file for this process until `close` or the end of the process, however it ends.
 * @throws {AppError} `conflict` when another process, alive or frozen, holds it.
 */
export function holdExclusively(file: string, owner: string): { close(): void } {
  mkdirSync(dirname(file), { recursive: true });
  const db = new Database(file, { timeout: 0 });
  try {
    db.pragma('journal_mode = MEMORY');
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db.close();
    if (!isBusy(error)) throw error;
    throw new AppError(
      'conflict',
      `another process already runs ${owner} on this data (${file} is held); stop it first`,
    );
  }
}

/** Maps an error of SQLite to an error of the port; other errors are returned unchanged. */
export function storeError(error: unknown): unknown {
  if (!(error instanceof Database.SqliteError)) return error;
  if (error.code === 'SQLITE_FULL') {
    return new AppError('no_room', 'there is no room left on the disk', { retryAfterS: 5, cause: error });
  }
  if (isBusy(error) || error.code.startsWith('SQLITE_IOERR')) {
    return new AppError('unavailable', `the database cannot be used now (${error.code})`, {
      retryAfterS: 1,
      cause: error,
    });
  }
  return error;
}

function isBusy(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(BUSY|LOCKED)/.test(error.code);
}
