import { statSync } from 'node:fs';
import { connect } from '../connect.ts';
import { mapErrors } from '../store-error.ts';
import { LOCK_TIMEOUT_MS } from './topic-file.ts';

/** A group, and the SQLite file in which it stores its positions with its own data. */
export interface EmbeddedReader {
  readonly group: string;
  readonly file: string;
  readonly topics: readonly string[];
}

/** Where a reader has both a position and a watermark in an epoch, its position counts. */
const KNOWN_SQL = `SELECT epoch, position FROM position WHERE topic = :topic
  UNION ALL SELECT epoch, position FROM inbox_fold f WHERE topic = :topic
    AND EXISTS (SELECT 1 FROM position p WHERE p.topic = f.topic AND p.epoch <> f.epoch)`;
/** For the file of an older program. */
const POSITION_SQL = "SELECT '' AS epoch, position FROM position WHERE topic = :topic";

/**
 * How far a reader has read each epoch of a topic's writer, from the reader's file; empty where it has not started yet.
 * @throws {AppError} when the file cannot be read.
 */
export function knownOf(file: string, topic: string): ReadonlyMap<string, number> {
  return mapErrors(file, () => readKnown(file, topic));
}

function readKnown(file: string, topic: string): ReadonlyMap<string, number> {
  // An empty file is not opened: SQLite would take it for a new database, and remove its write-ahead log.
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) === 0) return new Map();
  const db = connect(file, { readonly: true, fileMustExist: true, timeout: LOCK_TIMEOUT_MS });
  try {
    const has = (name: string) => db.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(name) !== undefined;
    if (!has('position')) return new Map();
    const rows = db.prepare(has('inbox_fold') ? KNOWN_SQL : POSITION_SQL).all({ topic });
    return new Map((rows as { epoch: string; position: number }[]).map(({ epoch, position }) => [epoch, position]));
  } finally {
    db.close();
  }
}
