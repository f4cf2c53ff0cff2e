import { type OrderStatus, statusAfter } from '../../saga/lifecycle.ts';
import type { DraftOf, MessageOf, PricedLine, Reason } from '../../saga/messages.ts';
import { assert } from '../../shared/core/assert.ts';
import type { Refusal } from '../../shared/core/message.ts';

/** An order as its customer knows it. Amounts are minor units of `currency`. */
export interface Order {
  readonly orderId: string;
  readonly customerId: string;
  readonly status: OrderStatus;
  readonly reason: Reason | null;
  readonly currency: string;
  readonly lines: readonly PricedLine[];
  readonly totalMinor: number;
  /** ISO 8601, UTC. */
  readonly placedAt: string;
  /** Counts the changes of the order, from 1. */
  readonly version: number;
}

/** What others say about an order. */
export type FactType = 'StockReserved' | 'StockRejected';
export type Fact = MessageOf<FactType>;

/** Everything there is to know when a message about one order arrives. */
export interface OrderState {
  readonly order: Order | null;
  /** Answers that came before the order itself: topics do not wait for each other. Oldest first. */
  readonly early: readonly Fact[];
}

export type OrderInput = MessageOf<'PlaceOrder'> | Fact;
export type OrderEvent = DraftOf<'OrderPlaced' | 'OrderConfirmed' | 'OrderRejected'>;
export type OrderOutput = OrderEvent | Refusal<'order_id_reused'>;

/** @throws {InvariantError} when the life-cycle does not allow the event. */
export function evolve(state: OrderState, event: OrderEvent): OrderState {
  return { order: after(state.order, event), early: state.early };
}

function after(order: Order | null, event: OrderEvent): Order {
  const status = statusAfter(order?.status ?? null, event.type);
  assert(status !== null, `order ${event.subject} is ${order?.status ?? 'not placed'} and cannot take ${event.type}`);
  // Written out, not spread: this runs for every order, and copies of unlike shapes are slow.
  if (event.type === 'OrderPlaced') {
    const { orderId, customerId, currency, lines, totalMinor, placedAt } = event.data;
    return { orderId, customerId, status, reason: null, currency, lines, totalMinor, placedAt, version: 1 };
  }
  assert(order !== null, `order ${event.subject} is missing`);
  const { orderId, customerId, currency, lines, totalMinor, placedAt, version } = order;
  const reason = event.type === 'OrderRejected' ? event.data.reason : null;
  return { orderId, customerId, status, reason, currency, lines, totalMinor, placedAt, version: version + 1 };
}
