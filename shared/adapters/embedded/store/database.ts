import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import { assert } from '../../../core/assert.ts';
import { connect } from '../connect.ts';
import { isLocked, storeError } from '../store-error.ts';
import { flush, makeDurableFolder } from './durable-folder.ts';
import { LockFile } from './lock-file.ts';
import { heldError } from './path-lock.ts';

/** How long a statement waits for a lock that another process holds, before the batch is tried again later. */
const BUSY_TIMEOUT_MS = 5_000;
const CACHE_KIB = 32_768;
/** Pages in the write-ahead log after which a commit copies them into the file: 16 MiB. */
const CHECKPOINT_PAGES = 4_096;
const FULL = 2;

/**
 * Opens a file for writing, durable: write-ahead log, and a flush for each commit. Creates it, in a folder that is
 * there, and flushes its entry; with `mustExist`, the file is there since this process opened it first.
 */
export function openForWriting(file: string, { mustExist = false } = {}): Database.Database {
  const isCreated = file !== ':memory:' && !mustExist;
  const db = connect(file, { timeout: BUSY_TIMEOUT_MS, fileMustExist: mustExist });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.pragma('foreign_keys = ON');
    db.pragma(`cache_size = -${CACHE_KIB}`);
    db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
    if (isCreated) flush(dirname(file));
    return db;
  } catch (error) {
    db.close();
    throw storeError(error, file);
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
 * Holds a database for this process until `close` or the end of the process, however it ends. Creates its folder.
 * @throws {AppError} `conflict` when another process, alive or frozen, holds it.
 */
export function holdExclusively(file: string, owner: string): LockFile {
  const lock = lockOf(file);
  makeDurableFolder(dirname(file));
  try {
    return new LockFile(lock);
  } catch (error) {
    if (!isLocked(error)) throw error;
    throw heldError(owner, lock, file);
  }
}

/** The lock that lies beside a database, and moves with it. */
function lockOf(file: string): string {
  return `${file}.lock`;
}

/** A connection that is only there: while it is, closing others neither copies the write-ahead log nor removes it. */
export function openSpare(file: string): Database.Database {
  const db = connect(file, { readonly: true });
  db.pragma('schema_version');
  return db;
}

/** The error that ended the session is known; another one in closing it adds nothing. */
export function closeQuietly(db: Database.Database): void {
  try {
    db.close();
  } catch {
    // See above.
  }
}
