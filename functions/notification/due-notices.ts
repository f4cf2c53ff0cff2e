import type { Store } from '../../shared/ports/store.ts';
import type { Sending } from './state.ts';
import { type DeliveryRow, deliveries } from './tables.ts';

/** Notices that are tried again in one step, at least and at most. */
const RETRIES_MIN = 16;
const RETRIES_MAX = 256;
/** Later than any time. */
const EVER = '9999-12-31T23:59:59.999Z';

/** The notices to send now; `hasMore` where there are new ones left. */
export interface DueTaken {
  readonly notices: readonly DeliveryRow[];
  readonly hasMore: boolean;
}

/**
 * Finds the notices that are due. New ones are read once, in the order in which they were written; those that are tried
 * again, in the order of their due times. Neither keeps the other waiting: each has half of the places, or more where
 * the other leaves some. While the channel refuses everything, fewer are tried again at a time.
 */
export class DueNotices {
  readonly #store: Pick<Store, 'find'>;
  /** The position of the last new notice that was taken. */
  #after = 0;
  #retriesMax = RETRIES_MAX;
  /** When the next one is tried again that the last `take` did not return; ms since 1970. */
  #dueMs = Number.NEGATIVE_INFINITY;
  /** The clock may have been set back before this run began. */
  #lastMs = Number.POSITIVE_INFINITY;
  /** Whether notices may wait for a time that the clock, set back since, has yet to reach again. */
  #wasSetBack = false;

  constructor(store: Pick<Store, 'find'>) {
    this.#store = store;
  }

  /** At most `places` notices, none of which is in `open`. */
  async take(nowMs: number, open: ReadonlyMap<string, unknown>, places: number): Promise<DueTaken> {
    this.#wasSetBack ||= nowMs < this.#lastMs;
    this.#lastMs = nowMs;
    // The next result makes room, and wakes the loop.
    if (places <= 0) {
      this.#dueMs = Number.POSITIVE_INFINITY;
      return { notices: [], hasMore: false };
    }
    const page = await this.#newOnes(places);
    const fresh = page.filter(({ dueAt }) => dueAt === null);
    const retries = await this.#retries(nowMs, open);
    const first = fresh.slice(0, Math.max(places - retries.length, Math.ceil(places / 2)));
    const again = retries.slice(0, places - first.length);
    this.#dueMs = again.length < retries.length ? nowMs : await this.#nextDueMs(nowMs, retries);
    // Last, so that none is passed over when a read fails.
    const hasPassedAll = first.length === fresh.length;
    this.#after = (hasPassedAll ? page : first).at(-1)?.position ?? this.#after;
    return { notices: [...first, ...again], hasMore: !hasPassedAll || page.length === places };
  }

  /** To be called with notices as they are stored after an attempt. */
  tried(sendings: readonly Sending[]): void {
    const isAnyAccepted = sendings.some(({ status }) => status === 'sent');
    if (isAnyAccepted) this.#retriesMax = Math.min(this.#retriesMax * 2, RETRIES_MAX);
    else if (sendings.length > 0) this.#retriesMax = RETRIES_MIN;
    for (const { dueAt } of sendings) if (dueAt !== null) this.#dueMs = Math.min(this.#dueMs, Date.parse(dueAt));
  }

  untilDueMs(nowMs: number): number {
    return Math.max(0, this.#dueMs - nowMs);
  }

  #newOnes(limit: number): Promise<readonly DeliveryRow[]> {
    const fixed = { status: 'pending' } as const;
    return this.#store.find({ table: deliveries, fixed, orderBy: ['position'], after: [this.#after], limit });
  }

  async #retries(nowMs: number, open: ReadonlyMap<string, unknown>): Promise<readonly DeliveryRow[]> {
    const now = new Date(nowMs).toISOString();
    // Those in `open` are due as well.
    const query = { table: deliveries, orderBy: ['dueAt'], limit: this.#retriesMax + open.size };
    const due = await this.#store.find({ ...query, atMost: { dueAt: now } });
    const waiting = due.filter(({ notificationId }) => !open.has(notificationId)).slice(0, this.#retriesMax);
    if (!this.#wasSetBack) return waiting;
    // Notices tried, or sent again by an operator, at a time that is yet to come are due last. They do not wait for the same
    // hour again.
    const last = await this.#store.find({ ...query, atMost: { dueAt: EVER }, descending: true });
    const isOfTheFuture = ({ refusals, refusedAt }: DeliveryRow) => refusals === 0 || (refusedAt ?? '') > now;
    const early = last.filter((row) => isOfTheFuture(row) && (row.dueAt ?? '') > now);
    const unopened = early.filter(({ notificationId }) => !open.has(notificationId));
    this.#wasSetBack = unopened.length > 0;
    return [...waiting, ...unopened];
  }

  async #nextDueMs(nowMs: number, taken: readonly DeliveryRow[]): Promise<number> {
    if (taken.length >= this.#retriesMax || this.#wasSetBack) return nowMs;
    const after = [new Date(nowMs).toISOString()];
    const [next] = await this.#store.find({
      table: deliveries,
      orderBy: ['dueAt'],
      atMost: { dueAt: EVER },
      after,
      limit: 1,
    });
    return next?.dueAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(next.dueAt ?? EVER);
  }
}
