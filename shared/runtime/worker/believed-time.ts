import {
  AHEAD_STANDS_MS,
  BEHIND_STANDS_MS,
  type Belief,
  believe,
  type ClockState,
  clockStateOf,
} from '../../core/believed-time.ts';
import { DAY_MS } from '../../core/days.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Store, StoredWrite, Table } from '../../ports/store.ts';
import {
  type BelievedTimeRow,
  believedTimes,
  type ClockBehindRow,
  clockBehinds,
} from '../../ports/tables/believed-time.ts';
import { inbox } from '../../ports/tables/inbox.ts';
import { outbox } from '../../ports/tables/outbox.ts';

/** How far a note of a clock that is behind reaches in both directions, so that not every batch writes one. */
const NOTE_MS = 60_000;
/** The most notes; beyond it the two oldest become one, and what lies between them is pruned later. */
const NOTES_MAX = 100;
const ID = 1;

/**
 * The time by which a function prunes. A clock may leap, and what is pruned is gone: so the function believes a time only
 * when it has seen it pass ({@link believe}), and keeps what it believes with its data.
 *
 * While the clock is behind, rows are stamped with times that look old as soon as it is right again. What it read then is
 * noted before the rows are written, and such a stamp counts as the time that was reached by then.
 */
export class BelievedTime {
  readonly #store: Pick<Store, 'find' | 'transact'>;
  readonly #clock: Clock;
  #belief: BelievedTimeRow | null = null;
  #notes: readonly ClockBehindRow[] = [];
  /** The clock's `upMs` at the last look. */
  #upMs = 0;

  constructor(store: Pick<Store, 'find' | 'transact'>, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Reads what an earlier run believed; a new database begins with the clock. To be called before anything else. */
  async load(): Promise<void> {
    this.#upMs = this.#clock.upMs();
    this.#notes = await this.#store.find({ table: clockBehinds, orderBy: ['fromMs'], limit: NOTES_MAX + 1 });
    const [row] = await this.#store.find({ table: believedTimes, limit: 1 });
    if (row !== undefined) this.#belief = row;
    else await this.#write({ believedMs: await this.#firstMs(), aheadFromMs: null, waitedMs: 0 });
  }

  /** Takes note of the time that has passed since the last look, on disk when it resolves. */
  async look(): Promise<void> {
    const upMs = this.#clock.upMs();
    const before = this.#known();
    const after = believe(before, this.#clock.nowMs(), Math.round(upMs - this.#upMs));
    // The clock was right, and so were the stamps.
    const outdated = after.believedMs < before.believedMs ? this.#notes : [];
    await this.#write(after, outdated.map(removalOf));
    this.#notes = this.#notes.filter((note) => !outdated.includes(note));
    this.#upMs = upMs;
  }

  /** The time that is believed now: the clock's, as far as it was seen to pass. */
  get believedMs(): number {
    const { believedMs } = this.#known();
    return Math.max(believedMs, Math.min(this.#clock.nowMs(), Math.round(believedMs + this.#sinceLookMs())));
  }

  /** The time by which rows are pruned: not later than the clock, either. */
  get pruneMs(): number {
    return Math.min(this.believedMs, this.#clock.nowMs());
  }

  get state(): ClockState {
    return clockStateOf(this, this.#clock.nowMs());
  }

  /** By how much the clock is ahead of the believed time; negative where it is behind. */
  get aheadMs(): number {
    return this.#clock.nowMs() - this.believedMs;
  }

  /** For how much longer the function has to run until a clock that differs is believed. */
  get leftMs(): number {
    const { aheadFromMs, waitedMs } = this.#known();
    return (aheadFromMs === null ? BEHIND_STANDS_MS : AHEAD_STANDS_MS) - waitedMs;
  }

  /** The time of what is written now: no earlier than what was reached before, whatever the clock reads. */
  stampMs(nowMs: number = this.#clock.nowMs()): number {
    return this.#isBehind(nowMs) ? Math.round(this.#reachedMs()) : Math.max(nowMs, this.#known().believedMs);
  }

  /** To be called before rows are written with stamps of `nowMs`. Writes only while the clock is behind. */
  async note(nowMs: number): Promise<void> {
    if (!this.#isBehind(nowMs) || this.#notes.some(({ fromMs, toMs }) => fromMs <= nowMs && nowMs <= toMs)) return;
    const note = { fromMs: nowMs - NOTE_MS, toMs: nowMs + NOTE_MS, reachedMs: this.stampMs(nowMs) };
    const kept = this.#notes.filter(({ fromMs, toMs }) => toMs < note.fromMs || fromMs > note.toMs);
    const overlapping = this.#notes.filter((other) => !kept.includes(other));
    const notes = [...kept, overlapping.reduce(merged, note)].sort((a, b) => a.fromMs - b.fromMs);
    const [first, second, ...rest] = notes;
    const limited = notes.length > NOTES_MAX && first && second ? [merged(first, second), ...rest] : notes;
    const gone = this.#notes.filter((other) => !limited.includes(other));
    const added = limited.filter((other) => !this.#notes.includes(other));
    await this.#commit([
      ...gone.map(removalOf),
      ...added.map((row) => ({ table: clockBehinds as Table, row, stored: null })),
    ]);
    this.#notes = limited;
  }

  /** A stamp, ISO 8601, or the time that was reached when the clock read it, whichever is later. */
  notBefore(stamp: string): string {
    if (this.#notes.length === 0) return stamp;
    const ms = Date.parse(stamp);
    const reached = this.#notes
      .filter(({ fromMs, toMs }) => fromMs <= ms && ms <= toMs)
      .map(({ reachedMs }) => reachedMs);
    return reached.length === 0 ? stamp : new Date(Math.max(ms, ...reached)).toISOString();
  }

  #isBehind(nowMs: number): boolean {
    return clockStateOf({ believedMs: this.#reachedMs() }, nowMs) === 'behind';
  }

  /** What it may be by now at the latest: a clock that was ahead was perhaps right. */
  #reachedMs(): number {
    const { believedMs, aheadFromMs, waitedMs } = this.#known();
    return (aheadFromMs ?? believedMs) + waitedMs + this.#sinceLookMs();
  }

  #sinceLookMs(): number {
    return Math.max(0, this.#clock.upMs() - this.#upMs);
  }

  #known(): BelievedTimeRow {
    if (this.#belief === null) throw new Error('what the function believes of the time was not loaded');
    return this.#belief;
  }

  /** The clock, or for data of an older program the newest time that they vouch for, if that is earlier. */
  async #firstMs(): Promise<number> {
    const nowMs = this.#clock.nowMs();
    const [sent] = await this.#store.find({ table: outbox, orderBy: ['position'], descending: true, limit: 1 });
    const [seen] = await this.#store.find({ table: inbox, orderBy: ['seenDay'], descending: true, limit: 1 });
    const times = [Date.parse(sent?.attributes.time ?? ''), (seen?.seenDay ?? Number.NaN) * DAY_MS];
    const known = times.filter((ms) => !Number.isNaN(ms));
    return known.length === 0 ? nowMs : Math.min(nowMs, Math.max(...known));
  }

  async #write({ believedMs, aheadFromMs, waitedMs }: Belief, others: readonly StoredWrite[] = []): Promise<void> {
    const row: BelievedTimeRow = { id: ID, believedMs, aheadFromMs, waitedMs };
    await this.#commit([...others, { table: believedTimes as Table, row, stored: this.#belief }]);
    this.#belief = row;
  }

  async #commit(writes: readonly StoredWrite[]): Promise<void> {
    const commit = { writes, inbox: [], outbox: [], positions: [] };
    if (writes.length > 0) await this.#store.transact({}, () => commit);
  }
}

function removalOf(row: ClockBehindRow): StoredWrite {
  return { table: clockBehinds as Table, row, stored: row, removed: true };
}

function merged(one: ClockBehindRow, other: ClockBehindRow): ClockBehindRow {
  return {
    fromMs: Math.min(one.fromMs, other.fromMs),
    toMs: Math.max(one.toMs, other.toMs),
    reachedMs: Math.max(one.reachedMs, other.reachedMs),
  };
}
