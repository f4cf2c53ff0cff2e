import { setTimeout as sleep } from 'node:timers/promises';
import { hasOutcome, type OrderStatus } from '../../saga/lifecycle.ts';
import type { LoadClient } from './load-client.ts';
import type { LoadBody } from './load-representation.ts';

/** Orders that are asked about together. */
const ASKED_MAX = 32;
/** An order is not asked about before it is so old: by then most have their outcome. */
const AGE_MIN_MS = 100;
/** The pause after none of those that were asked about had an outcome; it doubles up to the longest. */
const PAUSE_FIRST_MS = 50;
const PAUSE_LONGEST_MS = 500;

interface Waiting {
  readonly orderId: string;
  /** Its outcome is not known before it is cancelled or rejected. */
  readonly isCancelled: boolean;
  readonly sinceMs: number;
}

type Counts = Omit<LoadBody['outcomes'], 'waiting'>;

/** Follows orders to their outcomes, a few at a time and the oldest first, so that the answers cost less than the orders. */
export class LoadOutcomes {
  readonly #client: Pick<LoadClient, 'statusOf'>;
  readonly #counts = { confirmed: 0, rejected: 0, cancelled: 0, removed: 0 };
  readonly #waiting: Waiting[] = [];

  constructor(client: Pick<LoadClient, 'statusOf'>) {
    this.#client = client;
  }

  get counts(): Counts {
    return { ...this.#counts };
  }

  add(orderId: string, isCancelled: boolean): void {
    this.#waiting.push({ orderId, isCancelled, sinceMs: performance.now() });
  }

  /** Until `isOver` says that no order is added any more and all have an outcome, or `signal` aborts. */
  async follow(isOver: () => boolean, signal: AbortSignal): Promise<void> {
    let pauseMs = PAUSE_FIRST_MS;
    while (!signal.aborted && !(isOver() && this.#waiting.length === 0)) {
      const asked = this.#takeOld();
      const statuses = await Promise.all(asked.map(({ orderId }) => this.#statusOf(orderId)));
      const open = asked.filter((order, at) => !this.#count(order, statuses[at]));
      // Behind the others, so that one that waits for long does not keep the rest from being asked about.
      this.#waiting.push(...open);
      const isQuick = asked.length === ASKED_MAX && open.length < asked.length / 2;
      if (open.length < asked.length) pauseMs = PAUSE_FIRST_MS;
      await sleep(isQuick ? 0 : pauseMs, undefined, { signal }).catch(() => undefined);
      if (open.length === asked.length) pauseMs = Math.min(pauseMs * 2, PAUSE_LONGEST_MS);
      if (asked.length === 0) pauseMs = PAUSE_FIRST_MS;
    }
  }

  #takeOld(): readonly Waiting[] {
    const bornBeforeMs = performance.now() - AGE_MIN_MS;
    const head = this.#waiting.slice(0, ASKED_MAX);
    const young = head.findIndex(({ sinceMs }) => sinceMs > bornBeforeMs);
    return this.#waiting.splice(0, young === -1 ? head.length : young);
  }

  /** Undefined when it cannot be known now; the order is asked about again. */
  async #statusOf(orderId: string): Promise<OrderStatus | null | undefined> {
    try {
      return await this.#client.statusOf(orderId);
    } catch {
      return undefined;
    }
  }

  /** Returns whether the order has its last outcome. */
  #count({ isCancelled }: Waiting, status: OrderStatus | null | undefined): boolean {
    if (status === undefined) return false;
    if (status === null) this.#counts.removed += 1;
    else if (status === 'cancelled' || status === 'rejected') this.#counts[status] += 1;
    else if (hasOutcome(status) && !isCancelled) this.#counts.confirmed += 1;
    else return false;
    return true;
  }
}
