import type { LogFeatures } from '../../ports/message-log.ts';
import type { StoreFunction } from '../function.ts';
import type { Incoming } from '../handle/incoming.ts';

/** How long a deferrable message waits for others to share its commit, where the outboxes are the log. */
const DEFERRABLE_MS = 5;
/** The same where messages go through a broker, so that the next one of the same order is longer on its way. */
const DEFERRABLE_BROKER_MS = 50;
/** The same for records that the function skips: only the position has to be written. */
const SKIPPED_MS = 200;
/**
 * From this batch size on, a function that publishes nothing lingers for as long as its last batch took, so that at most half
 * of the time is spent on its commits: they grow where the processor or the disk is slow, and nothing waits for long where
 * there is time to spare.
 */
const BUSY_FROM = 4;
const BUSY_LONGEST_MS = 4;

/**
 * Deferrable messages linger for a moment to share a commit: every commit is a flush to disk, and the flushes of the
 * other functions queue behind it. Any other message is handled at once, together with everything that lingers.
 */
export class Linger {
  readonly #fn: Pick<StoreFunction, 'deferrable' | 'publishes'>;
  readonly #deferrableMs: number;
  /** Since when messages linger and until when they may; null when there are none. */
  #waiting: { readonly sinceMs: number; readonly untilMs: number } | null = null;
  #last = { size: 0, tookMs: 0 };

  constructor(fn: Pick<StoreFunction, 'deferrable' | 'publishes'>, { isOutbox }: Pick<LogFeatures, 'isOutbox'>) {
    this.#fn = fn;
    this.#deferrableMs = isOutbox ? DEFERRABLE_MS : DEFERRABLE_BROKER_MS;
  }

  /** Whether all of these may wait longer; `nowMs` comes from a monotonic clock. */
  mayWait(incoming: readonly Incoming[], nowMs: number): boolean {
    const longestMs = Math.min(...incoming.map((item) => this.#longestMs(item)));
    const sinceMs = this.#waiting?.sinceMs ?? nowMs;
    const untilMs = sinceMs + longestMs;
    const waits = incoming.length > 0 && nowMs < untilMs;
    this.#waiting = waits ? { sinceMs, untilMs } : null;
    return waits;
  }

  /** To be called with the size of each handled batch, at least 1, and how long it took. */
  handled(size: number, tookMs: number): void {
    this.#waiting = null;
    this.#last = { size, tookMs };
  }

  /** When the lingering messages are handled at the latest. */
  get untilMs(): number {
    return this.#waiting?.untilMs ?? Number.POSITIVE_INFINITY;
  }

  #longestMs(item: Incoming): number {
    if (item.from !== 'log' || item.parsed.kind === 'rejected') return 0;
    if (item.parsed.kind === 'skipped') return SKIPPED_MS;
    if (this.#fn.publishes === null && this.#last.size >= BUSY_FROM)
      return Math.min(this.#last.tookMs, BUSY_LONGEST_MS);
    return this.#fn.deferrable?.has(item.parsed.message.type) === true ? this.#deferrableMs : 0;
  }
}
