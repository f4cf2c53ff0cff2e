import { hasOutcome } from '../../saga/lifecycle.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import type { OrderState } from './state.ts';
import { type FoundOrder, orderAfter } from './tables.ts';

/** A request that waits; `latest` is the order after the last commit that changed it. */
interface Waiter {
  latest: FoundOrder | null;
  wake(order: FoundOrder | null): void;
}

/** Lets a request wait for the outcome of an order. */
export class OutcomeWaiters {
  readonly #waiting = new Map<string, Set<Waiter>>();
  readonly #stopping: AbortSignal;

  /** When `stopping` aborts, every waiting request gets null. */
  constructor(context: Pick<FunctionContext, 'onCommit'>, stopping: AbortSignal) {
    this.#stopping = stopping;
    stopping.addEventListener('abort', () => {
      for (const waiting of this.#waiting.values()) for (const waiter of waiting) waiter.wake(null);
    });
    context.onCommit((outcomes) => {
      if (this.#waiting.size === 0) return;
      for (const outcome of outcomes) {
        if (outcome.kind !== 'handled' || outcome.emitted.length === 0) continue;
        const { order } = outcome.state as OrderState;
        const waiting = order === null ? undefined : this.#waiting.get(order.orderId);
        if (order === null || waiting === undefined) continue;
        const latest = orderAfter(order, outcome.state as OrderState, outcome.message, outcome.emitted);
        for (const waiter of waiting) {
          waiter.latest = latest;
          if (hasOutcome(order.status)) waiter.wake(latest);
        }
      }
    });
  }

  /**
   * Listens from now on, so that no outcome is missed. `first` waits at most `timeoutMs` for the outcome and returns the
   * order as it is then, with what came after the outcome; null when there is none until then.
   */
  listen(orderId: string): { first(timeoutMs: number): Promise<FoundOrder | null>; stop(): void } {
    let wake: Waiter['wake'] = () => undefined;
    const woken = new Promise<FoundOrder | null>((done) => {
      wake = done;
    });
    const waiter: Waiter = { latest: null, wake };
    const waiting = this.#waiting.get(orderId) ?? new Set();
    this.#waiting.set(orderId, waiting.add(waiter));
    const stop = () => {
      waiting.delete(waiter);
      if (waiting.size === 0 && this.#waiting.get(orderId) === waiting) this.#waiting.delete(orderId);
    };
    return {
      stop,
      first: async (timeoutMs) => {
        if (this.#stopping.aborted) wake(null);
        const timer = setTimeout(() => wake(null), timeoutMs);
        const outcome = await woken;
        clearTimeout(timer);
        stop();
        return outcome === null ? null : waiter.latest;
      },
    };
  }
}
