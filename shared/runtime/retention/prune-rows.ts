import { DAY_MS } from '../../core/days.ts';
import { AppError } from '../../core/errors.ts';
import type { RetentionDays } from '../../core/retention.ts';
import type { Commit, Loaded, Need, Query, Store, StoredWrite, Table, Write } from '../../ports/store.ts';
import { type DeadLetterRow, deadLetters, type ResolutionRow, resolutions } from '../../ports/tables/retry.ts';
import type { RetentionRule } from '../function.ts';
import { RowOverlay } from '../handle/row-overlay.ts';

/** The most rows that one commit reads and removes. */
export const ROWS_MAX = 250;

/** The result of pruning one batch. */
export interface Pruned {
  /** Rows removed, by table. */
  readonly removed: Readonly<Record<string, number>>;
  /** Whether there are more rows to check in this pass. */
  readonly more: boolean;
  /** Whether the pruner could not start yet. */
  readonly later?: boolean;
  /** The error because of which rows stay. */
  readonly error?: unknown;
}

/** Prunes one kind of row. */
export interface Pruner {
  readonly name: string;
  /** Whether it scans the whole table, so that once a day is enough. */
  readonly isDaily: boolean;
  /**
   * Prunes the next batch of a pass in one small commit. When it returns no `more`, the next call starts a new pass.
   */
  prune(nowMs: number): Promise<Pruned>;
}

/** The runtime's own tables: open dead letters stay for ever, resolved ones and their resolutions for a time. */
const deadLetterRule: RetentionRule<DeadLetterRow> = {
  table: deadLetters,
  days: 'deadLetters',
  orderBy: ['sequence'],
  overSince: ({ status, decidedAt, diedAt }) =>
    status === 'open' || status === 'replaying' ? null : (decidedAt ?? diedAt),
};
const resolutionRule: RetentionRule<ResolutionRow> = {
  table: resolutions,
  days: 'deadLetters',
  orderBy: ['sequence'],
  needs: ({ letter }) => [{ table: deadLetters, values: [letter] }],
  overSince: ({ letter, at }, rows) => (rows.one(deadLetters, letter) === undefined ? at : null),
};
export const runtimeRetention: readonly RetentionRule[] = [deadLetterRule, resolutionRule];

export const NOTHING: Commit = { writes: [], inbox: [], outbox: [], positions: [] };

/** The write that removes a row. */
export function removal(table: Table, row: object): StoredWrite {
  return { table, row, stored: row, removed: true };
}

/** Prunes the rows of one retention rule. */
export class RowPruner implements Pruner {
  readonly name: string;
  readonly isDaily: boolean;
  readonly #store: Store;
  readonly #rule: RetentionRule;
  readonly #days: number;
  readonly #notBefore: (stamp: string) => string;
  /** The last row checked, and the last row of `per`; empty at the start of a pass. */
  #after: readonly (string | number)[] = [];
  #group: readonly (string | number)[] = [];

  /** `notBefore`: when at the earliest a row with this stamp was written. */
  constructor(
    store: Store,
    rule: RetentionRule,
    days: RetentionDays,
    notBefore: (stamp: string) => string = (stamp) => stamp,
  ) {
    this.name = rule.table.name;
    this.isDaily = rule.writtenAt === undefined || rule.per !== undefined;
    this.#store = store;
    this.#rule = rule;
    this.#days = (typeof rule.days === 'number' ? rule.days : days[rule.days]) + (rule.longerDays ?? 0);
    this.#notBefore = notBefore;
  }

  async prune(nowMs: number): Promise<Pruned> {
    const cutoff = new Date(nowMs - this.#days * DAY_MS).toISOString();
    const now = new Date(nowMs).toISOString();
    const { per } = this.#rule;
    if (per === undefined) return this.#pruneGroup({}, cutoff, now);
    const [group] = await this.#store.find({ table: per, ...from(this.#group), limit: 1 });
    if (group === undefined) {
      this.#group = [];
      return { removed: {}, more: false };
    }
    const [column = ''] = this.#orderBy;
    const pruned = await this.#orError(this.#pruneGroup({ [column]: columnOf(group, column) }, cutoff, now));
    if (!pruned.more) this.#group = per.key.map((key) => columnOf(group, key));
    return { ...pruned, more: true };
  }

  /** A group whose rows do not add up does not stop the other groups. */
  async #orError(pruning: Promise<Pruned>): Promise<Pruned> {
    try {
      return await pruning;
    } catch (error) {
      if (error instanceof AppError) throw error;
      this.#after = [];
      return { removed: {}, more: false, error };
    }
  }

  get #orderBy(): readonly string[] {
    return this.#rule.orderBy ?? this.#rule.table.key;
  }

  async #pruneGroup(where: object, cutoff: string, now: string): Promise<Pruned> {
    const { table, writtenAt } = this.#rule;
    const query: Query<object> = { table, where, orderBy: this.#orderBy, ...from(this.#after), limit: ROWS_MAX };
    const rows = await this.#store.find(query);
    const isYoung = (stamp: string) => this.#notBefore(stamp) > cutoff && stamp <= now;
    const young = writtenAt === undefined ? -1 : rows.findIndex((row) => isYoung(writtenAt(row)));
    const old = young === -1 ? rows : rows.slice(0, young);
    const removed = old.length === 0 ? 0 : await this.#remove(old, cutoff, now);
    const last = rows.at(-1);
    const more = young === -1 && rows.length === ROWS_MAX && last !== undefined;
    this.#after = more ? this.#orderBy.map((column) => columnOf(last, column)) : [];
    return { removed: removed === 0 ? {} : { [table.name]: removed }, more };
  }

  /**
   * Checks the rows again inside the transaction, so that no row still needed is removed. Returns how many were
   * removed.
   */
  async #remove(rows: readonly object[], cutoff: string, now: string): Promise<number> {
    const { table, summarize, rememberedAs } = this.#rule;
    const needs = rows.flatMap((row) => this.#rule.needs?.(row) ?? []);
    const own = rows.map((row) => groupOf(table, row));
    const inbox = rememberedAs === undefined ? [] : rows.map(rememberedAs);
    const { removed } = await this.#store.transact({ needs: [...needs, ...own], inbox }, (loaded) => {
      const reader = new RowOverlay(loaded, needs);
      const present = rows.flatMap((row) => rowOf(loaded, table, row) ?? []);
      const isExpired = (row: object) => {
        const since = this.#rule.overSince(row, reader);
        if (since === null || this.#notBefore(since) > cutoff) return false;
        return rememberedAs === undefined || loaded.seen(rememberedAs(row)) === undefined;
      };
      const needed = present.findIndex((row) => !isExpired(row));
      // A summary stands for a prefix of the rows, without a gap.
      const expired = summarize === undefined || needed === -1 ? present.filter(isExpired) : present.slice(0, needed);
      if (expired.length === 0) return { ...NOTHING, removed: 0 };
      const sums = summarize === undefined ? [] : summarize(expired, reader, now).map((write) => stored(loaded, write));
      const writes = [...sums, ...expired.map((row) => removal(table, row))];
      return { ...NOTHING, writes, removed: expired.length };
    });
    return removed;
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

/** The current row with the same key. */
function rowOf(loaded: Loaded, table: Table, row: object): object | undefined {
  const isSame = (other: object) => table.key.every((column) => columnOf(other, column) === columnOf(row, column));
  return loaded.rows(groupOf(table, row)).find(isSame);
}

function stored(loaded: Loaded, { table, row }: Write): StoredWrite {
  return { table, row, stored: rowOf(loaded, table, row) ?? null };
}
