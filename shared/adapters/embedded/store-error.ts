import Database from 'better-sqlite3';
import { AppError } from '../../core/errors.ts';

/**
 * The errors for which a statement, and so perhaps a message, is to blame. Any other error of SQLite says that the
 * database cannot be used now: the disk, memory, a lock, or the file itself.
 */
const STATEMENT_AT_FAULT = /^SQLITE_(?:ERROR|CONSTRAINT|MISMATCH|TOOBIG|RANGE|MISUSE)(?:_|$)/;
const LOCKED = /^SQLITE_(?:BUSY|LOCKED)(?:_|$)/;
/** A read that failed may be reported as damage, and damage as a read that failed. */
const READ_FAILED = /^SQLITE_(?:CORRUPT|NOTADB|IOERR$|IOERR_(?:READ|SHORT_READ|CORRUPTFS|DATA)$)/;

/** Maps an error of SQLite or of the file system to an error of the port; other errors are returned unchanged. */
export function storeError(error: unknown, file: string): unknown {
  if (error instanceof Database.SqliteError) return sqliteError(error, file);
  if (!isSystemError(error)) return error;
  if (error.code === 'ENOSPC' || error.code === 'EDQUOT') return noRoom(error);
  return new AppError('unavailable', `${file} cannot be used now: ${error.message}`, { retryAfterS: 1, cause: error });
}

/** Runs `work` on this file, with its errors mapped. @throws {AppError} when the file cannot be used. */
export function mapErrors<Result>(file: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw storeError(error, file);
  }
}

/** Whether another connection holds a lock: the connection itself works. */
export function isLocked(error: unknown): boolean {
  return LOCKED.test(codeOf(error));
}

/** Whether the disk is full, as SQLite says it: the connection itself works. */
export function isFull(error: unknown): boolean {
  return codeOf(error) === 'SQLITE_FULL';
}

/** Whether a read failed, or returned what cannot be right. */
export function isReadFailure(error: unknown): boolean {
  return READ_FAILED.test(codeOf(error));
}

/** Whether SQLite takes the file for damaged, which a read that failed may look like. */
export function isDamage(error: unknown): boolean {
  return /^SQLITE_(?:CORRUPT|NOTADB)/.test(codeOf(error));
}

/** Whether the database could not be used because of its disk or its file, whatever the message. */
export function isDiskError(error: unknown): boolean {
  const code = codeOf(error);
  return code !== '' && !STATEMENT_AT_FAULT.test(code) && !LOCKED.test(code);
}

/** The code of an error of SQLite or of the file system, also behind an `AppError`; empty for any other. */
function codeOf(error: unknown): string {
  if (error instanceof AppError) return error.cause === undefined ? '' : codeOf(error.cause);
  return error instanceof Database.SqliteError || isSystemError(error) ? error.code : '';
}

function sqliteError(error: InstanceType<typeof Database.SqliteError>, file: string): unknown {
  const { code, message } = error;
  if (STATEMENT_AT_FAULT.test(code)) return error;
  if (code === 'SQLITE_FULL') return noRoom(error);
  const sentence = LOCKED.test(code)
    ? `the database cannot be used now (${code})`
    : `${file} cannot be used now: ${message} (${code})`;
  return new AppError('unavailable', sentence, { retryAfterS: 1, cause: error });
}

function noRoom(cause: Error): AppError {
  return new AppError('no_room', 'there is no room left on the disk', { retryAfterS: 5, cause });
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'syscall' in error && 'code' in error && typeof error.code === 'string';
}
