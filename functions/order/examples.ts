import {
  EXAMPLE_ORDER,
  type OrderExample,
  orderPlaced,
  placeOrder,
  type Quantities,
  soldOut,
  stockRejected,
  stockReserved,
} from '../../saga/examples.ts';
import type { Line, Reason } from '../../saga/messages.ts';
import { evolve, type Fact, type Order, type OrderInput, type OrderState } from './state.ts';

export const nothingPlaced: OrderState = { order: null, early: [] };

/** No order yet, and these answers about it. */
export function heardEarly(...early: readonly Fact[]): OrderState {
  return { order: null, early };
}

export function placed(quantities: Quantities, options: OrderExample = {}): OrderState {
  const { type, subject, data } = orderPlaced(quantities, options);
  return evolve(nothingPlaced, { type, subject, data });
}

export function confirmed(quantities: Quantities): OrderState {
  const before = placed(quantities);
  return evolve(before, { type: 'OrderConfirmed', subject: EXAMPLE_ORDER, data: about(before.order) });
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

/** A situation for each way through the rules. */
export const situations: readonly { readonly state: OrderState; readonly message: OrderInput }[] = [
  { state: nothingPlaced, message: placeOrder({ lamp: 2 }) },
  { state: heardEarly(stockReserved({ lamp: 2 })), message: placeOrder({ lamp: 2 }) },
  { state: heardEarly(stockRejected()), message: placeOrder({ lamp: 2 }) },
  { state: placed({ lamp: 2 }), message: placeOrder({ lamp: 3 }) },
  { state: placed({ lamp: 2 }), message: stockReserved({ lamp: 2 }) },
  { state: placed({ lamp: 2 }), message: stockRejected() },
  { state: confirmed({ lamp: 2 }), message: stockReserved({ lamp: 2 }) },
];
