import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
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

interface OpenCheckpoint {
  readonly db: Database.Database;
  readonly known: Database.Statement;
  readonly dev: number;
  readonly ino: number;
}

/** How far a reader has read, from its own file. The file stays open, because opening it costs far more than reading it. */
export class ReaderCheckpoint {
  readonly #file: string;
  #open: OpenCheckpoint | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  /**
   * How far the reader has read each epoch of a topic's writer; empty where it has not started yet.
   * @throws {AppError} when the file cannot be read.
   */
  knownOf(topic: string): ReadonlyMap<string, number> {
    return mapErrors(this.#file, () => {
      try {
        return this.#read(topic);
      } catch (error) {
        // A connection may keep what a failed read returned.
        this.close();
        throw error;
      }
    });
  }

  close(): void {
    this.#open?.db.close();
    this.#open = null;
  }

  #read(topic: string): ReadonlyMap<string, number> {
    const found = statSync(this.#file, { throwIfNoEntry: false });
    // What was moved away or replaced is not read on.
    if (found?.ino !== this.#open?.ino || found?.dev !== this.#open?.dev) this.close();
    // An empty file is not opened: SQLite would take it for a new database, and remove its write-ahead log.
    if (found === undefined || found.size === 0) {
      this.close();
      return new Map();
    }
    if (this.#open !== null) return mapOf(this.#open.known.all({ topic }));
    const db = connect(this.#file, { readonly: true, fileMustExist: true, timeout: LOCK_TIMEOUT_MS });
    let isKept = false;
    try {
      const has = (name: string) => db.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(name) !== undefined;
      if (!has('position')) return new Map();
      const isCurrent = has('inbox_fold');
      const known = db.prepare(isCurrent ? KNOWN_SQL : POSITION_SQL);
      const rows = known.all({ topic });
      // The file of an older program will get more tables.
      if (isCurrent) this.#open = { db, known, dev: found.dev, ino: found.ino };
      isKept = isCurrent;
      return mapOf(rows);
    } finally {
      if (!isKept) db.close();
    }
  }
}

function mapOf(rows: readonly unknown[]): ReadonlyMap<string, number> {
  return new Map((rows as { epoch: string; position: number }[]).map(({ epoch, position }) => [epoch, position]));
}
