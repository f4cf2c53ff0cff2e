import { isFinal, type OrderStatus } from '../../saga/lifecycle.ts';
import type { Reason } from '../../saga/messages.ts';
import type { Message } from '../../shared/core/message.ts';
import { type Need, table, type Write } from '../../shared/ports/store.ts';
import type { Change, RowReader } from '../../shared/runtime/function.ts';
import type { Fact, Order, OrderInput, OrderState } from './state.ts';

export interface OrderRow {
  readonly orderId: string;
  readonly customerId: string;
  readonly status: OrderStatus;
  readonly reasonCode: Reason['code'] | null;
  readonly reasonDetail: string | null;
  readonly reasonProductIds: readonly string[] | null;
  readonly currency: string;
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
    totalMinor: 'integer',
    placedAt: 'text',
    updatedAt: 'text',
    version: 'integer',
    sequence: 'sequence',
  },
  { key: ['orderId'] },
);

export interface OrderLineRow {
  readonly orderId: string;
  readonly line: number;
  readonly productId: string;
  readonly quantity: number;
  readonly priceMinor: number;
}

export const orderLines = table<OrderLineRow>(
  'order_line',
  { orderId: 'text', line: 'integer', productId: 'text', quantity: 'integer', priceMinor: 'integer' },
  { key: ['orderId', 'line'], loadBy: 1, appendOnly: false },
);

/** Every message about an order, received and sent, also those that came before the order itself. */
export interface OrderEventRow {
  readonly orderId: string;
  readonly position?: number;
  readonly message: Message;
}

export const orderEvents = table<OrderEventRow>(
  'order_event',
  { orderId: 'text', position: 'sequence', message: 'json' },
  { key: ['orderId', 'position'], loadBy: 1, appendOnly: true },
);

export const tables = [orders, orderLines, orderEvents];

export function needs(message: OrderInput): readonly Need[] {
  const values = [message.data.orderId];
  const about = [
    { table: orders, values },
    { table: orderLines, values },
  ];
  return message.type === 'PlaceOrder' ? [...about, { table: orderEvents, values }] : about;
}

export function load(rows: RowReader, message: OrderInput): OrderState {
  const { orderId } = message.data;
  const row = rows.one(orders, orderId);
  if (row !== undefined) return { order: toOrder(row, rows.many(orderLines, orderId)), early: [] };
  if (message.type !== 'PlaceOrder') return { order: null, early: [] };
  return { order: null, early: rows.many(orderEvents, orderId).map((event) => event.message as Fact) };
}

export function save({ before, after, message, emitted }: Change<OrderState, OrderInput>): readonly Write[] {
  const { orderId } = message.data;
  if (message.type === 'PlaceOrder' && before.order !== null) return [];

  const writes: Write[] = [message, ...emitted].map((event) => ({
    table: orderEvents,
    row: { orderId, message: event },
  }));
  if (after.order !== null && after.order !== before.order) {
    writes.push({ table: orders, row: toRow(after.order, emitted.at(-1)?.time ?? message.time) });
  }
  if (after.order !== null && before.order === null) {
    for (const [line, priced] of after.order.lines.entries()) {
      writes.push({ table: orderLines, row: { orderId, line, ...priced } });
    }
  }
  return writes;
}

function toRow(order: Order, updatedAt: string): OrderRow {
  const { lines: _lines, reason, ...rest } = order;
  return {
    ...rest,
    reasonCode: reason?.code ?? null,
    reasonDetail: reason?.detail ?? null,
    reasonProductIds: reason?.productIds ?? null,
    updatedAt,
  };
}

/** The order of a row and its lines. */
export function toOrder(row: OrderRow, lines: readonly OrderLineRow[]): Order {
  const {
    orderId,
    customerId,
    status,
    reasonCode,
    reasonDetail,
    reasonProductIds,
    currency,
    totalMinor,
    placedAt,
    version,
  } = row;
  const reason =
    reasonCode === null
      ? null
      : { code: reasonCode, detail: reasonDetail ?? '', productIds: [...(reasonProductIds ?? [])] };
  return {
    orderId,
    customerId,
    status,
    reason,
    currency,
    lines: lines.map(({ productId, quantity, priceMinor }) => ({ productId, quantity, priceMinor })),
    totalMinor,
    placedAt,
    version,
  };
}
