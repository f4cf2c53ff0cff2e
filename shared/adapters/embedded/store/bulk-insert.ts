import type Database from 'better-sqlite3';
import type { SqlValue } from './statements.ts';

type Row = readonly SqlValue[];
type Insert = Database.Statement<Row[]>;

/** Rows per statement: a statement costs about as much as a row, and more than eight rows gain nothing. */
const SIZES = [8, 4, 2, 1] as const;

/** Inserts the rows of a batch into one table, several per statement. */
export class BulkInsert {
  readonly #prepare: (size: number) => Insert;
  /** By their number of rows. */
  readonly #inserts = new Map<number, Insert>();

  /** `columns` are names in SQL; with `skipsExisting` a row whose key exists already is skipped. */
  constructor(db: Database.Database, table: string, columns: readonly string[], skipsExisting = false) {
    const row = `(${columns.map(() => '?')})`;
    const onConflict = skipsExisting ? ' ON CONFLICT DO NOTHING' : '';
    this.#prepare = (size) => {
      // A row that fails rolls back the whole transaction. With FAIL, SQLite does not copy each page before it writes
      // there, as it would to roll back a single statement.
      return db.prepare(`INSERT OR FAIL INTO ${table} (${columns}) VALUES ${Array(size).fill(row)}${onConflict}`);
    };
    this.#of(1);
  }

  /**
   * Inserts the rows in this order. Returns the row id of the last; 0 where there are none. When a row fails, those
   * before it may be inserted: the caller rolls back the transaction.
   */
  insert(rows: readonly Row[]): number {
    let at = 0;
    let last: number | bigint = 0;
    for (const size of SIZES) {
      for (; at + size <= rows.length; at += size) {
        last = this.#of(size).run(...rows.slice(at, at + size)).lastInsertRowid;
      }
    }
    return Number(last);
  }

  #of(size: number): Insert {
    let insert = this.#inserts.get(size);
    if (insert === undefined) {
      insert = this.#prepare(size);
      this.#inserts.set(size, insert);
    }
    return insert;
  }
}
