import { transitions } from '../../saga/lifecycle.ts';
import type { MeasureHost } from '../../shared/runtime/function-module.ts';
import type { Outcome } from '../../shared/runtime/handle/outcome.ts';
import type { OrderState } from './state.ts';

/** The status that each event of an order leads to. */
const statusOf: ReadonlyMap<string, string> = new Map(transitions.map(({ event, to }) => [event, to]));

/** The outcomes that the store decides: how long they take says how fast it is. A cancellation is the customer's own decision. */
const TIMED: ReadonlySet<string> = new Set(['confirmed', 'rejected']);

/** Counts the orders that come into each status, and the time from being placed to an outcome. */
export function measureOrders({ context, reached }: MeasureHost): void {
  context.onCommit((outcomes) => {
    for (const outcome of outcomes) count(outcome, reached);
  });
}

function count(outcome: Outcome, reached: MeasureHost['reached']): void {
  if (outcome.kind !== 'handled' || outcome.emitted.length === 0) return;
  const { order } = outcome.state as OrderState;
  for (const { type, time } of outcome.emitted) {
    const status = statusOf.get(type);
    if (status === undefined) continue;
    const latencyMs = order === null || !TIMED.has(status) ? null : Date.parse(time) - Date.parse(order.placedAt);
    // A clock that was set back says nothing of the time that passed.
    reached(status, latencyMs === null ? null : Math.max(0, latencyMs));
  }
}
