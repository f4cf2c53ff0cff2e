import type { Line } from '../../saga/messages.ts';
import type { Message } from '../../shared/core/message.ts';
import { type Need, table, type Write } from '../../shared/ports/store.ts';
import type { Change, RowReader } from '../../shared/runtime/function.ts';
import type { Inventory, InventoryEvent, InventoryInput, ReservationStatus, StockLevel } from './state.ts';

export const stock = table<StockLevel>(
  'stock',
  {
    productId: 'text',
    name: 'text',
    received: 'integer',
    onHand: 'integer',
    reserved: 'integer',
    sold: 'integer',
    movements: 'integer',
    whenShort: 'text',
    backordered: 'integer',
  },
  { key: ['productId'] },
);

export type MovementKind = 'received' | 'reserved' | 'released' | 'sold' | 'returned';

/** A row of the ledger: what one message changed for one product. `movement` counts from 1 for each product. */
export interface MovementRow {
  readonly productId: string;
  readonly movement: number;
  readonly kind: MovementKind;
  readonly quantity: number;
  readonly orderId: string | null;
  /** Id of the message that caused the movement. */
  readonly causedBy: string;
  readonly at: string;
}

export const movements = table<MovementRow>(
  'stock_movement',
  {
    productId: 'text',
    movement: 'integer',
    kind: 'text',
    quantity: 'integer',
    orderId: 'text',
    causedBy: 'text',
    at: 'text',
  },
  { key: ['productId', 'movement'], appendOnly: true },
);

/** What is or was held or waited for, for an order. The lines of a reservation never change, so they are a column. */
export interface ReservationRow {
  readonly orderId: string;
  readonly status: Exclude<ReservationStatus, 'none'>;
  readonly lines: readonly Line[];
  readonly updatedAt: string;
}

export const reservations = table<ReservationRow>(
  'reservation',
  { orderId: 'text', status: 'text', lines: 'json', updatedAt: 'text' },
  { key: ['orderId'] },
);

/** A delivery of goods, with the stock level right after it: the answer to a repeated report. */
export interface ReceiptRow {
  readonly messageId: string;
  readonly productId: string;
  readonly quantity: number;
  readonly level: StockLevel;
  readonly at: string;
}

export const receipts = table<ReceiptRow>(
  'receipt',
  { messageId: 'text', productId: 'text', quantity: 'integer', level: 'json', at: 'text' },
  { key: ['messageId'], appendOnly: true },
);

/** A place in the queue of a product, with the quantity that the order waits for. First come, first served. */
export interface BackorderRow {
  /** Rises from row to row, over all products; the lines of one order are adjacent. */
  readonly place?: number;
  readonly productId: string;
  readonly orderId: string;
  readonly quantity: number;
  /** The saga of the order. */
  readonly correlationId: string;
}

export const backorders = table<BackorderRow>(
  'backorder',
  { place: 'sequence', productId: 'text', orderId: 'text', quantity: 'integer', correlationId: 'text' },
  { key: ['orderId', 'productId'], loadBy: 1, sparse: true },
);

export const tables = [stock, movements, reservations, receipts, backorders];

export function needs(message: InventoryInput): readonly Need[] {
  if (!isAboutOrder(message)) return [{ table: stock, values: [message.data.productId] }];
  const order = [message.data.orderId];
  return [
    { table: reservations, values: order },
    { table: backorders, values: order },
    ...productsOf(message).map((productId) => ({ table: stock, values: [productId] })),
  ];
}

export function load(rows: RowReader, message: InventoryInput): Inventory {
  const levels = new Map<string, StockLevel>();
  for (const productId of productsOf(message)) {
    const level = rows.one(stock, productId);
    if (level !== undefined) levels.set(productId, level);
  }
  if (!isAboutOrder(message)) return { reservation: { status: 'none', lines: [] }, stock: levels };

  const { orderId } = message.data;
  const row = rows.one(reservations, orderId);
  return { reservation: row ?? { status: 'none', lines: [] }, stock: levels };
}

export function save({ before, after, message, emitted }: Change<Inventory, InventoryInput>): readonly Write[] {
  const writes: Write[] = movementsOf(before, message, emitted).map((row) => ({ table: movements, row }));
  for (const [productId, level] of after.stock) {
    if (level !== before.stock.get(productId)) writes.push({ table: stock, row: level });
  }
  return [
    ...writes,
    ...reservationWrites(before, after, message, emitted),
    ...queueWrites(before, after, message),
    ...receiptWrites(after, message),
  ];
}

function movementsOf(before: Inventory, message: InventoryInput, emitted: readonly Message[]): readonly MovementRow[] {
  const rows: MovementRow[] = [];
  const counts = new Map<string, number>();
  for (const event of emitted) {
    const moved = movedBy(event);
    if (moved === null) continue;
    const { kind, lines } = moved;
    const orderId = kind === 'received' ? null : event.subject;
    for (const { productId, quantity } of lines) {
      const movement = (counts.get(productId) ?? before.stock.get(productId)?.movements ?? 0) + 1;
      counts.set(productId, movement);
      rows.push({ productId, movement, kind, quantity, orderId, causedBy: message.id, at: event.time });
    }
  }
  return rows;
}

interface Moved {
  readonly kind: MovementKind;
  readonly lines: readonly Line[];
}

/** Null for an event that moves no unit. */
function movedBy({ type, data }: Message): Moved | null {
  const event = { type, data } as InventoryEvent;
  switch (event.type) {
    case 'StockReceived':
      return { kind: 'received', lines: [event.data] };
    case 'StockReserved':
      return { kind: 'reserved', lines: event.data.lines };
    case 'StockReleased':
      return { kind: 'released', lines: event.data.lines };
    case 'StockSold':
      return { kind: 'sold', lines: event.data.lines };
    case 'StockReturned':
      return { kind: 'returned', lines: event.data.lines };
    case 'StockBackordered':
    case 'StockRejected':
    case 'ReservationRefused':
    case 'StockPolicySet':
      return null;
  }
}

function reservationWrites(
  before: Inventory,
  after: Inventory,
  message: InventoryInput,
  emitted: readonly Message[],
): readonly Write[] {
  if (!isAboutOrder(message) || after.reservation === before.reservation) return [];
  const { orderId } = message.data;
  const updatedAt = emitted.at(-1)?.time ?? message.time;
  const { status, lines } = after.reservation;
  return [{ table: reservations, row: { orderId, status, lines, updatedAt } }];
}

/**
 * An order that starts to wait takes a place in the queue of each of its products, and leaves them when it stops
 * waiting.
 */
function queueWrites(before: Inventory, after: Inventory, message: InventoryInput): readonly Write[] {
  const isWaiting = after.reservation.status === 'waiting';
  if (!isAboutOrder(message) || isWaiting === (before.reservation.status === 'waiting')) return [];
  const { orderId } = message.data;
  const { lines } = isWaiting ? after.reservation : before.reservation;
  return lines.map(({ productId, quantity }) => {
    const row = { productId, orderId, quantity, correlationId: message.correlationid };
    return isWaiting ? { table: backorders, row } : { table: backorders, row, removed: true };
  });
}

function receiptWrites(after: Inventory, message: InventoryInput): readonly Write[] {
  if (message.type !== 'ReceiveStock') return [];
  const { productId, quantity } = message.data;
  const level = after.stock.get(productId);
  return [{ table: receipts, row: { messageId: message.id, productId, quantity, level, at: message.time } }];
}

function productsOf(message: InventoryInput): readonly string[] {
  if (!isAboutOrder(message)) return [message.data.productId];
  return [...new Set(message.data.lines.map(({ productId }) => productId))];
}

type OrderMessage = Extract<InventoryInput, { data: { orderId: string } }>;

function isAboutOrder(message: InventoryInput): message is OrderMessage {
  return 'orderId' in message.data;
}
