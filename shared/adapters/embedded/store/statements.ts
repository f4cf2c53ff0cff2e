import type { Message } from '../../../core/message.ts';
import type { ColumnKind, Query, Table } from '../../../ports/store.ts';
import { attributesOf, compactAttributes, compactMessage, messageOf } from '../compact-message.ts';

export type SqlValue = string | number | null;
export type Column = readonly [name: string, kind: ColumnKind];

/** SQL for one table, and the conversion between its rows and SQLite's values. Names never come from input. */
export interface TableSql {
  readonly select: string;
  /** The columns of a new row, by their names in SQL. */
  readonly insertColumns: readonly string[];
  readonly clear: string;
  readonly isEmpty: string;
  /** Removes the row with this key. */
  readonly remove: string;
  keyValues(row: object): SqlValue[];
  /** The values of `insertColumns`. */
  values(row: object): SqlValue[];
  /** The columns in which the rows differ. */
  changes(stored: object, row: object): readonly Column[];
  /** SQL that sets these columns of `rows` rows to the same values; the values are bound first, then the keys. */
  update(columns: readonly Column[], rows: number): string;
  columnValues(columns: readonly Column[], row: object): SqlValue[];
  /** Builds a row from SQLite's values, in the order of the columns; JSON columns are parsed. */
  revive(values: readonly SqlValue[]): object;
}

export function tableSql(table: Table): TableSql {
  const columns = Object.entries(table.columns) as readonly Column[];
  const written = columns.filter(([, kind]) => kind !== 'sequence');
  const keys = table.key.map((name) => columns.find(([column]) => column === name) as Column);
  const conditions = equal(table.key.slice(0, table.loadBy));
  return {
    select: `${selectFrom(table)} WHERE ${conditions.join(' AND ')} ORDER BY ${table.key.map(snake).join(', ')}`,
    insertColumns: written.map(([name]) => snake(name)),
    clear: `DELETE FROM ${table.name}`,
    isEmpty: `SELECT NOT EXISTS (SELECT 1 FROM ${table.name})`,
    remove: `DELETE FROM ${table.name} WHERE ${keyIs(table)}`,
    keyValues: (row) => keys.map((column) => sqlValue(row, column)),
    values: (row) => written.map((column) => sqlValue(row, column)),
    changes: (stored, row) => {
      const changed: Column[] = [];
      for (const column of written) {
        const [name] = column;
        if ((stored as Record<string, unknown>)[name] !== (row as Record<string, unknown>)[name]) changed.push(column);
      }
      return changed;
    },
    update: (columns, rows) => updateSql(table, columns, rows),
    columnValues: (columns, row) => columns.map((column) => sqlValue(row, column)),
    revive: (values) => {
      // Always the same columns in the same order, so that all rows of a table share one shape.
      const row: Record<string, unknown> = {};
      for (let at = 0; at < columns.length; at++) {
        const [column, kind] = columns[at] as Column;
        const value = values[at];
        row[column] = typeof value === 'string' ? revived(value, kind) : value;
      }
      return row;
    },
  };
}

/** A cache key: two queries of one table with the same shape have the same SQL. */
export function shapeOf({
  table,
  where = {},
  fixed,
  atMost = {},
  orderBy = table.key,
  descending = false,
  after = [],
}: Query<object>): string {
  const constants = fixed === undefined ? '' : JSON.stringify(fixed);
  return `${constants} ${Object.keys(where)} ${Object.keys(atMost)} ${orderBy} ${descending} ${after.length}`;
}

/** SQL for a read; the values of `where`, `atMost`, `after` and `limit` are bound in this order. */
export function querySql(query: Query<object>): string {
  const { table, where = {}, fixed = {}, atMost = {}, orderBy = table.key, descending = false, after } = query;
  const direction = descending ? 'DESC' : 'ASC';
  const order = orderBy.map(snake);
  const conditions = [
    ...constant(fixed),
    ...equal(Object.keys(where)),
    ...Object.keys(atMost).map((column) => `${snake(column)} <= ?`),
  ];
  if (after !== undefined) {
    conditions.push(`(${order.join(', ')}) ${descending ? '<' : '>'} (${order.map(() => '?').join(', ')})`);
  }
  const filter = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return `${selectFrom(table)}${filter} ORDER BY ${order.map((column) => `${column} ${direction}`).join(', ')} LIMIT ?`;
}

/** A literal: with a bound parameter, SQLite could not choose a partial index, or would prepare the statement anew. */
function literal(value: unknown): string {
  return typeof value === 'number' ? String(value) : `'${String(value).replaceAll("'", "''")}'`;
}

export function countSql(table: Table, columns: readonly string[], fixed: object): string {
  const conditions = [...constant(fixed), ...equal(columns)];
  const filter = conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
  return `SELECT count(*) FROM ${table.name}${filter}`;
}

function selectFrom(table: Table): string {
  const columns = Object.keys(table.columns).map((column) => `${snake(column)} AS "${column}"`);
  return `SELECT ${columns.join(', ')} FROM ${table.name}`;
}

/** With FAIL, because the whole transaction is rolled back when a row fails: see `bulk-insert.ts`. */
function updateSql(table: Table, columns: readonly Column[], rows: number): string {
  return `UPDATE OR FAIL ${table.name} SET ${equal(columns.map(([name]) => name)).join(', ')} WHERE ${keyIsOneOf(table, rows)}`;
}

function keyIsOneOf(table: Table, rows: number): string {
  if (rows === 1) return keyIs(table);
  const names = table.key.map(snake).join(', ');
  if (table.key.length === 1) return `${names} IN (${Array(rows).fill('?')})`;
  return `(${names}) IN (VALUES ${Array(rows).fill(`(${table.key.map(() => '?')})`)})`;
}

function keyIs(table: Table): string {
  return equal(table.key).join(' AND ');
}

function constant(fixed: object): string[] {
  return Object.entries(fixed).map(([column, value]) => `${snake(column)} = ${literal(value)}`);
}

function equal(columns: readonly string[]): string[] {
  return columns.map((column) => `${snake(column)} = ?`);
}

function sqlValue(row: object, [name, kind]: Column): SqlValue {
  const value = (row as Record<string, unknown>)[name];
  if (kind === 'text' || value === null) return value as SqlValue;
  if (kind === 'json') return JSON.stringify(value);
  if (kind === 'attributes') return JSON.stringify(compactAttributes(value as Message));
  return kind === 'message' ? JSON.stringify(compactMessage(value as Message)) : (value as SqlValue);
}

function revived(text: string, kind: ColumnKind): unknown {
  if (kind === 'text') return text;
  if (kind === 'json') return JSON.parse(text);
  if (kind === 'attributes') return attributesOf(JSON.parse(text));
  return kind === 'message' ? messageOf(JSON.parse(text)) : text;
}

function snake(column: string): string {
  return column.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
