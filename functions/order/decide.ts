import { type OrderCommand, orderCommands, statusAfter } from '../../saga/lifecycle.ts';
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
 * Order takes orders and publishes how each one ends.
 *
 * Answers of other functions come by another topic and can arrive before the order: they are stored and consumed when
 * the order is placed. An answer that arrives after the order has ended changes nothing: the function that sent it also
 * consumes the end of the order and compensates.
 */
export function decide(state: OrderState, message: OrderInput): readonly OrderOutput[] {
  switch (message.type) {
    case 'PlaceOrder':
      return place(state, message);
    case 'StockReserved':
    case 'StockBackordered':
    case 'StockRejected':
      return consume(state.order, message);
    case 'ExpireOrder':
      return expire(state.order);
    case 'CancelOrder':
      return cancel(state.order, message.data);
    case 'DispatchOrder':
      return dispatch(state.order, message);
    default:
      return assertNever(message);
  }
}

function place(state: OrderState, { data, time }: MessageOf<'PlaceOrder'>): readonly OrderOutput[] {
  const { order } = state;
  if (order !== null) {
    if (isSameOrder(order, data)) return [];
    return [
      refusal(order.orderId, 'order_id_reused', `order ${order.orderId} was placed before with different contents`),
    ];
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
    const answers = consume(now.order, fact);
    events.push(...answers);
    now = answers.reduce(evolve, now);
  }
  return events;
}

function consume(order: Order | null, fact: Fact): readonly OrderEvent[] {
  if (order === null) return [];
  switch (fact.type) {
    case 'StockReserved':
      return may(order, 'OrderConfirmed') ? [confirmed(order)] : [];
    case 'StockBackordered':
      return may(order, 'OrderBackordered') ? [backordered(order, fact.data.productIds)] : [];
    case 'StockRejected':
      return may(order, 'OrderRejected') ? [rejected(order, fact.data.reason)] : [];
    default:
      return assertNever(fact);
  }
}

/** The deadline has no effect on an order that has its outcome or was never placed. */
function expire(order: Order | null): readonly OrderEvent[] {
  if (order === null || !may(order, 'OrderRejected')) return [];
  const detail =
    order.status === 'backordered' ? 'the goods did not arrive in time' : 'it could not be confirmed in time';
  return [rejected(order, { code: 'expired', detail, productIds: [] })];
}

function cancel(order: Order | null, { orderId, reason }: DataOf<'CancelOrder'>): readonly OrderOutput[] {
  if (order === null) return [unknown(orderId)];
  if (order.status === 'cancelled') return [];
  if (!may(order, orderCommands.cancel)) return [notNow(order, 'cancel')];
  const { customerId } = order;
  return [{ type: 'OrderCancelled', subject: orderId, data: { orderId, customerId, lines: summed(order), reason } }];
}

function dispatch(order: Order | null, { data, time }: MessageOf<'DispatchOrder'>): readonly OrderOutput[] {
  const { orderId } = data;
  if (order === null) return [unknown(orderId)];
  if (order.status === 'dispatched') return [];
  if (!may(order, orderCommands.dispatch)) return [notNow(order, 'dispatch')];
  const { customerId } = order;
  return [{ type: 'OrderDispatched', subject: orderId, data: { orderId, customerId, dispatchedAt: time } }];
}

function may(order: Order, event: OrderEvent['type']): boolean {
  return statusAfter(order.status, event) !== null;
}

function unknown(orderId: string): OrderOutput {
  return refusal(orderId, 'order_unknown', `there is no order ${orderId}`);
}

function notNow({ orderId, status }: Order, command: OrderCommand): OrderOutput {
  const participle = { cancel: 'cancelled', dispatch: 'dispatched' }[command];
  return refusal(orderId, 'order_state', `order ${orderId} is ${status} and cannot be ${participle}`);
}

function backordered(order: Order, productIds: readonly string[]): OrderEvent {
  const { orderId, customerId } = order;
  return { type: 'OrderBackordered', subject: orderId, data: { orderId, customerId, productIds: [...productIds] } };
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
