import { DAY_MS } from '../../core/days.ts';
import { AppError } from '../../core/errors.ts';
import type { RetentionDays } from '../../core/retention.ts';
import type { Commit, Loaded, Need, Query, Store, StoredWrite, Table, Write } from '../../ports/store.ts';
import { type DeadLetterRow, deadLetters, type ResolutionRow, resolutions } from '../../ports/tables/retry.ts';
import type { RetentionRule } from '../function.ts';
import { RowOverlay } from '../handle/row-overlay.ts';

/** Rows that are looked at, and at most removed, in one commit. */
export const ROWS_MAX = 250;

/** What one bounded piece of clean-up did. */
export interface Pruned {
  /** Rows that went, by table. */
  readonly removed: Readonly<Record<string, number>>;
  /** Whether there is more to look at in this pass. */
  readonly more: boolean;
  /** Whether it could not begin yet. */
  readonly later?: boolean;
  /** What is wrong with rows that therefore stay. */
  readonly error?: unknown;
}

/** One kind of clean-up. */
export interface Pruner {
  readonly name: string;
  /** Whether it looks at everything, so that once a day is enough. */
  readonly isDaily: boolean;
  /** The next piece of a pass, no larger than one small commit. After one that gives no more, a pass begins anew. */
  prune(nowMs: number): Promise<Pruned>;
}

/** The tables that every function has: open letters are kept for ever, what was decided for a while, with who decided it. */
const keptLetters: RetentionRule<DeadLetterRow> = {
  table: deadLetters,
  days: 'deadLetters',
  orderBy: ['sequence'],
  overSince: ({ status, decidedAt, diedAt }) =>
    status === 'open' || status === 'replaying' ? null : (decidedAt ?? diedAt),
};
const keptDecisions: RetentionRule<ResolutionRow> = {
  table: resolutions,
  days: 'deadLetters',
  orderBy: ['sequence'],
  needs: ({ letter }) => [{ table: deadLetters, values: [letter] }],
  overSince: ({ letter, at }, rows) => (rows.one(deadLetters, letter) === undefined ? at : null),
};
export const runtimeRetention: readonly RetentionRule[] = [keptLetters, keptDecisions];

export const NOTHING: Commit = { writes: [], inbox: [], outbox: [], positions: [] };

/** A row that is to be gone. */
export function removal(table: Table, row: object): StoredWrite {
  return { table, row, stored: row, removed: true };
}

/** Removes the rows of one declaration. */
export class RowPruner implements Pruner {
  readonly name: string;
  readonly isDaily: boolean;
  readonly #store: Store;
  readonly #kept: RetentionRule;
  readonly #days: number;
  /** The last row that was looked at, and the last of `per`; none at the beginning of a pass. */
  #after: readonly (string | number)[] = [];
  #group: readonly (string | number)[] = [];

  constructor(store: Store, kept: RetentionRule, days: RetentionDays) {
    this.name = kept.table.name;
    this.isDaily = kept.writtenAt === undefined || kept.per !== undefined;
    this.#store = store;
    this.#kept = kept;
    this.#days = typeof kept.days === 'number' ? kept.days : days[kept.days];
  }

  async prune(nowMs: number): Promise<Pruned> {
    const cutoff = new Date(nowMs - this.#days * DAY_MS).toISOString();
    const now = new Date(nowMs).toISOString();
    const { per } = this.#kept;
    if (per === undefined) return this.#cleanGroup({}, cutoff, now);
    const [group] = await this.#store.find({ table: per, ...from(this.#group), limit: 1 });
    if (group === undefined) {
      this.#group = [];
      return { removed: {}, more: false };
    }
    const [column = ''] = this.#orderBy;
    const cleaned = await this.#orError(this.#cleanGroup({ [column]: columnOf(group, column) }, cutoff, now));
    if (!cleaned.more) this.#group = per.key.map((key) => columnOf(group, key));
    return { ...cleaned, more: true };
  }

  /** A group that does not add up does not keep the others. */
  async #orError(cleaning: Promise<Pruned>): Promise<Pruned> {
    try {
      return await cleaning;
    } catch (error) {
      if (error instanceof AppError) throw error;
      this.#after = [];
      return { removed: {}, more: false, error };
    }
  }

  get #orderBy(): readonly string[] {
    return this.#kept.orderBy ?? this.#kept.table.key;
  }

  async #cleanGroup(where: object, cutoff: string, now: string): Promise<Pruned> {
    const { table, writtenAt } = this.#kept;
    const query: Query<object> = { table, where, orderBy: this.#orderBy, ...from(this.#after), limit: ROWS_MAX };
    const rows = await this.#store.find(query);
    const young = writtenAt === undefined ? -1 : rows.findIndex((row) => writtenAt(row) > cutoff);
    const old = young === -1 ? rows : rows.slice(0, young);
    const gone = old.length === 0 ? 0 : await this.#remove(old, cutoff, now);
    const last = rows.at(-1);
    const more = young === -1 && rows.length === ROWS_MAX && last !== undefined;
    this.#after = more ? this.#orderBy.map((column) => columnOf(last, column)) : [];
    return { removed: gone === 0 ? {} : { [table.name]: gone }, more };
  }

  /** Looks at them again where nobody can change them, so that none goes that is needed. Gives how many went. */
  async #remove(rows: readonly object[], cutoff: string, now: string): Promise<number> {
    const { table, fold } = this.#kept;
    const needs = rows.flatMap((row) => this.#kept.needs?.(row) ?? []);
    const own = rows.map((row) => groupOf(table, row));
    let gone = 0;
    await this.#store.transact([...needs, ...own], [], (loaded) => {
      const reader = new RowOverlay(loaded, needs);
      const present = rows.flatMap((row) => rowOf(loaded, table, row) ?? []);
      const isOver = (row: object) => (this.#kept.overSince(row, reader) ?? now) <= cutoff;
      const needed = present.findIndex((row) => !isOver(row));
      // What is put together is put together without a gap.
      const over = fold === undefined || needed === -1 ? present.filter(isOver) : present.slice(0, needed);
      gone = over.length;
      if (over.length === 0) return NOTHING;
      const folded = fold === undefined ? [] : fold(over, reader, now).map((write) => stored(loaded, write));
      return { ...NOTHING, writes: [...folded, ...over.map((row) => removal(table, row))] };
    });
    return gone;
  }
}

function from(after: readonly (string | number)[]): { readonly after?: readonly (string | number)[] } {
  return after.length === 0 ? {} : { after };
}

function columnOf(row: object, column: string): string | number {
  return (row as Record<string, string | number>)[column] ?? '';
}

function groupOf(table: Table, row: object): Need {
  return { table, values: table.key.slice(0, table.loadBy).map((column) => String(columnOf(row, column))) };
}

/** The row with the same key, as it is now. */
function rowOf(loaded: Loaded, table: Table, row: object): object | undefined {
  const isSame = (other: object) => table.key.every((column) => columnOf(other, column) === columnOf(row, column));
  return loaded.rows(groupOf(table, row)).find(isSame);
}

function stored(loaded: Loaded, { table, row }: Write): StoredWrite {
  return { table, row, stored: rowOf(loaded, table, row) ?? null };
}
