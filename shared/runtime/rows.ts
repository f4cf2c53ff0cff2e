import { assert } from '../core/assert.ts';
import type { Loaded, Need, Table, Write } from '../ports/store.ts';
import type { RowReader } from './function.ts';

const SEPARATOR = '\u0000';

interface TableRows {
  readonly groups: Map<string, Map<string, object>>;
  readonly changed: Map<string, Write>;
  readonly added: Write[];
}

/**
 * The overlay of a batch: rows as loaded, and over them what the messages so far have written. A message that fails
 * writes nothing, because writes come as a value after it has succeeded.
 */
export class Rows implements RowReader {
  readonly #loaded: Loaded;
  readonly #named: ReadonlyMap<Table, ReadonlySet<string>>;
  readonly #tables = new Map<Table, TableRows>();

  constructor(loaded: Loaded, needs: readonly Need[]) {
    this.#loaded = loaded;
    const named = new Map<Table, Set<string>>();
    for (const { table, values } of needs) {
      const groups = named.get(table);
      if (groups === undefined) named.set(table, new Set([groupName(values)]));
      else groups.add(groupName(values));
    }
    this.#named = named;
  }

  one<Row extends object>(table: Table<Row>, ...key: readonly string[]): Row | undefined {
    const group = this.#group(table as Table, key.slice(0, table.loadBy));
    return group.get(groupName(key)) as Row | undefined;
  }

  many<Row extends object>(table: Table<Row>, ...group: readonly string[]): readonly Row[] {
    return [...this.#group(table as Table, group).values()] as unknown as readonly Row[];
  }

  put(writes: readonly Write[]): void {
    for (const write of writes) {
      const rows = this.#rowsOf(write.table);
      if (write.table.appendOnly) {
        this.#add(write, rows);
        continue;
      }
      const key = keyOf(write);
      rows.changed.set(groupName(key), write);
      this.#group(write.table, key.slice(0, write.table.loadBy)).set(groupName(key), write.row);
    }
  }

  /** A row of a ledger gets its key from the store later; within the batch its place in the ledger stands for it. */
  #add(write: Write, rows: TableRows): void {
    rows.added.push(write);
    const group = keyOf(write).slice(0, write.table.loadBy);
    if (!this.#named.get(write.table)?.has(groupName(group))) return;
    this.#group(write.table, group).set(`added ${rows.added.length}`, write.row);
  }

  /** Each changed row once, as it is in the end. */
  writes(): Write[] {
    const writes: Write[] = [];
    for (const { changed, added } of this.#tables.values()) writes.push(...changed.values(), ...added);
    return writes;
  }

  #rowsOf(table: Table): TableRows {
    let rows = this.#tables.get(table);
    if (rows === undefined) {
      rows = { groups: new Map(), changed: new Map(), added: [] };
      this.#tables.set(table, rows);
    }
    return rows;
  }

  #group(table: Table, values: readonly string[]): Map<string, object> {
    const name = groupName(values);
    const { groups } = this.#rowsOf(table);
    let group = groups.get(name);
    if (group === undefined) {
      assert(this.#named.get(table)?.has(name), `${table.name} [${values.join(', ')}] was not named by the batch`);
      group = new Map(
        this.#loaded.rows({ table, values }).map((row) => [groupName(keyOf({ table, row })), row] as const),
      );
      groups.set(name, group);
    }
    return group;
  }
}

function groupName(values: readonly string[]): string {
  return values.length === 1 ? (values[0] as string) : values.join(SEPARATOR);
}

function keyOf({ table, row }: Write): string[] {
  return table.key.map((column) => String((row as Record<string, unknown>)[column]));
}
