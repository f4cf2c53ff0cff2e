import { DAY_MS } from '../../core/days.ts';
import type { LogCutoff } from '../../core/retention.ts';
import type { Store, Table } from '../../ports/store.ts';
import { type TopicMarkRow, topicMarks } from '../../ports/tables/believed-time.ts';
import type { BelievedTime } from '../worker/believed-time.ts';
import { NOTHING, removal } from './prune-rows.ts';

/** Marks in the days for which a topic is stored: one an hour for 30 days. */
const MARKS = 720;
/** The most marks of a topic; without a new one, times decide. */
const MARKS_MAX = 2 * MARKS;

/**
 * How old the records of a topic are, by their order: now and then a mark says where the topic ended, and when that was.
 * A record up to a mark was there by then, and one behind it was not, whatever time it bears.
 */
export class TopicMarks {
  readonly #store: Pick<Store, 'find' | 'transact'>;
  readonly #believed: Pick<BelievedTime, 'stampMs'>;
  readonly #topic: string;
  readonly #days: number;

  constructor(
    store: Pick<Store, 'find' | 'transact'>,
    believed: Pick<BelievedTime, 'stampMs'>,
    topic: string,
    days: number,
  ) {
    this.#store = store;
    this.#believed = believed;
    this.#topic = topic;
    this.#days = days;
  }

  /** Marks the `end` of the topic where it is time to, and says which records are over by `nowMs`. */
  async cutoff(end: number, nowMs: number): Promise<LogCutoff> {
    const cutoffMs = nowMs - this.#days * DAY_MS;
    const where = { topic: this.#topic };
    const known = await this.#store.find({ table: topicMarks, where, orderBy: ['position'], limit: MARKS_MAX });
    // Of a topic that was restored from a copy, what lies behind its end is not the topic's any more.
    const valid = known.filter(({ position }) => position <= end);
    const mark = this.#markOf(end, valid);
    const marks = mark === null ? valid : [...valid.filter(({ position }) => position !== end), mark];
    const oldUpTo = Math.max(0, ...marks.filter(({ fromMs }) => fromMs <= cutoffMs).map(({ position }) => position));
    const rest = marks.filter(({ position }) => position >= oldUpTo);
    const young = rest.filter(({ untilMs }) => untilMs > cutoffMs).map(({ position }) => position);
    await this.#write(known, rest);
    return { cutoffMs, nowMs, oldUpTo, youngAfter: Math.min(Number.POSITIVE_INFINITY, ...young) };
  }

  /** The new mark at the end of the topic; null while the last one is young enough. */
  #markOf(end: number, marks: readonly TopicMarkRow[]): TopicMarkRow | null {
    const last = marks.at(-1);
    const atMs = this.#believed.stampMs();
    const mark = { topic: this.#topic, position: end, fromMs: atMs, untilMs: atMs };
    if (last === undefined) return mark;
    // The clock was ahead when the last mark was made.
    const isWrong = atMs < last.untilMs;
    if (!isWrong && atMs - last.untilMs < (this.#days * DAY_MS) / MARKS) return null;
    if (last.position === end) return { ...mark, fromMs: Math.min(last.fromMs, atMs) };
    return marks.length >= MARKS_MAX ? null : mark;
  }

  async #write(known: readonly TopicMarkRow[], marks: readonly TopicMarkRow[]): Promise<void> {
    const storedAt = new Map(known.map((row) => [row.position, row]));
    const stays = new Set(marks.map(({ position }) => position));
    const writes = [
      ...known.filter(({ position }) => !stays.has(position)).map((row) => removal(topicMarks as Table, row)),
      ...marks.flatMap((row) => {
        const stored = storedAt.get(row.position) ?? null;
        return stored === row ? [] : [{ table: topicMarks as Table, row, stored }];
      }),
    ];
    if (writes.length > 0) await this.#store.transact({}, () => ({ ...NOTHING, writes }));
  }
}
