import { hasOutcome, type OrderStatus } from '../../saga/lifecycle.ts';
import type { PricedLine, Reason } from '../../saga/messages.ts';
import type { Message } from '../../shared/core/message.ts';
import { laterOf } from '../../shared/core/utc-time.ts';
import { type Need, table, type Write } from '../../shared/ports/store.ts';
import type { Change, RowReader } from '../../shared/runtime/function.ts';
import { type Fact, isFact, type Order, type OrderInput, type OrderState } from './state.ts';

/**
 * How long an order may be without an outcome: `deadlineMs` while it has no answer, the other while it waits for goods.
 */
export interface Deadlines {
  readonly deadlineMs: number;
  readonly backorderDeadlineMs: number;
}

/** `lines` never change and are always read with their order, so they are a column. */
export interface OrderRow {
  readonly orderId: string;
  readonly customerId: string;
  readonly status: OrderStatus;
  readonly reasonCode: Reason['code'] | null;
  readonly reasonDetail: string | null;
  readonly reasonProductIds: readonly string[] | null;
  readonly currency: string;
  readonly lines: readonly PricedLine[];
  readonly totalMinor: number;
  readonly placedAt: string;
  readonly updatedAt: string;
  readonly version: number;
  /** The saga of the order; null when the order was placed before this column existed. */
  readonly correlationId: string | null;
  /** Set when the order is dispatched, and only then. */
  readonly dispatchedAt: string | null;
  /** When the order is rejected unless it has an outcome by then; null when it has one. */
  readonly dueAt: string | null;
  /** When it was placed as the sender of its command says; null where the sender does not say. */
  readonly requestedAt: string | null;
  /** The order in which orders were accepted. */
  readonly sequence?: number;
}

export const orders = table<OrderRow>(
  'orders',
  {
    orderId: 'text',
    customerId: 'text',
    status: 'text',
    reasonCode: 'text',
    reasonDetail: 'text',
    reasonProductIds: 'json',
    currency: 'text',
    lines: 'json',
    totalMinor: 'integer',
    placedAt: 'text',
    updatedAt: 'text',
    version: 'integer',
    correlationId: 'text',
    dispatchedAt: 'text',
    dueAt: 'text',
    requestedAt: 'text',
    sequence: 'sequence',
  },
  { key: ['orderId'] },
);

/** An order with the time of its last change, and the time that its sender gave it. */
export interface FoundOrder {
  readonly order: Order;
  readonly updatedAt: string;
  readonly requestedAt: string | null;
}

/** A fact about an order, and the order's version when the fact was consumed: 0 when it came before the order. */
export interface OrderFactRow {
  readonly orderId: string;
  readonly position?: number;
  readonly atVersion: number;
  readonly message: Message;
}

export const orderFacts = table<OrderFactRow>(
  'order_fact',
  { orderId: 'text', position: 'sequence', atVersion: 'integer', message: 'message' },
  { key: ['orderId', 'position'], loadBy: 1, appendOnly: true },
);

export const tables = [orders, orderFacts];

export function needs(message: OrderInput): readonly Need[] {
  const values = [message.data.orderId];
  if (message.type !== 'PlaceOrder') return [{ table: orders, values }];
  return [
    { table: orders, values },
    { table: orderFacts, values },
  ];
}

export function load(rows: RowReader, message: OrderInput): OrderState {
  const { orderId } = message.data;
  const row = rows.one(orders, orderId);
  if (row !== undefined) {
    const { correlationId, updatedAt, requestedAt } = row;
    return { order: toOrder(row), early: [], correlationId, updatedAt, requestedAt };
  }
  const early = message.type === 'PlaceOrder' ? rows.many(orderFacts, orderId).map((row) => row.message as Fact) : [];
  return { order: null, early, correlationId: null, updatedAt: null, requestedAt: null };
}

export function save(
  { before, after, message, emitted }: Change<OrderState, OrderInput>,
  deadlines: Deadlines,
): readonly Write[] {
  const writes: Write[] = [];
  if (isFact(message)) {
    const row = { orderId: message.data.orderId, atVersion: before.order?.version ?? 0, message };
    writes.push({ table: orderFacts, row });
  }
  if (after.order !== null && after.order !== before.order) {
    const correlationId = before.order === null ? message.correlationid : before.correlationId;
    const dueAt = dueAtOf(after.order, emitted.at(-1)?.time ?? message.time, deadlines);
    const { updatedAt, requestedAt } = orderAfter(after.order, after, message, emitted);
    writes.push({ table: orders, row: toRow(after.order, { correlationId, updatedAt, dueAt, requestedAt }) });
  }
  return writes;
}

/**
 * The order as a message leaves it in `state`, with the events that were `emitted`. Its last change is no earlier than the one
 * before, than its placing and its dispatch, whatever the clock does. An order that was placed and no more was changed last when
 * it was placed, however long the commit took: what its client was told holds until the order changes.
 */
export function orderAfter(order: Order, state: OrderState, message: Message, emitted: readonly Message[]): FoundOrder {
  const isNew = state.updatedAt === null;
  const changedAt = order.version === 1 ? order.placedAt : (emitted.at(-1)?.time ?? message.time);
  return {
    order,
    updatedAt: laterOf(laterOf(laterOf(changedAt, state.updatedAt), order.placedAt), order.dispatchedAt),
    requestedAt: isNew ? (message.requestedat ?? null) : state.requestedAt,
  };
}

/**
 * When an order is rejected that has its status since `since`; null when it has an outcome. The time counts from when
 * the store accepted the order, not from `placedAt`: a command from a topic may have waited there.
 */
export function dueAtOf(order: Order, since: string, { deadlineMs, backorderDeadlineMs }: Deadlines): string | null {
  if (hasOutcome(order.status)) return null;
  const allowedMs = order.status === 'backordered' ? backorderDeadlineMs : deadlineMs;
  return new Date(Date.parse(since) + allowedMs).toISOString();
}

function toRow(order: Order, own: Pick<OrderRow, 'updatedAt' | 'correlationId' | 'dueAt' | 'requestedAt'>): OrderRow {
  const { orderId, customerId, status, reason, currency, lines, totalMinor, placedAt, dispatchedAt, version } = order;
  return {
    orderId,
    customerId,
    status,
    reasonCode: reason === null ? null : reason.code,
    reasonDetail: reason === null ? null : reason.detail,
    reasonProductIds: reason === null ? null : reason.productIds,
    currency,
    lines,
    totalMinor,
    placedAt,
    updatedAt: own.updatedAt,
    version,
    correlationId: own.correlationId,
    dispatchedAt,
    dueAt: own.dueAt,
    requestedAt: own.requestedAt,
  };
}

export function foundIn(row: OrderRow): FoundOrder {
  return { order: toOrder(row), updatedAt: row.updatedAt, requestedAt: row.requestedAt };
}

export function toOrder(row: OrderRow): Order {
  const { orderId, customerId, status, reasonCode, reasonDetail, reasonProductIds } = row;
  const { currency, lines, totalMinor, placedAt, dispatchedAt, version } = row;
  const reason =
    reasonCode === null
      ? null
      : { code: reasonCode, detail: reasonDetail ?? '', productIds: [...(reasonProductIds ?? [])] };
  return { orderId, customerId, status, reason, currency, lines, totalMinor, placedAt, dispatchedAt, version };
}
