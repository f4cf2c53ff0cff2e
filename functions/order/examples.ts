import {
  CHANGED_MIND,
  cancelOrder,
  dispatchOrder,
  EXAMPLE_ORDER,
  EXAMPLE_TIME,
  expireOrder,
  type OrderExample,
  orderPlaced,
  placeOrder,
  type Quantities,
  soldOut,
  stockBackordered,
  stockRejected,
  stockReleased,
  stockReserved,
  stockReturned,
} from '../../saga/examples.ts';
import type { End, Line, Reason } from '../../saga/messages.ts';
import { evolve, type Fact, type Order, type OrderInput, type OrderState } from './state.ts';

/** The deadline of the order had passed. */
export const EXPIRED: End = {
  end: 'rejected',
  reason: { code: 'expired', detail: 'it could not be confirmed in time', productIds: [] },
};

export const nothingPlaced: OrderState = {
  order: null,
  early: [],
  correlationId: null,
  updatedAt: null,
  requestedAt: null,
};

/** No order yet, and these answers about it are stored. */
export function answeredEarly(...early: readonly Fact[]): OrderState {
  return { ...nothingPlaced, early };
}

export function placed(quantities: Quantities, options: OrderExample = {}): OrderState {
  const { type, subject, data } = orderPlaced(quantities, options);
  return evolve(nothingPlaced, { type, subject, data });
}

export function confirmed(quantities: Quantities): OrderState {
  const before = placed(quantities);
  return evolve(before, { type: 'OrderConfirmed', subject: EXAMPLE_ORDER, data: about(before.order) });
}

export function backordered(quantities: Quantities, productIds: readonly string[] = ['lamp']): OrderState {
  const before = placed(quantities);
  const { orderId, customerId } = about(before.order);
  const data = { orderId, customerId, productIds: [...productIds] };
  return evolve(before, { type: 'OrderBackordered', subject: EXAMPLE_ORDER, data });
}

export function cancelled(quantities: Quantities): OrderState {
  const before = placed(quantities);
  const data = { ...about(before.order), reason: CHANGED_MIND };
  return evolve(before, { type: 'OrderCancelled', subject: EXAMPLE_ORDER, data });
}

export function dispatched(quantities: Quantities): OrderState {
  const before = confirmed(quantities);
  const { orderId, customerId } = about(before.order);
  const data = { orderId, customerId, dispatchedAt: EXAMPLE_TIME };
  return evolve(before, { type: 'OrderDispatched', subject: EXAMPLE_ORDER, data });
}

export function rejected(quantities: Quantities, reason: Reason = soldOut('lamp')): OrderState {
  const before = placed(quantities);
  const data = { ...about(before.order), reason };
  return evolve(before, { type: 'OrderRejected', subject: EXAMPLE_ORDER, data });
}

function about(order: Order | null): { orderId: string; customerId: string; lines: Line[] } {
  const lines = (order?.lines ?? []).map(({ productId, quantity }) => ({ productId, quantity }));
  return { orderId: order?.orderId ?? '', customerId: order?.customerId ?? '', lines };
}

/** One situation for each branch of the rules. */
export const situations: readonly { readonly state: OrderState; readonly message: OrderInput }[] = [
  { state: nothingPlaced, message: placeOrder({ lamp: 2 }) },
  { state: answeredEarly(stockReserved({ lamp: 2 })), message: placeOrder({ lamp: 2 }) },
  { state: answeredEarly(stockRejected()), message: placeOrder({ lamp: 2 }) },
  { state: placed({ lamp: 2 }), message: placeOrder({ lamp: 3 }) },
  { state: placed({ lamp: 2 }), message: stockReserved({ lamp: 2 }) },
  { state: placed({ lamp: 2 }), message: stockRejected() },
  { state: confirmed({ lamp: 2 }), message: stockReserved({ lamp: 2 }) },
  { state: placed({ lamp: 2 }), message: stockBackordered({ lamp: 2 }) },
  { state: backordered({ lamp: 2 }), message: stockReserved({ lamp: 2 }) },
  { state: placed({ lamp: 2 }), message: expireOrder() },
  { state: backordered({ lamp: 2 }), message: expireOrder() },
  { state: confirmed({ lamp: 2 }), message: expireOrder() },
  { state: placed({ lamp: 2 }), message: cancelOrder() },
  { state: confirmed({ lamp: 2 }), message: cancelOrder() },
  { state: dispatched({ lamp: 2 }), message: cancelOrder() },
  { state: confirmed({ lamp: 2 }), message: dispatchOrder() },
  { state: placed({ lamp: 2 }), message: stockReleased({}) },
  { state: placed({ lamp: 2 }), message: stockReleased({}, EXPIRED) },
  { state: confirmed({ lamp: 2 }), message: stockReturned({ lamp: 2 }) },
  { state: placed({ lamp: 2 }), message: stockReturned({ lamp: 2 }, EXPIRED) },
  { state: cancelled({ lamp: 2 }), message: stockReleased({}) },
  { state: placed({ lamp: 2 }), message: dispatchOrder() },
];
