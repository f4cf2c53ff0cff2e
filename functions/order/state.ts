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
  /** When the store received it. ISO 8601, UTC. */
  readonly placedAt: string;
  /** When it was dispatched; null before. */
  readonly dispatchedAt: string | null;
  /** Counts the changes of the order, from 1. */
  readonly version: number;
}

/** What inventory publishes about an order. */
const factTypes = ['StockReserved', 'StockBackordered', 'StockRejected', 'StockReleased', 'StockReturned'] as const;
export type FactType = (typeof factTypes)[number];
export type Fact = MessageOf<FactType>;

/** The state that the rules need for a message about one order. */
export interface OrderState {
  readonly order: Order | null;
  /** Answers that came before the order itself, because topics do not wait for each other. Oldest first. */
  readonly early: readonly Fact[];
  /** The saga of the order; null before there is an order. */
  readonly correlationId: string | null;
  /** When the order was last changed; null before there is an order. Stays as it was through {@link evolve}. */
  readonly updatedAt: string | null;
  /** When the order was placed as its sender says; null where the sender does not say. */
  readonly requestedAt: string | null;
}

export type OrderInput = MessageOf<'PlaceOrder' | 'CancelOrder' | 'DispatchOrder' | 'ExpireOrder'> | Fact;
export type OrderEvent = DraftOf<
  'OrderPlaced' | 'OrderBackordered' | 'OrderConfirmed' | 'OrderRejected' | 'OrderCancelled' | 'OrderDispatched'
>;
/** `order_state`: the status of the order does not allow the command. */
export type OrderOutput =
  | OrderEvent
  | Refusal<'order_id_reused' | 'order_id_unreachable' | 'order_unknown' | 'order_state'>;

export function isFact(message: OrderInput): message is Fact {
  return (factTypes as readonly string[]).includes(message.type);
}

/** @throws {InvariantError} when the life-cycle does not allow the event. */
export function evolve(state: OrderState, event: OrderEvent): OrderState {
  const { early, correlationId, updatedAt, requestedAt } = state;
  return { order: after(state.order, event), early, correlationId, updatedAt, requestedAt };
}

function after(order: Order | null, event: OrderEvent): Order {
  const status = statusAfter(order?.status ?? null, event.type);
  assert(status !== null, `order ${event.subject} is ${order?.status ?? 'not placed'} and cannot take ${event.type}`);
  // Written out, not spread: this runs for every order, and copies of unlike shapes are slow.
  if (event.type === 'OrderPlaced') {
    const { orderId, customerId, currency, lines, totalMinor, placedAt } = event.data;
    return {
      orderId,
      customerId,
      status,
      reason: null,
      currency,
      lines,
      totalMinor,
      placedAt,
      dispatchedAt: null,
      version: 1,
    };
  }
  assert(order !== null, `order ${event.subject} is missing`);
  const { orderId, customerId, currency, lines, totalMinor, placedAt } = order;
  return {
    orderId,
    customerId,
    status,
    reason: reasonOf(event),
    currency,
    lines,
    totalMinor,
    placedAt,
    dispatchedAt: event.type === 'OrderDispatched' ? event.data.dispatchedAt : order.dispatchedAt,
    version: order.version + 1,
  };
}

function reasonOf(event: OrderEvent): Reason | null {
  if (event.type === 'OrderRejected') return event.data.reason;
  if (event.type === 'OrderCancelled') return { code: 'cancelled', detail: event.data.reason, productIds: [] };
  return null;
}
