import { type OrderCommand, orderCommands, statusAfter } from '../../saga/lifecycle.ts';
import {
  type DataOf,
  type End,
  type Line,
  type MessageOf,
  REASON_MAX,
  type Reason,
  sumByProduct,
  totalOf,
} from '../../saga/messages.ts';
import { assertNever } from '../../shared/core/assert.ts';
import { TerminalError } from '../../shared/core/errors.ts';
import { refusal } from '../../shared/core/message.ts';
import { laterOf } from '../../shared/core/utc-time.ts';
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
    case 'StockReleased':
    case 'StockReturned':
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
    return [idReused(order.orderId)];
  }
  const { orderId, customerId, currency, lines } = data;
  if (orderId === '.' || orderId === '..') return [unreachable(orderId)];
  if (state.early.some((fact) => isAboutOther(fact, lines))) return [idReused(orderId)];
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
    case 'StockReleased':
    case 'StockReturned':
      return endAgain(order, fact.data.because);
    default:
      return assertNever(fact);
  }
}

/**
 * Inventory gives goods back only for an order that has ended. An order that has not ended was restored from an older copy,
 * and ends again in the same way. `because` is null in facts that older programs published.
 *
 * @throws {TerminalError} when the order is dispatched: then an operator has to decide
 */
function endAgain(order: Order, because: End | null): readonly OrderEvent[] {
  const { orderId, status } = order;
  if (status === 'rejected' || status === 'cancelled') return [];
  if (status === 'dispatched') {
    throw new TerminalError(`order ${orderId} is dispatched, and inventory has its goods back`);
  }
  if (because?.end === 'cancelled') return [cancelled(order, because.reason)];
  if (because !== null && may(order, 'OrderRejected')) return [rejected(order, because.reason)];
  return [cancelled(order, (because?.reason.detail ?? 'inventory has its goods back').slice(0, REASON_MAX))];
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
  return may(order, orderCommands.cancel) ? [cancelled(order, reason)] : [notNow(order, 'cancel')];
}

/** Where the clock was set back, an order is dispatched when it was placed. */
function dispatch(order: Order | null, { data, time }: MessageOf<'DispatchOrder'>): readonly OrderOutput[] {
  const { orderId } = data;
  if (order === null) return [unknown(orderId)];
  if (order.status === 'dispatched') return [];
  if (!may(order, orderCommands.dispatch)) return [notNow(order, 'dispatch')];
  const { customerId, placedAt } = order;
  const dispatchedAt = laterOf(time, placedAt);
  return [{ type: 'OrderDispatched', subject: orderId, data: { orderId, customerId, dispatchedAt } }];
}

function may(order: Order, event: OrderEvent['type']): boolean {
  return statusAfter(order.status, event) !== null;
}

function idReused(orderId: string): OrderOutput {
  return refusal(orderId, 'order_id_reused', `order ${orderId} was placed before with different contents`);
}

/** Clients resolve `.` and `..` in an address. Over HTTP, the schema of the body has refused them. */
function unreachable(orderId: string): OrderOutput {
  return refusal(orderId, 'order_id_unreachable', `no address leads to an order that is called ${orderId}`);
}

/** Whether inventory has answered for other goods: order was restored from an older copy, and has forgotten that order. */
function isAboutOther({ data }: Fact, ordered: readonly Line[]): boolean {
  if (!('lines' in data) || data.lines.length === 0) return false;
  const asked = new Map(sumByProduct(ordered).map(({ productId, quantity }) => [productId, quantity]));
  return data.lines.length !== asked.size || data.lines.some((line) => asked.get(line.productId) !== line.quantity);
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

function cancelled(order: Order, reason: string): OrderEvent {
  const { orderId, customerId } = order;
  return { type: 'OrderCancelled', subject: orderId, data: { orderId, customerId, lines: summed(order), reason } };
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
