import { existsSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { AppError } from '../../../core/errors.ts';
import type { LogRecord, Progress } from '../../../ports/message-log.ts';
import type { Position } from '../../../ports/store.ts';
import { NEWEST_EPOCH_SQL } from '../outbox-schema.ts';
import { type Epoch, epochAt, placeOf } from './epochs.ts';
import type { BroadcastRecords } from './record-broadcast.ts';

/** A reader waits no longer than this for a lock: its loop tries again, and others in this process go on meanwhile. */
export const LOCK_TIMEOUT_MS = 50;

/** Records that are kept for other readers. */
const TAIL_MAX = 1_024;
/** Looks at the change counter until it is asked whether another file lies in this one's place. */
const LOOKS_MAX = 100;

/** `newest` is computed once for all rows: with each batch it tells whether the writer has begun another life. */
const readSql = (newest: string) =>
  `SELECT position, attributes, data, ${newest} FROM outbox WHERE position > ? AND topic = ? ORDER BY position LIMIT ?`;
const EPOCHS_SQL = 'SELECT epoch, from_position AS "from" FROM topic_epoch ORDER BY number';

type ReadRow = [position: number, attributes: string, data: string, newest: string | null];

interface OpenFile {
  readonly db: Database.Database;
  readonly inode: number;
  readonly read: Database.Statement;
  readonly version: Database.Statement;
  readonly seq: Database.Statement;
  /** Null in a file of an older program, which does not tell the lives of the writer apart. */
  readonly lives: { readonly newest: Database.Statement; readonly all: Database.Statement } | null;
}

/**
 * One topic, read from the outbox in its writer's file over a read-only connection. The file may not be there yet: its
 * writer may never have started. Until then the topic is empty.
 */
export class TopicReader {
  readonly #topic: string;
  readonly #file: string;
  #open: OpenFile | null = null;
  #version: unknown = undefined;
  #looks = 0;
  #epochs: readonly Epoch[] = [];
  #newest: string | null = null;
  /** All records behind `#tailStart`, up to the last that was read or handed over; null until somebody reads. */
  #tail: LogRecord[] = [];
  #tailStart: number | null = null;
  /** Whether nothing that anybody has told of can lie in the file behind the tail. */
  #isWhole = false;
  #isLocked = false;

  constructor(topic: string, file: string) {
    this.#topic = topic;
    this.#file = file;
  }

  /** The lives of the writer, the oldest first: the same array as long as no other has begun when something was read. */
  get epochs(): readonly Epoch[] {
    return this.#epochs;
  }

  /** Whether it could not be opened the last time, because somebody held it: then nobody knows what is in it. */
  get isLocked(): boolean {
    return this.#isLocked;
  }

  /**
   * Up to `max` records behind `position`, in the order in which they were committed; none only when there are none. The
   * newest are kept, and every reader in this thread gets the same objects: what one has parsed, the next need not.
   */
  read(position: number, max: number): readonly LogRecord[] {
    if (this.#tailStart !== null && position < this.#tailStart) return this.#readFile(position, max);
    // A reader that is ahead of all others must not be shown what lies between: the tail begins with him.
    if (this.#tailStart === null || position > this.#tailEnd(this.#tailStart)) this.#beginTail(position);
    if (!this.#isWhole && position === this.#tailEnd(position)) {
      const tail = this.#tail;
      const fresh = this.#readFile(position, max);
      if (tail !== this.#tail) return fresh;
      this.#isWhole = fresh.length < max && !this.#isLocked;
      this.#keep(fresh);
    }
    const first = this.#tail.findLastIndex((record) => record.position <= position) + 1;
    return this.#tail.slice(first, first + max);
  }

  /**
   * Somebody has committed to the topic. What he hands over need not be read again, where it is of the life that we know and
   * follows without a gap on what we have: positions count up one by one. Else, and with null, the file is read.
   */
  hear(records: BroadcastRecords | null): void {
    if (records === null || this.#tailStart === null || records.epoch !== this.#newest) {
      this.#isWhole = false;
      return;
    }
    const { epoch, first, texts } = records;
    const known = this.#tailEnd(this.#tailStart) - first + 1;
    if (known < 0) {
      this.#isWhole = false;
      return;
    }
    const fresh: LogRecord[] = [];
    for (let at = known; at < texts.length / 2; at += 1) {
      fresh.push(this.#recordOf(first + at, epoch, String(texts[2 * at]), String(texts[2 * at + 1])));
    }
    this.#keep(fresh);
  }

  /**
   * Whether anybody has committed to the file since the last call. Costs a look at the file's change counter. True also
   * when that cannot be read any more, once: whoever then reads the topic meets the trouble, tells of it and tries again.
   */
  changed(): boolean {
    try {
      this.#looks = (this.#looks + 1) % LOOKS_MAX;
      if (this.#looks === 0 && this.#isReplaced()) this.close();
      const version = this.#opened()?.version.get();
      if (version === this.#version) return false;
      this.#version = version;
      return true;
    } catch {
      const isNews = this.#version !== null;
      this.#version = null;
      return isNews;
    }
  }

  /**
   * The place of the last record that was ever written; 0 before the first.
   * @throws {AppError} `unavailable` while somebody holds the file.
   */
  end(): Position & { readonly epoch: string } {
    const position = (this.#opened()?.seq.get() as number | undefined) ?? 0;
    if (this.#isLocked) throw new AppError('unavailable', `${this.#topic} cannot be read now: its file is locked`);
    this.#noteLives(this.#newestNow());
    return { topic: this.#topic, partition: 0, position, epoch: epochAt(this.#epochs, position) };
  }

  /** How far a reader is that has read each life of the writer up to a position. A file holds one topic: positions count. */
  progressOf(known: ReadonlyMap<string, number>): Omit<Progress, 'group'> {
    const { position: end } = this.end();
    const position = placeOf(known, this.#epochs, end);
    const [first] = this.#readFile(position, 1);
    const time = first?.attributes['time'];
    return {
      position,
      end,
      lag: first === undefined ? 0 : end - first.position + 1,
      oldestUnreadAt: typeof time === 'string' && !Number.isNaN(Date.parse(time)) ? time : null,
    };
  }

  /** The oldest records there are. */
  oldest(max: number): readonly LogRecord[] {
    return this.#readFile(0, max);
  }

  close(): void {
    this.#open?.db.close();
    this.#open = null;
    this.#version = undefined;
  }

  /** The position up to which the tail goes that begins behind `start`. */
  #tailEnd(start: number): number {
    return this.#tail.at(-1)?.position ?? start;
  }

  #beginTail(start: number): void {
    this.#tail = [];
    this.#tailStart = start;
    this.#isWhole = false;
  }

  #keep(records: readonly LogRecord[]): void {
    this.#tail.push(...records);
    if (this.#tail.length > TAIL_MAX) this.#tailStart = this.#tail.splice(0, TAIL_MAX / 2).at(-1)?.position ?? null;
  }

  #readFile(position: number, max: number): readonly LogRecord[] {
    const rows = (this.#opened()?.read.all(position, this.#topic, max) ?? []) as ReadRow[];
    this.#noteLives(rows[0] === undefined ? this.#newestNow() : rows[0][3]);
    return rows.map(([position, attributes, value]) =>
      this.#recordOf(position, epochAt(this.#epochs, position), attributes, value),
    );
  }

  #recordOf(position: number, epoch: string, attributes: string, value: string): LogRecord {
    return { topic: this.#topic, partition: 0, position, epoch, attributes: readAttributes(attributes), value };
  }

  #newestNow(): string | null {
    return (this.#opened()?.lives?.newest.get() as string | undefined) ?? null;
  }

  /** Where the writer has begun another life, what was kept for other readers may lie in none of them. */
  #noteLives(newest: string | null): void {
    if (newest === this.#newest) return;
    this.#epochs = (this.#opened()?.lives?.all.all() ?? []) as Epoch[];
    this.#newest = newest;
    this.#tail = [];
    this.#tailStart = null;
  }

  #isReplaced(): boolean {
    return this.#open !== null && statSync(this.#file, { throwIfNoEntry: false })?.ino !== this.#open.inode;
  }

  #opened(): OpenFile | null {
    if (this.#open !== null && this.#open.lives === null && hasEpochs(this.#open.db)) this.close();
    this.#isLocked = false;
    if (this.#open !== null) return this.#open;
    if (!existsSync(this.#file)) return null;
    const db = new Database(this.#file, { readonly: true, fileMustExist: true, timeout: LOCK_TIMEOUT_MS });
    try {
      const tellsLives = hasEpochs(db);
      this.#open = {
        db,
        inode: statSync(this.#file).ino,
        read: db.prepare(readSql(tellsLives ? `(${NEWEST_EPOCH_SQL})` : 'NULL')).raw(),
        version: db.prepare('PRAGMA data_version').pluck(),
        seq: db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").pluck(),
        lives: tellsLives ? { newest: db.prepare(NEWEST_EPOCH_SQL).pluck(), all: db.prepare(EPOCHS_SQL) } : null,
      };
      return this.#open;
    } catch (error) {
      db.close();
      this.#isLocked = isHeld(error);
      if (this.#isLocked || isWithoutTables(error)) return null;
      throw error;
    }
  }
}

function hasEpochs(db: Database.Database): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'topic_epoch'").get() !== undefined;
}

/** What is no JSON object is handed on as it is: one bad record must not stop a topic, whoever reads it sets it aside. */
function readAttributes(text: string): LogRecord['attributes'] {
  try {
    const attributes: unknown = JSON.parse(text);
    if (typeof attributes === 'object' && attributes !== null && !Array.isArray(attributes)) {
      return attributes as LogRecord['attributes'];
    }
  } catch {
    // The same as for JSON that is no object.
  }
  return { raw: text };
}

/** Its writer creates it or brings it up to date, or recovers what a crash left. */
function isHeld(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(BUSY|LOCKED|CANTOPEN)/.test(error.code);
}

/** Its writer has only just created it. */
function isWithoutTables(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.message.startsWith('no such table');
}
