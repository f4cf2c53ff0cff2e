/**
 * Compares what clients know with what the store says. Pure, and without a word from the store's own code: whatever both
 * sides tell is all there is.
 */
import type { OrderLine } from './plan.ts';

/** An order as its client knows it. */
export interface OrderCall {
  readonly orderId: string;
  readonly lines: readonly OrderLine[];
  attempts: number;
  /** Answers 2xx that were no replay. */
  fresh: number;
  replays: number;
  /** Whether an attempt may have been carried out without the client's knowing. */
  isUnsure: boolean;
}

export interface CancelCall {
  readonly orderId: string;
  /** Whether the store may have heard it. */
  isAsked: boolean;
  /** Whether the store has said that the order is cancelled. */
  isCancelled: boolean;
}

export interface ReceiptCall {
  readonly key: string;
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
  /** The stable word of why it ended as it did. */
  readonly reason: string | null;
  readonly lines: readonly OrderLine[];
  /** Its own events and those it has heard, the oldest first. */
  readonly events: readonly { readonly id: string; readonly type: string; readonly time: string }[];
}

export interface StoredMovement {
  readonly productId: string;
  readonly kind: string;
  readonly quantity: number;
  readonly orderId: string | null;
  /** By the clock of the function that wrote it. */
  readonly at: string;
}

export interface StoredNotice {
  readonly orderId: string;
  readonly fact: string;
}

/** What the store says at the end. */
export interface StoreHistory {
  readonly orders: readonly StoredOrder[];
  readonly movements: readonly StoredMovement[];
  readonly notices: readonly StoredNotice[];
}

/** A sentence for each. */
export interface Judgement {
  /** Acknowledged, and not there or without an outcome. */
  readonly lost: readonly string[];
  /** One cause, more than one effect. */
  readonly doubled: readonly string[];
  /** An effect without a cause. */
  readonly unexpected: readonly string[];
  /** The client never had an answer of its own, and still it happened exactly once. */
  readonly recovered: readonly string[];
}

const FACTS = ['OrderPlaced', 'OrderBackordered', 'OrderConfirmed', 'OrderRejected', 'OrderCancelled'];
/** The event that each status comes from. */
const eventOf: Readonly<Record<string, string>> = {
  backordered: 'OrderBackordered',
  confirmed: 'OrderConfirmed',
  rejected: 'OrderRejected',
  cancelled: 'OrderCancelled',
};
/** Once in the life of an order. */
const ONCE = ['OrderPlaced', 'OrderConfirmed', 'OrderRejected', 'OrderCancelled'];

type Findings = { readonly [Kind in keyof Judgement]: string[] };

export function judge(clients: ClientHistory, store: StoreHistory): Judgement {
  const found: Findings = { lost: [], doubled: [], unexpected: [...clients.brokenAnswers], recovered: [] };
  const stored = new Map(store.orders.map((order) => [order.orderId, order]));
  const moved = countBy(store.movements, ({ orderId, productId, kind }) => `${orderId} ${kind} ${productId}`);
  const told = countBy(store.notices, ({ orderId, fact }) => `${orderId} ${fact}`);
  for (const call of clients.orders.values()) judgeCall(call, stored.get(call.orderId), found);
  for (const order of store.orders) {
    judgeOrder(order, clients, found);
    judgeSale(order, moved, found);
    judgeNotices(order, told, found);
  }
  for (const cancel of clients.cancels.values()) {
    const status = stored.get(cancel.orderId)?.status;
    if (cancel.isCancelled && status !== 'cancelled') {
      found.lost.push(`${cancel.orderId} was answered as cancelled, and is ${status ?? 'not there'}`);
    }
  }
  judgeDoubles(store, found);
  judgeStrangers(store, stored, found);
  judgeReceipts(clients.receipts, store.movements, found);
  return found;
}

function judgeCall(call: Readonly<OrderCall>, order: StoredOrder | undefined, found: Findings): void {
  const { orderId, fresh, replays, isUnsure } = call;
  if (fresh > 1) found.doubled.push(`${orderId} was accepted ${fresh} times as a new order`);
  if (order === undefined) {
    if (fresh + replays > 0) found.lost.push(`${orderId} was acknowledged, and the store does not know it`);
    return;
  }
  if (fresh + replays === 0 && !isUnsure) {
    found.unexpected.push(`${orderId} is in the store, and no attempt to post it was heard`);
  }
  if (isUnsure && fresh === 0) found.recovered.push(orderId);
}

function judgeOrder({ orderId, status, reason, lines, events }: StoredOrder, clients: ClientHistory, found: Findings) {
  const call = clients.orders.get(orderId);
  if (call === undefined) found.unexpected.push(`${orderId} is in the store, and nobody posted it`);
  else if (textOf(call.lines) !== textOf(lines)) {
    found.unexpected.push(`${orderId} has ${textOf(lines)}, and ${textOf(call.lines)} was asked for`);
  }
  if (status === 'placed') found.lost.push(`${orderId} is ${status} and has no outcome`);
  const types = countBy(events, ({ type }) => type);
  const needed = ['OrderPlaced', ...(eventOf[status] === undefined ? [] : [eventOf[status]])];
  for (const type of needed) {
    if (!types.has(type)) found.lost.push(`${orderId} is ${status} and its events have no ${type}`);
  }
  for (const type of ONCE) {
    const count = types.get(type) ?? 0;
    if (count > 1) found.doubled.push(`${orderId} has ${type} ${count} times`);
  }
  if (types.has('OrderConfirmed') && types.has('OrderRejected')) {
    found.doubled.push(`${orderId} was confirmed and rejected`);
  }
  for (const [id, count] of countBy(events, (event) => event.id)) {
    if (count > 1) found.doubled.push(`${orderId} has the event ${id} ${count} times`);
  }
  const isCancelled = types.has('OrderCancelled') && reason !== 'expired';
  if (isCancelled && clients.cancels.get(orderId)?.isAsked !== true) {
    found.unexpected.push(`${orderId} is cancelled, and nobody cancelled it`);
  }
}

/** What is confirmed is sold, once and in full; what is not is not. */
function judgeSale({ orderId, status, lines }: StoredOrder, moved: ReadonlyMap<string, number>, found: Findings): void {
  for (const { productId } of lines) {
    const count = (kind: string) => moved.get(`${orderId} ${kind} ${productId}`) ?? 0;
    if (status === 'confirmed' && count('sold') === 0) {
      found.lost.push(`${orderId} is confirmed, and no ${productId} was sold to it`);
    }
    if (status !== 'confirmed' && count('sold') > count('returned')) {
      found.unexpected.push(`${productId} was sold to ${orderId}, which is ${status}`);
    }
    const isOver = status === 'rejected' || status === 'cancelled';
    if (isOver && count('reserved') > count('released') + count('sold')) {
      found.lost.push(`${orderId} is ${status}, and its ${productId} was never released`);
    }
  }
}

function judgeNotices({ orderId, events }: StoredOrder, told: ReadonlyMap<string, number>, found: Findings): void {
  for (const fact of FACTS) {
    const hasHappened = events.some(({ type }) => type === fact);
    const isTold = told.has(`${orderId} ${fact}`);
    if (hasHappened && !isTold) found.lost.push(`nobody was told that ${orderId} had ${fact}`);
    if (!hasHappened && isTold) found.unexpected.push(`somebody was told that ${orderId} had ${fact}, and it had not`);
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
    (key) => `somebody was told of ${key}`,
  );
}

/** Movements and notices of orders that are not there. */
function judgeStrangers(store: StoreHistory, stored: ReadonlyMap<string, StoredOrder>, found: Findings): void {
  for (const { orderId, kind, productId } of store.movements) {
    if (orderId !== null && !stored.has(orderId)) {
      found.unexpected.push(`${productId} was ${kind} for ${orderId}, which does not exist`);
    }
  }
  for (const { orderId, fact } of store.notices) {
    if (!stored.has(orderId)) found.unexpected.push(`somebody was told of ${fact} of ${orderId}, which does not exist`);
  }
}

/** Deliveries have no names in the ledger, so equal ones of a product are counted: at least and at most so many. */
function judgeReceipts(
  receipts: readonly Readonly<ReceiptCall>[],
  movements: readonly StoredMovement[],
  found: Findings,
): void {
  const keyOf = ({ productId, quantity }: OrderLine) => `${quantity} of ${productId}`;
  const sure = countBy(
    receipts.filter(({ isAcknowledged }) => isAcknowledged),
    keyOf,
  );
  const possible = countBy(
    receipts.filter(({ isAcknowledged, isUnsure }) => isAcknowledged || isUnsure),
    keyOf,
  );
  const booked = countBy(
    movements.filter(({ kind }) => kind === 'received'),
    keyOf,
  );
  for (const key of new Set([...sure.keys(), ...booked.keys()])) {
    const count = booked.get(key) ?? 0;
    const least = sure.get(key) ?? 0;
    const most = possible.get(key) ?? 0;
    const sentence = `deliveries of ${key}: ${count} booked`;
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
