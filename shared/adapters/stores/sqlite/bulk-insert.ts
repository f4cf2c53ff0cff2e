import type Database from 'better-sqlite3';
import type { SqlValue } from './statements.ts';

/** Rows in one statement. Running a statement costs about half as much as a row; more than this gains nothing. */
const ROWS_MAX = 8;

/** Inserts the rows of a batch into one table, several with each statement. */
export class BulkInsert {
  readonly #one: Database.Statement<unknown[]>;
  readonly #many: Database.Statement<unknown[]>;

  /** `columns` are names in SQL; with `keepsFirst` a row whose key is there already is left out. */
  constructor(db: Database.Database, table: string, columns: readonly string[], keepsFirst = false) {
    const row = `(${columns.map(() => '?').join(', ')})`;
    const insert = `INSERT INTO ${table} (${columns.join(', ')}) VALUES`;
    const otherwise = keepsFirst ? ' ON CONFLICT DO NOTHING' : '';
    this.#one = db.prepare(`${insert} ${row}${otherwise}`);
    this.#many = db.prepare(`${insert} ${Array(ROWS_MAX).fill(row).join(', ')}${otherwise}`);
  }

  /** In this order. */
  insert(rows: readonly (readonly SqlValue[])[]): void {
    let at = 0;
    for (; at + ROWS_MAX <= rows.length; at += ROWS_MAX) {
      const values: SqlValue[] = [];
      for (let row = at; row < at + ROWS_MAX; row++) values.push(...(rows[row] as readonly SqlValue[]));
      this.#many.run(values);
    }
    for (; at < rows.length; at++) this.#one.run(rows[at]);
  }
}
