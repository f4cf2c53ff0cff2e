import { InvariantError } from '../../core/assert.ts';
import type { Loaded, Need, StoredWrite, Table, Write } from '../../ports/store.ts';
import type { RowReader } from '../function.ts';

const SEPARATOR = '\u0000';

/** Rows that are loaded together. */
interface Group {
  /** As the batch sees them now, by the rest of the key; null until first read. */
  rows: Map<string, object> | null;
  /** What the batch wrote, by the rest of the key; null while it wrote nothing. Most groups are only read. */
  written: Map<string, StoredWrite> | null;
}

/** The place of a row: its group, and its whole key. */
interface Place {
  readonly group: Group;
  readonly key: readonly string[];
}

/** Shared by all empty groups; replaced before the first write. */
const NO_ROWS = new Map<string, object>();

/**
 * The overlay of a batch: rows as loaded, with the writes of the messages so far over them. A message that fails writes
 * nothing, because writes come as a value after it has succeeded.
 */
export class RowOverlay implements RowReader {
  readonly #loaded: Loaded;
  readonly #tables = new Map<Table, Map<string, Group>>();
  /** In the order of the first write to each row: a row of a group, or one that may be added unseen. */
  readonly #order: (StoredWrite | { readonly group: Group; readonly rest: string })[] = [];
  #appended = 0;

  constructor(loaded: Loaded, needs: readonly Need[]) {
    this.#loaded = loaded;
    for (const { table, values } of needs) {
      let groups = this.#tables.get(table);
      if (groups === undefined) {
        groups = new Map();
        this.#tables.set(table, groups);
      }
      const name = groupName(values, table.loadBy);
      if (!groups.has(name)) groups.set(name, { rows: null, written: null });
    }
  }

  one<Row extends object>(table: Table<Row>, ...key: readonly string[]): Row | undefined {
    return this.#rowsOf(table as Table, key).get(restName(key, table.loadBy)) as Row | undefined;
  }

  many<Row extends object>(table: Table<Row>, ...group: readonly string[]): readonly Row[] {
    return [...this.#rowsOf(table as Table, group).values()] as unknown as readonly Row[];
  }

  /** Takes the writes of one message: all of them, or none when one belongs to a group that the batch did not name. */
  put(writes: readonly Write[]): void {
    const places = writes.map((write) => this.#placeOf(write));
    for (let at = 0; at < writes.length; at++) {
      const write = writes[at] as Write;
      const place = places[at];
      if (place === null || place === undefined) this.#order.push({ table: write.table, row: write.row, stored: null });
      else this.#write(place, write);
    }
  }

  /** Each changed row once, in its final state, in the order of the first writes. */
  writes(): StoredWrite[] {
    return this.#order.map((write) => {
      return 'group' in write ? (write.group.written?.get(write.rest) as StoredWrite) : write;
    });
  }

  #write({ group, key }: Place, { table, row, removed = false }: Write): void {
    group.written ??= new Map();
    if (table.appendOnly) {
      // The store may assign the key later; until then the row is identified by its place in the batch.
      const rest = `+${this.#appended++}`;
      this.#order.push({ group, rest });
      group.written.set(rest, { table, row, stored: null });
      if (group.rows !== null) writable(group).set(rest, row);
      return;
    }
    const rest = restName(key, table.loadBy);
    const rows = group.rows ?? this.#rowsOf(table, key);
    const earlier = group.written.get(rest);
    if (earlier === undefined) this.#order.push({ group, rest });
    const stored = earlier === undefined ? (rows.get(rest) ?? null) : earlier.stored;
    group.written.set(rest, removed ? { table, row, stored, removed } : { table, row, stored });
    if (removed) writable(group).delete(rest);
    else writable(group).set(rest, row);
  }

  /** The place of a write; null for a row that may be added unseen. */
  #placeOf(write: Write): Place | null {
    const { table } = write;
    const groups = this.#tables.get(table);
    if (groups === undefined && table.addsUnseen) return null;
    const key = keyOf(write);
    const group = groups?.get(groupName(key, table.loadBy));
    if (group !== undefined) return { group, key };
    if (table.addsUnseen) return null;
    throw new InvariantError(`${table.name} [${key.join(', ')}] was not named by the batch`);
  }

  #rowsOf(table: Table, values: readonly string[]): Map<string, object> {
    const group = this.#tables.get(table)?.get(groupName(values, table.loadBy));
    if (group === undefined)
      throw new InvariantError(`${table.name} [${values.join(', ')}] was not named by the batch`);
    if (group.rows !== null) return group.rows;
    const loaded = this.#loaded.rows({ table, values: values.slice(0, table.loadBy) });
    group.rows = NO_ROWS;
    for (const row of loaded) writable(group).set(restName(keyOf({ table, row }), table.loadBy), row);
    for (const [rest, { row }] of group.written ?? []) writable(group).set(rest, row);
    return group.rows;
  }
}

function writable(group: Group): Map<string, object> {
  if (group.rows === null || group.rows === NO_ROWS) group.rows = new Map();
  return group.rows;
}

function groupName(key: readonly string[], loadBy: number): string {
  return loadBy === 1 ? (key[0] as string) : key.slice(0, loadBy).join(SEPARATOR);
}

function restName(key: readonly string[], loadBy: number): string {
  if (key.length === loadBy) return '';
  return key.length === loadBy + 1 ? (key[loadBy] as string) : key.slice(loadBy).join(SEPARATOR);
}

function keyOf({ table, row }: Write): string[] {
  return table.key.map((column) => String((row as Record<string, unknown>)[column]));
}
