import type Database from 'better-sqlite3';
import type { OutboxRow } from '../../../ports/store.ts';
import { BEGIN_EPOCH_SQL, NEWEST_EPOCH_SQL, OUTBOX_COLUMNS, outboxValues } from '../outbox-schema.ts';
import { BulkInsert } from './bulk-insert.ts';

/** Writes the outbox and knows the positions of its rows: one writer commits at a time, so they increase one by one. */
export class OutboxWriter {
  readonly #db: Database.Database;
  readonly #insert: BulkInsert;
  /** This writer's epoch; null before `begin` or `resume`. */
  #epoch: string | null = null;

  constructor(db: Database.Database) {
    this.#db = db;
    this.#insert = new BulkInsert(db, 'outbox', OUTBOX_COLUMNS);
  }

  begin(): void {
    this.#db.exec(BEGIN_EPOCH_SQL);
    this.resume();
  }

  /** Goes on in the newest epoch of the file. */
  resume(): void {
    this.#epoch = this.#db.prepare(NEWEST_EPOCH_SQL).pluck().get() as string;
  }

  /** Returns the rows with their positions, valid once they are committed; unchanged where no epoch has begun. */
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
