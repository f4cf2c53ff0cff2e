import { type DataOf, type Line, type MessageOf, type Reason, sumByProduct, totalOf } from '../../saga/messages.ts';
import { assertNever } from '../../shared/core/assert.ts';
import { refusal } from '../../shared/core/message.ts';
import {
  evolve,
  type Fact,
  type Order,
  type OrderEvent,
  type OrderInput,
  type OrderOutput,
  type OrderState,
} from './state.ts';

/**
 * Order takes orders and tells everybody how each one ends.
 *
 * What others answer may be here before the order is, when it comes by another topic: such answers are kept and heard
 * again as soon as the order is placed.
 */
export function decide(state: OrderState, message: OrderInput): readonly OrderOutput[] {
  switch (message.type) {
    case 'PlaceOrder':
      return place(state, message);
    case 'StockReserved':
    case 'StockRejected':
      return hear(state.order, message);
    default:
      return assertNever(message);
  }
}

function place(state: OrderState, { data, time }: MessageOf<'PlaceOrder'>): readonly OrderOutput[] {
  const { order } = state;
  if (order !== null) {
    if (isSameOrder(order, data)) return [];
    return [refusal(order.orderId, 'order_id_reused', `order ${order.orderId} was placed before with other contents`)];
  }
  const { orderId, customerId, currency, lines } = data;
  const totalMinor = totalOf(lines);
  const placed: OrderEvent = {
    type: 'OrderPlaced',
    subject: orderId,
    data: { orderId, customerId, currency, lines, totalMinor, placedAt: time },
  };
  const events: OrderEvent[] = [placed];
  let now = evolve(state, placed);
  for (const fact of state.early) {
    const heard = hear(now.order, fact);
    events.push(...heard);
    now = heard.reduce(evolve, now);
  }
  return events;
}

function hear(order: Order | null, fact: Fact): readonly OrderEvent[] {
  if (order === null || order.status !== 'placed') return [];
  return fact.type === 'StockReserved' ? [confirmed(order)] : [rejected(order, fact.data.reason)];
}

function confirmed(order: Order): OrderEvent {
  const { orderId, customerId } = order;
  return { type: 'OrderConfirmed', subject: orderId, data: { orderId, customerId, lines: summed(order) } };
}

function rejected(order: Order, reason: Reason): OrderEvent {
  const { orderId, customerId } = order;
  return { type: 'OrderRejected', subject: orderId, data: { orderId, customerId, lines: summed(order), reason } };
}

function summed({ lines }: Order): Line[] {
  return [...sumByProduct(lines)];
}

function isSameOrder(order: Order, asked: DataOf<'PlaceOrder'>): boolean {
  return (
    order.customerId === asked.customerId &&
    order.currency === asked.currency &&
    order.lines.length === asked.lines.length &&
    order.lines.every((line, index) => {
      const other = asked.lines[index];
      return (
        line.productId === other?.productId && line.quantity === other.quantity && line.priceMinor === other.priceMinor
      );
    })
  );
}
