import type { ColumnKind, Query, Table } from '../../../ports/store.ts';

export type SqlValue = string | number | null;

/** SQL for one table and the way between its rows and SQLite's values. Names come from the program, never from outside. */
export interface TableSql {
  readonly select: string;
  readonly write: string;
  readonly clear: string;
  /** The values of a row for `write`. */
  values(row: object): readonly SqlValue[];
  /** Undoes what SQLite cannot keep: JSON columns become values again, in place. */
  revive(row: object): object;
}

export function tableSql(table: Table): TableSql {
  const columns = Object.entries(table.columns) as [string, ColumnKind][];
  const written = columns.filter(([, kind]) => kind !== 'sequence');
  const json = columns.filter(([, kind]) => kind === 'json').map(([column]) => column);
  const conditions = table.key.slice(0, table.loadBy).map((column) => `${snake(column)} = ?`);
  return {
    select: `${selectFrom(table)} WHERE ${conditions.join(' AND ')} ORDER BY ${table.key.map(snake).join(', ')}`,
    write: writeSql(
      table,
      written.map(([column]) => column),
    ),
    clear: `DELETE FROM ${table.name}`,
    values: (row) =>
      written.map(([column, kind]) => {
        const value = (row as Record<string, unknown>)[column];
        return (kind === 'json' && value !== null ? JSON.stringify(value) : value) as SqlValue;
      }),
    revive: (row) => {
      for (const column of json) {
        const record = row as Record<string, unknown>;
        const text = record[column];
        if (typeof text === 'string') record[column] = JSON.parse(text);
      }
      return row;
    },
  };
}

/** SQL for a read; the values of `where`, `after` and `limit` are bound in this order. */
export function querySql(query: Query<object>): string {
  const { table, where = {}, orderBy = table.key, descending = false, after } = query;
  const direction = descending ? 'DESC' : 'ASC';
  const order = orderBy.map(snake);
  const conditions = Object.keys(where).map((column) => `${snake(column)} = ?`);
  if (after !== undefined) {
    conditions.push(`(${order.join(', ')}) ${descending ? '<' : '>'} (${order.map(() => '?').join(', ')})`);
  }
  const filter = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return `${selectFrom(table)}${filter} ORDER BY ${order.map((column) => `${column} ${direction}`).join(', ')} LIMIT ?`;
}

function selectFrom(table: Table): string {
  const columns = Object.keys(table.columns).map((column) => `${snake(column)} AS "${column}"`);
  return `SELECT ${columns.join(', ')} FROM ${table.name}`;
}

function writeSql(table: Table, columns: readonly string[]): string {
  const insert = `INSERT INTO ${table.name} (${columns.map(snake).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
  if (table.appendOnly) return insert;
  const key: readonly string[] = table.key;
  const rest = columns
    .filter((column) => !key.includes(column))
    .map((column) => `${snake(column)} = excluded.${snake(column)}`);
  const conflict = rest.length === 0 ? 'DO NOTHING' : `DO UPDATE SET ${rest.join(', ')}`;
  return `${insert} ON CONFLICT (${key.map(snake).join(', ')}) ${conflict}`;
}

function snake(column: string): string {
  return column.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
