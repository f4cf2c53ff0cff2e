import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import type { LogRecord, Progress } from '../../../ports/message-log.ts';

/** A reader waits no longer than this for a lock: its loop tries again, and others in this process go on meanwhile. */
export const LOCK_TIMEOUT_MS = 50;

/** Records that are kept for other readers. */
const TAIL_MAX = 1_024;

const READ_SQL =
  'SELECT position, attributes, data FROM outbox WHERE position > ? AND topic = ? ORDER BY position LIMIT ?';

type ReadRow = [position: number, attributes: string, data: string];

/**
 * One topic, read from the outbox in its writer's file over a read-only connection. The file may not be there yet: its
 * writer may never have started. Until then the topic is empty.
 */
export class TopicFile {
  readonly #topic: string;
  readonly #file: string;
  #open: {
    db: Database.Database;
    read: Database.Statement;
    version: Database.Statement;
    seq: Database.Statement;
  } | null = null;
  #version: unknown = undefined;
  /** All records behind `#tailStart`, up to the last that was read. */
  readonly #tail: LogRecord[] = [];
  #tailStart: number;

  /** `position`: where its first reader begins. */
  constructor(topic: string, file: string, position: number) {
    this.#topic = topic;
    this.#file = file;
    this.#tailStart = position;
  }

  /**
   * Up to `max` records behind `position`, in the order in which they were committed; none only when there are none. The
   * newest are kept, and every reader in this thread gets the same objects: what one has parsed, the next need not.
   */
  read(position: number, max: number): readonly LogRecord[] {
    if (position < this.#tailStart) return this.#readFile(position, max);
    const last = this.#tail.at(-1)?.position ?? this.#tailStart;
    // A reader that is ahead of all others must not be shown what lies between.
    if (position > last) return this.#readFile(position, max);
    if (position === last) {
      this.#tail.push(...this.#readFile(last, max));
      if (this.#tail.length > TAIL_MAX) this.#tailStart = this.#tail.splice(0, TAIL_MAX / 2).at(-1)?.position ?? last;
    }
    const first = this.#tail.findLastIndex((record) => record.position <= position) + 1;
    return this.#tail.slice(first, first + max);
  }

  #readFile(position: number, max: number): readonly LogRecord[] {
    const rows = (this.#opened()?.read.all(position, this.#topic, max) ?? []) as ReadRow[];
    return rows.map(([position, attributes, value]) => ({
      topic: this.#topic,
      partition: 0,
      position,
      attributes: readAttributes(attributes),
      value,
    }));
  }

  /**
   * Whether anybody has committed to the file since the last call. Costs a look at the file's change counter. True also
   * when that cannot be read any more, once: whoever then reads the topic meets the trouble, tells of it and tries again.
   */
  changed(): boolean {
    try {
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

  /** The position of the last record that was ever written; 0 before the first. */
  end(): number {
    return (this.#opened()?.seq.get() as number | undefined) ?? 0;
  }

  /** What lies behind a reader. A file holds one topic, so positions count its records. */
  behind(position: number): Pick<Progress, 'end' | 'lag' | 'oldestUnreadAt'> {
    const end = this.end();
    const [first] = this.#readFile(position, 1);
    const time = first?.attributes['time'];
    return {
      end,
      lag: first === undefined ? 0 : end - first.position + 1,
      oldestUnreadAt: typeof time === 'string' && !Number.isNaN(Date.parse(time)) ? time : null,
    };
  }

  close(): void {
    this.#open?.db.close();
    this.#open = null;
  }

  #opened() {
    if (this.#open !== null) return this.#open;
    if (!existsSync(this.#file)) return null;
    const db = new Database(this.#file, { readonly: true, fileMustExist: true, timeout: LOCK_TIMEOUT_MS });
    try {
      this.#open = {
        db,
        read: db.prepare(READ_SQL).raw(),
        version: db.prepare('PRAGMA data_version').pluck(),
        seq: db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").pluck(),
      };
      return this.#open;
    } catch (error) {
      db.close();
      if (isBeingCreated(error)) return null;
      throw error;
    }
  }
}

/** What is no JSON object is handed on as it is: one bad record must not stop a topic, whoever reads it sets it aside. */
function readAttributes(text: string): LogRecord['attributes'] {
  try {
    const attributes: unknown = JSON.parse(text);
    if (typeof attributes === 'object' && attributes !== null && !Array.isArray(attributes)) return { ...attributes };
  } catch {
    // The same as for JSON that is no object.
  }
  return { raw: text };
}

/** Its writer is just creating it: there is no table yet, or the file is locked for the moment. */
function isBeingCreated(error: unknown): boolean {
  if (!(error instanceof Database.SqliteError)) return false;
  return /^SQLITE_(BUSY|LOCKED|CANTOPEN)/.test(error.code) || error.message.startsWith('no such table');
}
