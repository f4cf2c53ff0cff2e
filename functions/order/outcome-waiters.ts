import { hasOutcome } from '../../saga/lifecycle.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { type OrderBody, toBody } from './representation.ts';
import type { OrderState } from './state.ts';

/** Lets a request wait for the outcome of an order. */
export class OutcomeWaiters {
  readonly #waiting = new Map<string, Set<(order: OrderBody | null) => void>>();
  readonly #stopping: AbortSignal;

  /** When `stopping` aborts, every waiting request gets null. */
  constructor(context: Pick<FunctionContext, 'onCommit'>, stopping: AbortSignal) {
    this.#stopping = stopping;
    stopping.addEventListener('abort', () => {
      for (const waiting of this.#waiting.values()) for (const resolve of waiting) resolve(null);
    });
    context.onCommit((outcomes) => {
      if (this.#waiting.size === 0) return;
      for (const outcome of outcomes) {
        if (outcome.kind !== 'handled' || outcome.emitted.length === 0) continue;
        const { order } = outcome.state as OrderState;
        if (order === null || !hasOutcome(order.status)) continue;
        const waiting = this.#waiting.get(order.orderId);
        if (waiting === undefined) continue;
        const body = toBody(order, outcome.emitted.at(-1)?.time ?? order.placedAt);
        for (const resolve of waiting) resolve(body);
      }
    });
  }

  /** Listens from now on, so that no outcome is missed; `first` waits at most `timeoutMs` and then returns null. */
  listen(orderId: string): { first(timeoutMs: number): Promise<OrderBody | null>; stop(): void } {
    let resolve: (order: OrderBody | null) => void = () => undefined;
    const settled = new Promise<OrderBody | null>((done) => {
      resolve = done;
    });
    const waiting = this.#waiting.get(orderId) ?? new Set();
    this.#waiting.set(orderId, waiting.add(resolve));
    const stop = () => {
      waiting.delete(resolve);
      if (waiting.size === 0 && this.#waiting.get(orderId) === waiting) this.#waiting.delete(orderId);
    };
    return {
      stop,
      first: async (timeoutMs) => {
        if (this.#stopping.aborted) resolve(null);
        const timer = setTimeout(() => resolve(null), timeoutMs);
        const order = await settled;
        clearTimeout(timer);
        stop();
        return order;
      },
    };
  }
}
