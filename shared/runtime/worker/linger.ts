import type { StoreFunction } from '../function.ts';
import type { Incoming } from '../handle/incoming.ts';

/** For others to share the commit of messages for whose effect nobody waits. */
const DEFERRABLE_MS = 5;
/** The same for records that are none of the function's business: only the position behind them is to be written. */
const SKIPPED_MS = 200;
/** While so many come at once, a function that answers nobody gathers for a while, so that its commits are few and large. */
const BUSY_FROM = 16;
const BUSY_MS = 40;

/**
 * What nobody waits for may wait a moment for company: every commit is a flush to disk, and those of the other functions
 * queue behind it. A message that somebody waits for is never kept, and takes with it what waits.
 */
export class Linger {
  readonly #fn: Pick<StoreFunction, 'deferrable' | 'publishes'>;
  /** Since when something waits here, and for how long it may; null when nothing does. */
  #waiting: { readonly sinceMs: number; readonly untilMs: number } | null = null;
  #lastSize = 0;

  constructor(fn: Pick<StoreFunction, 'deferrable' | 'publishes'>) {
    this.#fn = fn;
  }

  /** Whether all of this may wait longer; `nowMs` is of a clock that never goes back. */
  mayWait(incoming: readonly Incoming[], nowMs: number): boolean {
    const longestMs = Math.min(...incoming.map((item) => this.#longestMs(item)));
    const sinceMs = this.#waiting?.sinceMs ?? nowMs;
    const untilMs = sinceMs + longestMs;
    const waits = incoming.length > 0 && nowMs < untilMs;
    this.#waiting = waits ? { sinceMs, untilMs } : null;
    return waits;
  }

  /** This many were handled together; one at least. */
  handled(size: number): void {
    this.#waiting = null;
    this.#lastSize = size;
  }

  /** When what waits has waited long enough. */
  get untilMs(): number {
    return this.#waiting?.untilMs ?? Number.POSITIVE_INFINITY;
  }

  #longestMs(item: Incoming): number {
    if (item.from !== 'log' || item.received.kind === 'rejected') return 0;
    if (item.received.kind === 'skipped') return SKIPPED_MS;
    if (this.#fn.publishes === null && this.#lastSize >= BUSY_FROM) return BUSY_MS;
    return this.#fn.deferrable?.has(item.received.message.type) === true ? DEFERRABLE_MS : 0;
  }
}
