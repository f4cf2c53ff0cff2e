import { CLIENT_SOURCE, type Message, namedId, newMessage } from '../shared/core/message.ts';
import { versionOf } from '../shared/core/message-catalog.ts';
import { catalog } from './catalog.ts';
import { type DataOf, type End, type Line, type MessageType, type Reason, sumByProduct } from './messages.ts';

/** Products and how many of them; pairs where a product appears twice. */
export type Quantities = Readonly<Record<string, number>> | readonly (readonly [productId: string, quantity: number])[];

export interface OrderExample {
  readonly orderId?: string;
  readonly customerId?: string;
  readonly currency?: string;
  /** Of each unit, in minor units of the currency. */
  readonly priceMinor?: number;
}

/** When every example happens. */
export const EXAMPLE_TIME = '2026-03-01T10:00:00.000Z';
export const EXAMPLE_ORDER = 'ORDER_7';
const EXAMPLE_CUSTOMER = 'CUSTOMER_7';
export const CHANGED_MIND = 'I have changed my mind';
/** The order was cancelled. */
export const EXAMPLE_END: End = { end: 'cancelled', reason: CHANGED_MIND };

/** A complete message. Its id is derived from its contents, so that equal examples are the same message. */
export function example<Type extends MessageType>(
  source: string,
  type: Type,
  subject: string,
  data: DataOf<Type>,
): Message<Type, DataOf<Type>> {
  const id = namedId(`${source} ${type} ${JSON.stringify(data)}`);
  return newMessage({
    id,
    source,
    type,
    time: EXAMPLE_TIME,
    subject,
    partitionkey: subject,
    correlationid: namedId(`the saga of ${subject}`),
    causationid: id,
    schemaversion: versionOf(catalog, type),
    data,
    traceparent: undefined,
  });
}

export function placeOrder(quantities: Quantities, options: OrderExample = {}) {
  const { orderId = EXAMPLE_ORDER, customerId = EXAMPLE_CUSTOMER, currency = 'EUR', priceMinor = 1000 } = options;
  const lines = linesOf(quantities).map((line) => ({ ...line, priceMinor }));
  return example(CLIENT_SOURCE, 'PlaceOrder', orderId, { orderId, customerId, currency, lines });
}

export function orderPlaced(quantities: Quantities, options: OrderExample = {}) {
  const { data } = placeOrder(quantities, options);
  const totalMinor = data.lines.reduce((sum, { quantity, priceMinor }) => sum + quantity * priceMinor, 0);
  return example('/order', 'OrderPlaced', data.orderId, { ...data, totalMinor, placedAt: EXAMPLE_TIME });
}

export function orderConfirmed(quantities: Quantities, options: OrderExample = {}) {
  return example('/order', 'OrderConfirmed', options.orderId ?? EXAMPLE_ORDER, ending(quantities, options));
}

export function orderRejected(quantities: Quantities, reason: Reason = soldOut('lamp'), options: OrderExample = {}) {
  const data = { ...ending(quantities, options), reason };
  return example('/order', 'OrderRejected', data.orderId, data);
}

export function orderBackordered(productIds: readonly string[] = ['lamp'], options: OrderExample = {}) {
  const { orderId = EXAMPLE_ORDER, customerId = EXAMPLE_CUSTOMER } = options;
  return example('/order', 'OrderBackordered', orderId, { orderId, customerId, productIds: [...productIds] });
}

export function orderCancelled(quantities: Quantities, reason = CHANGED_MIND, options: OrderExample = {}) {
  const data = { ...ending(quantities, options), reason };
  return example('/order', 'OrderCancelled', data.orderId, data);
}

export function orderDispatched({ orderId = EXAMPLE_ORDER, customerId = EXAMPLE_CUSTOMER }: OrderExample = {}) {
  return example('/order', 'OrderDispatched', orderId, { orderId, customerId, dispatchedAt: EXAMPLE_TIME });
}

export function cancelOrder(reason = CHANGED_MIND, orderId = EXAMPLE_ORDER) {
  return example(CLIENT_SOURCE, 'CancelOrder', orderId, { orderId, reason });
}

export function dispatchOrder(orderId = EXAMPLE_ORDER) {
  return example(CLIENT_SOURCE, 'DispatchOrder', orderId, { orderId });
}

/** The deadline of the order has passed. */
export function expireOrder(orderId = EXAMPLE_ORDER) {
  return example('/order', 'ExpireOrder', orderId, { orderId });
}

export function stockReserved(quantities: Quantities, orderId = EXAMPLE_ORDER) {
  return example('/inventory', 'StockReserved', orderId, { orderId, lines: summed(quantities) });
}

export function stockRejected(reason: Reason = soldOut('lamp'), orderId = EXAMPLE_ORDER) {
  return example('/inventory', 'StockRejected', orderId, { orderId, reason });
}

export function stockBackordered(
  quantities: Quantities,
  productIds: readonly string[] = ['lamp'],
  orderId = EXAMPLE_ORDER,
) {
  const data = { orderId, lines: summed(quantities), productIds: [...productIds] };
  return example('/inventory', 'StockBackordered', orderId, data);
}

export function stockReturned(quantities: Quantities, because: End | null = EXAMPLE_END, orderId = EXAMPLE_ORDER) {
  return example('/inventory', 'StockReturned', orderId, { orderId, lines: summed(quantities), because });
}

export function stockSold(quantities: Quantities, orderId = EXAMPLE_ORDER) {
  return example('/inventory', 'StockSold', orderId, { orderId, lines: summed(quantities) });
}

export function stockReleased(quantities: Quantities, because: End | null = EXAMPLE_END, orderId = EXAMPLE_ORDER) {
  return example('/inventory', 'StockReleased', orderId, { orderId, lines: summed(quantities), because });
}

/** The reason from inventory when no unit of a product is left and one was asked for. */
export function soldOut(productId: string): Reason {
  return {
    code: 'out_of_stock',
    detail: `${productId} has 0 left and 1 were asked for`,
    productIds: [productId],
  };
}

function ending(quantities: Quantities, { orderId = EXAMPLE_ORDER, customerId = EXAMPLE_CUSTOMER }: OrderExample) {
  return { orderId, customerId, lines: summed(quantities) };
}

function summed(quantities: Quantities): Line[] {
  return [...sumByProduct(linesOf(quantities))];
}

function linesOf(quantities: Quantities): Line[] {
  const pairs: readonly (readonly [string, number])[] = isPairs(quantities) ? quantities : Object.entries(quantities);
  return pairs.map(([productId, quantity]) => ({ productId, quantity }));
}

function isPairs(quantities: Quantities): quantities is readonly (readonly [string, number])[] {
  return Array.isArray(quantities);
}
