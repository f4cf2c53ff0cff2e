import type { OrderStatus } from '../../saga/lifecycle.ts';
import type { PricedLine, Reason } from '../../saga/messages.ts';
import type { Message } from '../../shared/core/message.ts';
import { type Need, table, type Write } from '../../shared/ports/store.ts';
import type { Change, RowReader } from '../../shared/runtime/function.ts';
import type { Fact, Order, OrderInput, OrderState } from './state.ts';

/** `lines` never change and are always read with their order, so they are a column of it. */
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
    sequence: 'sequence',
  },
  { key: ['orderId'] },
);

/** What others said about an order, and the order's version when it was heard: 0 for what came before the order. */
export interface OrderFactRow {
  readonly orderId: string;
  readonly position?: number;
  readonly atVersion: number;
  readonly message: Message;
}

export const orderFacts = table<OrderFactRow>(
  'order_fact',
  { orderId: 'text', position: 'sequence', atVersion: 'integer', message: 'json' },
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
  if (row !== undefined) return { order: toOrder(row), early: [] };
  if (message.type !== 'PlaceOrder') return { order: null, early: [] };
  return { order: null, early: rows.many(orderFacts, orderId).map((row) => row.message as Fact) };
}

export function save({ before, after, message, emitted }: Change<OrderState, OrderInput>): readonly Write[] {
  const writes: Write[] = [];
  if (message.type !== 'PlaceOrder') {
    const row = { orderId: message.data.orderId, atVersion: before.order?.version ?? 0, message };
    writes.push({ table: orderFacts, row });
  }
  if (after.order !== null && after.order !== before.order) {
    writes.push({ table: orders, row: toRow(after.order, emitted.at(-1)?.time ?? message.time) });
  }
  return writes;
}

function toRow(order: Order, updatedAt: string): OrderRow {
  const { orderId, customerId, status, reason, currency, lines, totalMinor, placedAt, version } = order;
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
    updatedAt,
    version,
  };
}

export function toOrder(row: OrderRow): Order {
  const { orderId, customerId, status, reasonCode, reasonDetail, reasonProductIds } = row;
  const { currency, lines, totalMinor, placedAt, version } = row;
  const reason =
    reasonCode === null
      ? null
      : { code: reasonCode, detail: reasonDetail ?? '', productIds: [...(reasonProductIds ?? [])] };
  return { orderId, customerId, status, reason, currency, lines, totalMinor, placedAt, version };
}
