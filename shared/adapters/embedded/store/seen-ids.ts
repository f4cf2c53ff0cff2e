import type Database from 'better-sqlite3';
import type { InboxKey } from '../../../ports/store.ts';

/** Sources of which the greatest id is kept in memory; of more, as anybody may name one on an open topic, every look is taken. */
const SOURCES_MAX = 16;
/** Text that is compared here as SQLite compares it. */
const ASCII = /^[\x20-\x7e]*$/;

/**
 * The ids in the inbox of one consumer. Ids of functions begin with the time of their cause, so that a new one is greater
 * than all there are, and needs no look; the file has one writer, so that what is known here stays true.
 */
export class SeenIds {
  readonly #consumer: string;
  readonly #look: Database.Statement<[string, string, string], string>;
  readonly #last: Database.Statement<[string, string], string | null>;
  /** By source: no id in the inbox is greater than this; null where that cannot be told here. */
  readonly #greatest = new Map<string, string | null>();

  constructor(db: Database.Database, consumer: string) {
    this.#consumer = consumer;
    this.#look = db
      .prepare<[string, string, string], string>(
        'SELECT fingerprint FROM inbox WHERE consumer = ? AND source = ? AND id = ?',
      )
      .pluck();
    this.#last = db
      .prepare<[string, string], string | null>('SELECT max(id) FROM inbox WHERE consumer = ? AND source = ?')
      .pluck();
  }

  /** The fingerprint under which it was seen, or undefined. */
  fingerprintOf({ source, id }: InboxKey): string | undefined {
    const greatest = this.#greatestOf(source);
    if (greatest !== null && id > greatest) return undefined;
    return this.#look.get(this.#consumer, source, id);
  }

  /** To be told of every id before it is written; that it then is not does no harm. */
  add({ source, id }: InboxKey): void {
    const greatest = this.#greatestOf(source);
    if (greatest !== null && id > greatest) this.#greatest.set(source, id);
  }

  #greatestOf(source: string): string | null {
    const known = this.#greatest.get(source);
    if (known !== undefined) return known;
    if (this.#greatest.size >= SOURCES_MAX) return null;
    const last = this.#last.get(this.#consumer, source) ?? '';
    const greatest = ASCII.test(last) ? last : null;
    this.#greatest.set(source, greatest);
    return greatest;
  }
}
