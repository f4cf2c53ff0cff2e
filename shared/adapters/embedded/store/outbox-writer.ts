import type Database from 'better-sqlite3';
import type { OutboxRow } from '../../../ports/store.ts';
import { BEGIN_EPOCH_SQL, NEWEST_EPOCH_SQL, OUTBOX_COLUMNS, outboxValues } from '../outbox-schema.ts';
import { BulkInsert } from './bulk-insert.ts';

/** Writes the outbox, and knows where its rows lie: one writer commits at a time, so positions count up one by one. */
export class OutboxWriter {
  readonly #db: Database.Database;
  readonly #insert: BulkInsert;
  /** Our life as a writer; null before it has begun. */
  #epoch: string | null = null;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#insert = new BulkInsert(db, 'outbox', OUTBOX_COLUMNS);
  }

  begin(): void {
    this.#db.exec(BEGIN_EPOCH_SQL);
    this.#epoch = this.#db.prepare(NEWEST_EPOCH_SQL).pluck().get() as string;
  }

  /** Gives the rows with where they lie, once they are committed; as they are where no life has begun. */
  append(rows: readonly OutboxRow[]): readonly OutboxRow[] {
    const all = rows.map(({ topic, message }) => outboxValues(topic, message));
    const before = this.#insert.insert(all) - rows.length;
    const epoch = this.#epoch;
    if (epoch === null || rows.length === 0) return rows;
    return all.map(([topic, , attributes, value], index) => {
      const { message } = rows[index] as OutboxRow;
      return { topic, message, written: { position: before + index + 1, epoch, attributes, value } };
    });
  }
}
