import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { LOCK_TIMEOUT_MS } from './topic-file.ts';

/** A group, and the SQLite file in which it keeps its positions with its own data. */
export interface EmbeddedReader {
  readonly group: string;
  readonly file: string;
  readonly topics: readonly string[];
}

/** How far a reader says in its file that it has come; 0 where it has not started yet. */
export function positionOf(file: string, topic: string): number {
  if (!existsSync(file)) return 0;
  const db = new Database(file, { readonly: true, fileMustExist: true, timeout: LOCK_TIMEOUT_MS });
  try {
    const position = db.prepare('SELECT position FROM position WHERE topic = ?').pluck().get(topic);
    return typeof position === 'number' ? position : 0;
  } catch (error) {
    if (error instanceof Database.SqliteError && error.message.startsWith('no such table')) return 0;
    throw error;
  } finally {
    db.close();
  }
}
