import { type Stats, statSync } from 'node:fs';
import { basename } from 'node:path';
import Database from 'better-sqlite3';
import { AppError } from '../../../core/errors.ts';
import { connect } from '../connect.ts';
import { NEWEST_EPOCH_SQL } from '../outbox-schema.ts';
import { isDamage, isDiskError, isLocked, storeError } from '../store-error.ts';

/** The longest wait for a lock: the reader's loop tries again, and other work in this process goes on meanwhile. */
export const LOCK_TIMEOUT_MS = 50;
/** How long the file is taken for the one at its path without a look. */
const LOOK_EVERY_MS = 100;

/** `newest` is computed once for all rows: it shows with each batch whether the writer has begun another epoch. */
const readSql = (newest: string) =>
  `SELECT position, attributes, data, ${newest} FROM outbox WHERE position > ? AND topic = ? ORDER BY position LIMIT ?`;
/** The same from a position back, without a look at the epochs. */
const BACK_SQL =
  'SELECT position, attributes, data FROM outbox WHERE position <= ? AND topic = ? ORDER BY position DESC LIMIT ?';
/** The text of a record as it lies in the file: a column that is read as text is decoded, which replaces what is not UTF-8. */
const BYTES_SQL = 'SELECT CAST(attributes AS BLOB), CAST(data AS BLOB) FROM outbox WHERE position = ?';
const EPOCHS_SQL = 'SELECT epoch, from_position AS "from" FROM topic_epoch ORDER BY number';

/** A read-only connection and its statements. */
export interface OpenFile {
  readonly db: Database.Database;
  readonly dev: number;
  readonly ino: number;
  readonly read: Database.Statement;
  readonly back: Database.Statement;
  readonly bytes: Database.Statement;
  readonly version: Database.Statement;
  readonly seq: Database.Statement;
  readonly first: Database.Statement;
  /** Null in a file of an older program, which has no epochs. */
  readonly epochs: { readonly newest: Database.Statement; readonly all: Database.Statement } | null;
}

/**
 * The file of a topic, open for reading. It is opened again when another file is at its path, and after an error of the
 * disk, because a connection may keep what a failed read returned.
 */
export class TopicFile {
  readonly #path: string;
  #open: OpenFile | null = null;
  #lookedMs = 0;
  /** Whether it was there: then it is not that of a writer that never started. */
  #wasThere = false;
  #lockedReason: string | null = null;

  constructor(path: string) {
    this.#path = path;
  }

  /** Why its contents were unknown when it was last opened, as the end of a sentence; null when they were known. */
  get lockedReason(): string | null {
    return this.#lockedReason;
  }

  /** Runs `work`. @throws {AppError} when the file cannot be read. */
  use<Result>(work: () => Result): Result {
    try {
      return work();
    } catch (error) {
      if (isDiskError(error)) this.close();
      throw readError(error, this.#path);
    }
  }

  /**
   * The open file; null while it does not exist because its writer has never started, or is locked.
   * @throws {AppError} where it was there and is gone.
   */
  opened({ mayRollBack = true } = {}): OpenFile | null {
    if (this.#open !== null && this.#open.epochs === null && hasEpochs(this.#open.db)) this.close();
    this.#lockedReason = null;
    this.#closeIfMoved();
    if (this.#open !== null) return this.#open;
    const found = this.#found();
    if (found === undefined) return null;
    if (found.size === 0) return this.#empty();
    try {
      this.#open = openFile(this.#path, found);
      this.#wasThere = true;
      return this.#open;
    } catch (error) {
      // Where nothing was in the file before, it is empty then.
      if (isHalfWritten(error) && mayRollBack) {
        rollBack(this.#path);
        return this.opened({ mayRollBack: false });
      }
      this.#wasThere = true;
      this.#lockedReason = lockedReasonOf(error);
      if (this.#lockedReason !== null || hasNoTables(error)) return null;
      throw error;
    }
  }

  /** Not opened: SQLite takes an empty file for a new database, and would remove its write-ahead log. */
  #empty(): null {
    if (!this.#wasThere) return null;
    throw new AppError('unavailable', `${this.#path} is empty, and it was not before`, { retryAfterS: 1 });
  }

  close(): void {
    this.#open?.db.close();
    this.#open = null;
  }

  /** What was moved away or replaced is not read on: its writer writes another file. */
  #closeIfMoved(): void {
    const nowMs = performance.now();
    if (this.#open === null || nowMs - this.#lookedMs < LOOK_EVERY_MS) return;
    const found = this.#found();
    if (found?.ino !== this.#open.ino || found.dev !== this.#open.dev || found.size === 0) this.close();
    this.#lookedMs = nowMs;
  }

  #found(): Stats | undefined {
    const found = statSync(this.#path, { throwIfNoEntry: false });
    if (found !== undefined || !this.#wasThere) return found;
    this.close();
    throw new AppError('unavailable', `${this.#path} is gone: it was moved or removed`, { retryAfterS: 1 });
  }
}

function readError(error: unknown, path: string): unknown {
  const sentence = (why: string) => new AppError('unavailable', why, { retryAfterS: 1, cause: error });
  if (!(error instanceof Database.SqliteError)) return storeError(error, path);
  if (isLocked(error)) return sentence(`${path} cannot be read now: ${error.message}`);
  if (!isDamage(error)) return storeError(error, path);
  return sentence(
    `${path} cannot be read now: ${error.message} (${error.code}). If that lasts, it is damaged: stop the store, and put ` +
      `the ${basename(path)} of a copy made by "npm run backup" in its place, without its -wal and -shm`,
  );
}

function openFile(path: string, { dev, ino }: Stats): OpenFile {
  const db = connect(path, { readonly: true, fileMustExist: true, timeout: LOCK_TIMEOUT_MS });
  try {
    const withEpochs = hasEpochs(db);
    return {
      db,
      dev,
      ino,
      read: db.prepare(readSql(withEpochs ? `(${NEWEST_EPOCH_SQL})` : 'NULL')).raw(),
      back: db.prepare(BACK_SQL).raw(),
      bytes: db.prepare(BYTES_SQL).raw(),
      version: db.prepare('PRAGMA data_version').pluck(),
      first: db.prepare('SELECT min(position) FROM outbox').pluck(),
      seq: db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").pluck(),
      epochs: withEpochs ? { newest: db.prepare(NEWEST_EPOCH_SQL).pluck(), all: db.prepare(EPOCHS_SQL) } : null,
    };
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Its writer ended in the middle of its first write, and what is written has to be taken back before it can be read. */
function isHalfWritten(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.code === 'SQLITE_READONLY_ROLLBACK';
}

/**
 * Only a connection that may write takes a write back. A function does it when it starts; the next writer of a public topic may
 * never come.
 */
function rollBack(path: string): void {
  const db = connect(path, { fileMustExist: true, timeout: LOCK_TIMEOUT_MS });
  try {
    db.pragma('schema_version');
  } finally {
    db.close();
  }
}

function hasEpochs(db: Database.Database): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'topic_epoch'").get() !== undefined;
}

/** The writer creates or migrates the file, or recovers it after a crash; or the file cannot be opened at all. */
function lockedReasonOf(error: unknown): string | null {
  if (!(error instanceof Database.SqliteError)) return null;
  if (/^SQLITE_(BUSY|LOCKED)/.test(error.code)) return 'its file is locked';
  return error.code.startsWith('SQLITE_CANTOPEN') ? 'its file cannot be opened' : null;
}

/** The writer has just created the file. */
function hasNoTables(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.message.startsWith('no such table');
}
