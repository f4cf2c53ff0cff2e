import type Database from 'better-sqlite3';
import type { InboxKey } from '../../../ports/store.ts';

/**
 * Sources whose greatest id is held in memory. Writers to a public topic choose the source, so it is limited; ids of
 * others are always looked up.
 */
const SOURCES_MAX = 16;
/** Text that JavaScript compares as SQLite does. */
const ASCII = /^[\x20-\x7e]*$/;

/**
 * The ids in the inbox of one consumer. Ids of functions begin with the time of their cause, so a new one is greater
 * than all stored ids and needs no lookup. The file has one writer, so the cached ids stay valid.
 */
export class SeenIds {
  readonly #consumer: string;
  readonly #lookup: Database.Statement<[string, string, string], string>;
  readonly #last: Database.Statement<[string, string], string | null>;
  /** By source: no id in the inbox is greater than this; null where JavaScript cannot compare the ids. */
  readonly #greatest = new Map<string, string | null>();

  constructor(db: Database.Database, consumer: string) {
    this.#consumer = consumer;
    this.#lookup = db
      .prepare<[string, string, string], string>(
        'SELECT fingerprint FROM inbox WHERE consumer = ? AND source = ? AND id = ?',
      )
      .pluck();
    this.#last = db
      .prepare<[string, string], string | null>('SELECT max(id) FROM inbox WHERE consumer = ? AND source = ?')
      .pluck();
  }

  /** The fingerprint stored for this message, or undefined. */
  fingerprintOf({ source, id }: InboxKey): string | undefined {
    const greatest = this.#greatestOf(source);
    if (greatest !== null && id > greatest) return undefined;
    return this.#lookup.get(this.#consumer, source, id);
  }

  /** Call it for every id before it is written; an id that is then rolled back does no harm. */
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
