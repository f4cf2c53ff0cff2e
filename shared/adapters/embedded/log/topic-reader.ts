import { existsSync, statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { AppError } from '../../../core/errors.ts';
import type { LogRecord, Progress } from '../../../ports/message-log.ts';
import type { Position } from '../../../ports/store.ts';
import { NEWEST_EPOCH_SQL } from '../outbox-schema.ts';
import { type Epoch, epochAt, placeOf } from './epochs.ts';
import type { BroadcastRecords } from './record-broadcast.ts';

/** The longest wait for a lock: the reader's loop tries again, and other work in this process goes on meanwhile. */
export const LOCK_TIMEOUT_MS = 50;

/** Records cached for other readers. */
const TAIL_MAX = 1_024;
/** After this many reads of the change counter, check whether the file was replaced. */
const CHECKS_PER_INODE_CHECK = 100;

/** `newest` is computed once for all rows: it shows with each batch whether the writer has begun another epoch. */
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
  /** Null in a file of an older program, which has no epochs. */
  readonly epochs: { readonly newest: Database.Statement; readonly all: Database.Statement } | null;
}

/**
 * Reads one topic from the outbox in its writer's file, over a read-only connection. The topic is empty while the file
 * does not exist because its writer has never started.
 */
export class TopicReader {
  readonly #topic: string;
  readonly #file: string;
  #open: OpenFile | null = null;
  #version: unknown = undefined;
  #checks = 0;
  #epochs: readonly Epoch[] = [];
  #newest: string | null = null;
  /** All records after `#tailStart`, up to the last that was read or received by broadcast. */
  #tail: LogRecord[] = [];
  /** Null while there is no tail. */
  #tailStart: number | null = null;
  /** Whether the file has no announced records after the tail. */
  #isTailComplete = false;
  #isLocked = false;

  constructor(topic: string, file: string) {
    this.#topic = topic;
    this.#file = file;
  }

  /** The epochs of the writer, oldest first. The array stays the same until a read finds a new epoch. */
  get epochs(): readonly Epoch[] {
    return this.#epochs;
  }

  /** Whether the file was locked when it was last opened; its contents are then unknown. */
  get isLocked(): boolean {
    return this.#isLocked;
  }

  /**
   * Up to `max` records after `position`, in the order in which they were committed; empty only when there are none.
   * The newest are cached, and every reader in this thread gets the same objects, so that they are parsed once.
   */
  read(position: number, max: number): readonly LogRecord[] {
    if (this.#tailStart !== null && position < this.#tailStart) return this.#readFile(position, max);
    // A reader ahead of all others skips the records in between: the tail starts again at its position.
    if (this.#tailStart === null || position > this.#tailEnd(this.#tailStart)) this.#beginTail(position);
    if (!this.#isTailComplete && position === this.#tailEnd(position)) {
      const tail = this.#tail;
      const fresh = this.#readFile(position, max);
      if (tail !== this.#tail) return fresh;
      this.#isTailComplete = fresh.length < max && !this.#isLocked;
      this.#extendTail(fresh);
    }
    const first = this.#tail.findLastIndex((record) => record.position <= position) + 1;
    return this.#tail.slice(first, first + max);
  }

  /**
   * Takes the records of a commit to the topic. They are not read from the file where they are of the known epoch and
   * follow the tail without a gap: positions increase one by one. Otherwise the next read uses the file.
   */
  receive(records: BroadcastRecords | null): void {
    if (records === null || this.#tailStart === null || records.epoch !== this.#newest) {
      this.#isTailComplete = false;
      return;
    }
    const { epoch, first, texts } = records;
    const known = this.#tailEnd(this.#tailStart) - first + 1;
    if (known < 0) {
      this.#isTailComplete = false;
      return;
    }
    const fresh: LogRecord[] = [];
    for (let at = known; at < texts.length / 2; at += 1) {
      fresh.push(this.#recordOf(first + at, epoch, String(texts[2 * at]), String(texts[2 * at + 1])));
    }
    this.#extendTail(fresh);
  }

  /**
   * Whether the file has changed since the last call. Costs one read of the file's change counter. Also true, once,
   * when the counter becomes unreadable: a reader of the topic then meets the error, reports it and tries again.
   */
  changed(): boolean {
    try {
      this.#checks = (this.#checks + 1) % CHECKS_PER_INODE_CHECK;
      if (this.#checks === 0 && this.#isReplaced()) this.close();
      const version = this.#opened()?.version.get();
      if (version === this.#version) return false;
      this.#version = version;
      return true;
    } catch {
      const wasReadable = this.#version !== null;
      this.#version = null;
      return wasReadable;
    }
  }

  /**
   * The position of the last record ever written; 0 before the first.
   * @throws {AppError} `unavailable` while the file is locked.
   */
  end(): Position & { readonly epoch: string } {
    const position = (this.#opened()?.seq.get() as number | undefined) ?? 0;
    if (this.#isLocked) throw new AppError('unavailable', `${this.#topic} cannot be read now: its file is locked`);
    this.#updateEpochs(this.#newestNow());
    return { topic: this.#topic, partition: 0, position, epoch: epochAt(this.#epochs, position) };
  }

  /**
   * The progress of a reader that has read each epoch up to a position. A file holds one topic, so the lag is a
   * difference of positions.
   */
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

  /** Up to `max` of the oldest records. */
  oldest(max: number): readonly LogRecord[] {
    return this.#readFile(0, max);
  }

  close(): void {
    this.#open?.db.close();
    this.#open = null;
    this.#version = undefined;
  }

  /** The last position in the tail; `start` where it is empty. */
  #tailEnd(start: number): number {
    return this.#tail.at(-1)?.position ?? start;
  }

  #beginTail(start: number): void {
    this.#tail = [];
    this.#tailStart = start;
    this.#isTailComplete = false;
  }

  #extendTail(records: readonly LogRecord[]): void {
    this.#tail.push(...records);
    if (this.#tail.length > TAIL_MAX) this.#tailStart = this.#tail.splice(0, TAIL_MAX / 2).at(-1)?.position ?? null;
  }

  #readFile(position: number, max: number): readonly LogRecord[] {
    const rows = (this.#opened()?.read.all(position, this.#topic, max) ?? []) as ReadRow[];
    this.#updateEpochs(rows[0] === undefined ? this.#newestNow() : rows[0][3]);
    return rows.map(([position, attributes, value]) =>
      this.#recordOf(position, epochAt(this.#epochs, position), attributes, value),
    );
  }

  #recordOf(position: number, epoch: string, attributes: string, value: string): LogRecord {
    return { topic: this.#topic, partition: 0, position, epoch, attributes: readAttributes(attributes), value };
  }

  #newestNow(): string | null {
    return (this.#opened()?.epochs?.newest.get() as string | undefined) ?? null;
  }

  /** Drops the tail when the writer has begun another epoch: the cached records may be in none of its epochs. */
  #updateEpochs(newest: string | null): void {
    if (newest === this.#newest) return;
    this.#epochs = (this.#opened()?.epochs?.all.all() ?? []) as Epoch[];
    this.#newest = newest;
    this.#tail = [];
    this.#tailStart = null;
  }

  #isReplaced(): boolean {
    return this.#open !== null && statSync(this.#file, { throwIfNoEntry: false })?.ino !== this.#open.inode;
  }

  #opened(): OpenFile | null {
    if (this.#open !== null && this.#open.epochs === null && hasEpochs(this.#open.db)) this.close();
    this.#isLocked = false;
    if (this.#open !== null) return this.#open;
    if (!existsSync(this.#file)) return null;
    const db = new Database(this.#file, { readonly: true, fileMustExist: true, timeout: LOCK_TIMEOUT_MS });
    try {
      const withEpochs = hasEpochs(db);
      this.#open = {
        db,
        inode: statSync(this.#file).ino,
        read: db.prepare(readSql(withEpochs ? `(${NEWEST_EPOCH_SQL})` : 'NULL')).raw(),
        version: db.prepare('PRAGMA data_version').pluck(),
        seq: db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").pluck(),
        epochs: withEpochs ? { newest: db.prepare(NEWEST_EPOCH_SQL).pluck(), all: db.prepare(EPOCHS_SQL) } : null,
      };
      return this.#open;
    } catch (error) {
      db.close();
      this.#isLocked = isLockError(error);
      if (this.#isLocked || hasNoTables(error)) return null;
      throw error;
    }
  }
}

function hasEpochs(db: Database.Database): boolean {
  return db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'topic_epoch'").get() !== undefined;
}

/** Text that is no JSON object is passed on as `raw`, for the reader to dead-letter: it does not stop the topic. */
function readAttributes(text: string): LogRecord['attributes'] {
  try {
    const attributes: unknown = JSON.parse(text);
    if (typeof attributes === 'object' && attributes !== null && !Array.isArray(attributes)) {
      return attributes as LogRecord['attributes'];
    }
  } catch {
    // Same as for JSON that is no object.
  }
  return { raw: text };
}

/** The writer creates or migrates the file, or recovers it after a crash. */
function isLockError(error: unknown): boolean {
  return error instanceof Database.SqliteError && /^SQLITE_(BUSY|LOCKED|CANTOPEN)/.test(error.code);
}

/** The writer has just created the file. */
function hasNoTables(error: unknown): boolean {
  return error instanceof Database.SqliteError && error.message.startsWith('no such table');
}
