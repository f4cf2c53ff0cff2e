import type Database from 'better-sqlite3';
import type { Column, SqlValue, TableSql } from './statements.ts';

/** What the updates of a table need: its SQL, and the statements so far, by the columns and the number of rows they change. */
export interface UpdatedTable extends Pick<TableSql, 'changes' | 'update' | 'columnValues' | 'keyValues'> {
  readonly updates: Map<string, Update>;
}

type Update = Database.Statement<(readonly SqlValue[])[]>;

/** Rows of one table that change in the same columns to the same values. */
interface Change {
  readonly table: UpdatedTable;
  readonly columns: readonly Column[];
  readonly values: SqlValue[];
  readonly keys: SqlValue[][];
}

/**
 * The updates of a batch. Running a statement costs as much as changing a row, so rows that follow each other with the same
 * change go together; otherwise rows are changed in the order in which they come. `flush` ends it.
 */
export class Updates {
  readonly #db: Database.Database;
  #waiting: Change | null = null;

  constructor(db: Database.Database) {
    this.#db = db;
  }

  /** Changes this row now or with those that follow; nothing where it does not differ. */
  add(table: UpdatedTable, stored: object, row: object): void {
    const columns = table.changes(stored, row);
    if (columns.length === 0) return;
    const values = table.columnValues(columns, row);
    const key = table.keyValues(row);
    const waiting = this.#waiting;
    if (waiting?.table === table && isSame(waiting.columns, columns) && isSame(waiting.values, values)) {
      waiting.keys.push(key);
      return;
    }
    this.flush();
    this.#waiting = { table, columns, values, keys: [key] };
  }

  /** What comes after it finds all rows changed. */
  flush(): void {
    const change = this.#waiting;
    this.#waiting = null;
    if (change === null) return;
    const { keys, values } = change;
    let at = 0;
    while (at < keys.length) {
      const size = sizeFor(keys.length - at);
      const some = keys.slice(at, at + size);
      at += size;
      // A key that is named twice counts once.
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

/** The rows in one statement, of those that are left: one of three sizes, so that there are few statements. */
function sizeFor(left: number): number {
  if (left === 1) return 1;
  return left > 8 ? 32 : 8;
}

function isSame(some: readonly unknown[], others: readonly unknown[]): boolean {
  return some.length === others.length && some.every((value, index) => value === others[index]);
}
