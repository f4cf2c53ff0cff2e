import type Database from 'better-sqlite3';
import type { SqlValue } from './statements.ts';

type Row = readonly SqlValue[];
type Insert = Database.Statement<Row[]>;

/** How many rows go with one statement: running one costs about as much as a row, and more than the most here gains nothing. */
const SIZES = [8, 4, 2, 1] as const;

/** Inserts the rows of a batch into one table, several with each statement. */
export class BulkInsert {
  readonly #prepare: (size: number) => Insert;
  /** By the number of their rows. */
  readonly #inserts = new Map<number, Insert>();

  /** `columns` are names in SQL; with `keepsFirst` a row whose key is there already is left out. */
  constructor(db: Database.Database, table: string, columns: readonly string[], keepsFirst = false) {
    const row = `(${columns.map(() => '?')})`;
    const otherwise = keepsFirst ? ' ON CONFLICT DO NOTHING' : '';
    this.#prepare = (size) => {
      // A row that fails takes back the transaction. So that it could take back its statement alone, SQLite would copy each
      // page before it writes there; with FAIL it need not.
      return db.prepare(`INSERT OR FAIL INTO ${table} (${columns}) VALUES ${Array(size).fill(row)}${otherwise}`);
    };
    this.#of(1);
  }

  /**
   * In this order. Gives the row id of the last; 0 where there are none. When one fails, those before it may be there: the
   * caller takes back the transaction.
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
