import type Database from 'better-sqlite3';
import type { Column, SqlValue, TableSql } from './statements.ts';

/** A table's SQL, and its prepared update statements, by the columns and the number of rows they change. */
export interface UpdatedTable extends Pick<TableSql, 'changes' | 'update' | 'columnValues' | 'keyValues'> {
  readonly updates: Map<string, Update>;
}

type Update = Database.Statement<(readonly SqlValue[])[]>;

/** Rows of one table whose same columns change to the same values. */
interface Change {
  readonly table: UpdatedTable;
  readonly columns: readonly Column[];
  readonly values: SqlValue[];
  readonly keys: SqlValue[][];
}

/**
 * The updates of a batch. Running a statement costs as much as changing a row, so consecutive rows with the same change
 * share one statement. Rows are changed in the order in which they are added. Call `flush` after the last.
 */
export class Updates {
  readonly #db: Database.Database;
  #pending: Change | null = null;

  constructor(db: Database.Database) {
    this.#db = db;
  }

  /** Changes this row now or with the next rows; does nothing where it does not differ. */
  add(table: UpdatedTable, stored: object, row: object): void {
    const columns = table.changes(stored, row);
    if (columns.length === 0) return;
    const values = table.columnValues(columns, row);
    const key = table.keyValues(row);
    const pending = this.#pending;
    if (pending?.table === table && isSame(pending.columns, columns) && isSame(pending.values, values)) {
      pending.keys.push(key);
      return;
    }
    this.flush();
    this.#pending = { table, columns, values, keys: [key] };
  }

  /** Runs the pending updates. */
  flush(): void {
    const change = this.#pending;
    this.#pending = null;
    if (change === null) return;
    const { keys, values } = change;
    let at = 0;
    while (at < keys.length) {
      const size = sizeFor(keys.length - at);
      const some = keys.slice(at, at + size);
      at += size;
      // A repeated key changes its row once.
      const last = some.at(-1) as SqlValue[];
      while (some.length < size) some.push(last);
      this.#statement(change, size).run(values, ...some);
    }
  }

  #statement({ table, columns }: Change, size: number): Update {
    const shape = `${size} ${columns.map(([name]) => name)}`;
    let statement = table.updates.get(shape);
    if (statement === undefined) {
      statement = this.#db.prepare(table.update(columns, size));
      table.updates.set(shape, statement);
    }
    return statement;
  }
}

/** Rows for the next statement, given how many are left: one of three sizes, so that few statements are prepared. */
function sizeFor(left: number): number {
  if (left === 1) return 1;
  return left > 8 ? 32 : 8;
}

function isSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((value, index) => value === others[index]);
}
