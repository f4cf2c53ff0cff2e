/**
 * Compares what clients know with what the store reports. Pure, and independent of the store's own code: the two
 * histories are its only input.
 */
import type { OrderLine } from './plan.ts';

/** An order as its client knows it. */
export interface OrderCall {
  readonly orderId: string;
  readonly lines: readonly OrderLine[];
  attempts: number;
  /** 2xx answers that were not replays. */
  fresh: number;
  replays: number;
  /** Whether an attempt may have taken effect without the client knowing. */
  isUnsure: boolean;
}

export interface CancelCall {
  readonly orderId: string;
  /** Whether the store may have received it. */
  isAsked: boolean;
  /** Whether the store has said that the order is cancelled. */
  isCancelled: boolean;
}

export interface ReceiptCall {
  readonly key: string;
  /** The kind of its movement: a delivery of goods, or a correction of the stock. */
  readonly kind: 'received' | 'corrected';
  readonly productId: string;
  readonly quantity: number;
  isAcknowledged: boolean;
  isUnsure: boolean;
}

/** What clients know. */
export interface ClientHistory {
  readonly orders: ReadonlyMap<string, Readonly<OrderCall>>;
  readonly cancels: ReadonlyMap<string, Readonly<CancelCall>>;
  readonly receipts: readonly Readonly<ReceiptCall>[];
  /** A sentence for each answer that no client should see. */
  readonly brokenAnswers: readonly string[];
}

export interface StoredOrder {
  readonly orderId: string;
  readonly status: string;
  /** The stable code of the reason for its outcome. */
  readonly reason: string | null;
  readonly lines: readonly OrderLine[];
  /** Its own events and those it consumed, the oldest first. */
  readonly events: readonly { readonly id: string; readonly type: string; readonly time: string }[];
}

export interface StoredMovement {
  readonly productId: string;
  readonly kind: string;
  readonly quantity: number;
  readonly orderId: string | null;
  /** Time by the clock of the function that wrote it. */
  readonly at: string;
}

export interface StoredNotice {
  readonly orderId: string;
  readonly fact: string;
}

/** What the store reports at the end. */
export interface StoreHistory {
  readonly orders: readonly StoredOrder[];
  readonly movements: readonly StoredMovement[];
  readonly notices: readonly StoredNotice[];
}

/** Each finding is a sentence. */
export interface Judgement {
  /** Acknowledged, but missing or without an outcome. */
  readonly lost: readonly string[];
  /** One cause, more than one effect. */
  readonly doubled: readonly string[];
  /** An effect without a cause. */
  readonly unexpected: readonly string[];
  /** Took effect exactly once although its client got no clear first answer. */
  readonly recovered: readonly string[];
}

const FACTS = ['OrderPlaced', 'OrderBackordered', 'OrderConfirmed', 'OrderRejected', 'OrderCancelled'];
/** The event that each status comes from. */
const eventOf: Readonly<Record<string, string>> = {
  backordered: 'OrderBackordered',
  confirmed: 'OrderConfirmed',
  dispatched: 'OrderDispatched',
  rejected: 'OrderRejected',
  cancelled: 'OrderCancelled',
};
/** Events that an order has at most once. */
const ONCE = ['OrderPlaced', 'OrderConfirmed', 'OrderDispatched', 'OrderRejected', 'OrderCancelled'];

type Findings = { readonly [Kind in keyof Judgement]: string[] };

export function judge(clients: ClientHistory, store: StoreHistory): Judgement {
  const found: Findings = { lost: [], doubled: [], unexpected: [...clients.brokenAnswers], recovered: [] };
  const stored = new Map(store.orders.map((order) => [order.orderId, order]));
  const moved = countBy(store.movements, ({ orderId, productId, kind }) => `${orderId} ${kind} ${productId}`);
  const notified = countBy(store.notices, ({ orderId, fact }) => `${orderId} ${fact}`);
  for (const call of clients.orders.values()) judgeCall(call, stored.get(call.orderId), found);
  for (const order of store.orders) {
    judgeOrder(order, clients, found);
    judgeSale(order, moved, found);
    judgeNotices(order, notified, found);
  }
  for (const cancel of clients.cancels.values()) {
    const status = stored.get(cancel.orderId)?.status;
    if (cancel.isCancelled && status !== 'cancelled') {
      found.lost.push(`${cancel.orderId} was acknowledged as cancelled, but is ${status ?? 'missing'}`);
    }
  }
  judgeDoubles(store, found);
  judgeUnknownOrders(store, stored, found);
  judgeReceipts(clients.receipts, store.movements, found);
  return found;
}

function judgeCall(call: Readonly<OrderCall>, order: StoredOrder | undefined, found: Findings): void {
  const { orderId, fresh, replays, isUnsure } = call;
  if (fresh > 1) found.doubled.push(`${orderId} was accepted ${fresh} times as a new order`);
  if (order === undefined) {
    if (fresh + replays > 0) found.lost.push(`${orderId} was acknowledged, but is not in the store`);
    return;
  }
  if (fresh + replays === 0 && !isUnsure) {
    found.unexpected.push(`${orderId} is in the store, but every request with it was refused`);
  }
  if (isUnsure && fresh === 0) found.recovered.push(orderId);
}

function judgeOrder({ orderId, status, reason, lines, events }: StoredOrder, clients: ClientHistory, found: Findings) {
  const call = clients.orders.get(orderId);
  if (call === undefined) found.unexpected.push(`${orderId} is in the store, but no client posted it`);
  else if (textOf(call.lines) !== textOf(lines)) {
    found.unexpected.push(`${orderId} has ${textOf(lines)} instead of ${textOf(call.lines)}`);
  }
  if (status === 'placed') found.lost.push(`${orderId} is ${status} and has no outcome`);
  const types = countBy(events, ({ type }) => type);
  const needed = ['OrderPlaced', ...(eventOf[status] === undefined ? [] : [eventOf[status]])];
  for (const type of needed) {
    if (!types.has(type)) found.lost.push(`${orderId} is ${status}, but has no event ${type}`);
  }
  for (const type of ONCE) {
    const count = types.get(type) ?? 0;
    if (count > 1) found.doubled.push(`${orderId} has ${type} ${count} times`);
  }
  if (types.has('OrderConfirmed') && types.has('OrderRejected')) {
    found.doubled.push(`${orderId} was both confirmed and rejected`);
  }
  for (const [id, count] of countBy(events, (event) => event.id)) {
    if (count > 1) found.doubled.push(`${orderId} has the event ${id} ${count} times`);
  }
  const isCancelled = types.has('OrderCancelled') && reason !== 'expired';
  if (isCancelled && clients.cancels.get(orderId)?.isAsked !== true) {
    found.unexpected.push(`${orderId} is cancelled, but no client cancelled it`);
  }
}

/** Confirmed and dispatched orders have their goods sold; other orders have no goods. */
function judgeSale({ orderId, status, lines }: StoredOrder, moved: ReadonlyMap<string, number>, found: Findings): void {
  for (const { productId } of lines) {
    const count = (kind: string) => moved.get(`${orderId} ${kind} ${productId}`) ?? 0;
    const hasGoods = status === 'confirmed' || status === 'dispatched';
    if (hasGoods && count('sold') === 0) {
      found.lost.push(`${orderId} is ${status}, but no ${productId} was sold to it`);
    }
    if (!hasGoods && count('sold') > count('returned')) {
      found.unexpected.push(`${productId} was sold to ${orderId}, which is ${status}`);
    }
    const isOver = status === 'rejected' || status === 'cancelled';
    if (isOver && count('reserved') > count('released') + count('sold')) {
      found.lost.push(`${orderId} is ${status}, but its ${productId} was never released`);
    }
  }
}

function judgeNotices({ orderId, events }: StoredOrder, notified: ReadonlyMap<string, number>, found: Findings): void {
  for (const fact of FACTS) {
    const hasHappened = events.some(({ type }) => type === fact);
    const isNotified = notified.has(`${orderId} ${fact}`);
    const notice = `notified of ${fact} of ${orderId}`;
    if (hasHappened && !isNotified) found.lost.push(`the customer was not ${notice}`);
    if (!hasHappened && isNotified) found.unexpected.push(`the customer was ${notice}, which did not happen`);
  }
}

function judgeDoubles({ orders, movements, notices }: StoreHistory, found: Findings): void {
  const double = <Item>(items: readonly Item[], keyOf: (item: Item) => string, what: (key: string) => string) => {
    for (const [key, count] of countBy(items, keyOf)) {
      if (count > 1) found.doubled.push(`${what(key)} ${count} times`);
    }
  };
  double(
    orders,
    ({ orderId }) => orderId,
    (key) => `${key} is in the store`,
  );
  double(
    movements.filter(({ orderId }) => orderId !== null),
    ({ orderId, productId, kind }) => `${productId} was ${kind} for ${orderId}`,
    (key) => key,
  );
  double(
    notices,
    ({ orderId, fact }) => `${fact} of ${orderId}`,
    (key) => `the customer was notified of ${key}`,
  );
}

/** Finds movements and notices of orders that do not exist. */
function judgeUnknownOrders(store: StoreHistory, stored: ReadonlyMap<string, StoredOrder>, found: Findings): void {
  for (const { orderId, kind, productId } of store.movements) {
    if (orderId !== null && !stored.has(orderId)) {
      found.unexpected.push(`${productId} was ${kind} for ${orderId}, which does not exist`);
    }
  }
  for (const { orderId, fact } of store.notices) {
    if (!stored.has(orderId)) {
      found.unexpected.push(`the customer was notified of ${fact} of ${orderId}, which does not exist`);
    }
  }
}

/** Deliveries and corrections have no ids in the ledger, so equal ones are counted and compared with a minimum and a maximum. */
function judgeReceipts(
  receipts: readonly Readonly<ReceiptCall>[],
  movements: readonly StoredMovement[],
  found: Findings,
): void {
  const keyOf = ({ kind, productId, quantity }: OrderLine & { readonly kind: string }) =>
    `${kind === 'received' ? 'deliveries' : 'corrections'} of ${quantity} ${productId}`;
  const sure = countBy(
    receipts.filter(({ isAcknowledged }) => isAcknowledged),
    keyOf,
  );
  const possible = countBy(
    receipts.filter(({ isAcknowledged, isUnsure }) => isAcknowledged || isUnsure),
    keyOf,
  );
  const booked = countBy(
    movements.filter(({ kind }) => kind === 'received' || kind === 'corrected'),
    keyOf,
  );
  for (const key of new Set([...sure.keys(), ...booked.keys()])) {
    const count = booked.get(key) ?? 0;
    const least = sure.get(key) ?? 0;
    const most = possible.get(key) ?? 0;
    const sentence = `${key}: ${count} booked`;
    if (count < least) found.lost.push(`${sentence}, ${least} acknowledged`);
    if (count > most && most > 0) found.doubled.push(`${sentence}, ${most} reported`);
    if (count > most && most === 0) found.unexpected.push(`${sentence}, none reported`);
  }
}

function countBy<Item>(items: readonly Item[], keyOf: (item: Item) => string): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

function textOf(lines: readonly OrderLine[]): string {
  return lines
    .map(({ productId, quantity }) => `${quantity} ${productId}`)
    .sort()
    .join(', ');
}
