import type { Line } from '../../saga/messages.ts';
import type { Message } from '../../shared/core/message.ts';
import { type Need, table, type Write } from '../../shared/ports/store.ts';
import type { Change, RowReader } from '../../shared/runtime/function.ts';
import type { Inventory, InventoryEvent, InventoryInput, Reservation, ReservationStatus, StockLevel } from './state.ts';

export const stock = table<StockLevel>(
  'stock',
  {
    productId: 'text',
    name: 'text',
    received: 'integer',
    onHand: 'integer',
    reserved: 'integer',
    sold: 'integer',
    corrected: 'integer',
    movements: 'integer',
    whenShort: 'text',
    backordered: 'integer',
  },
  { key: ['productId'] },
);

export type MovementKind = 'received' | 'reserved' | 'released' | 'sold' | 'returned' | 'corrected';

/** A row of the ledger: what one message changed for one product. `movement` counts from 1 for each product. */
export interface MovementRow {
  readonly productId: string;
  readonly movement: number;
  readonly kind: MovementKind;
  /** Units; negative only where a correction takes units away. */
  readonly quantity: number;
  readonly orderId: string | null;
  /** Id of the message that caused the movement. */
  readonly causedBy: string;
  readonly at: string;
  /** Why the stock was corrected; null for other movements. */
  readonly reason: string | null;
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
    reason: 'text',
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

/** A delivery of goods or a correction, with the stock level right after it: the answer to a repeated report. */
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

/**
 * A place in the queue of a product, with the quantity that the order waits for. First come, first served. An order has
 * a place for each of its products, and keeps units from later orders at the places where it is short.
 */
export interface BackorderRow {
  /** Rises from row to row, over all products; the lines of one order are adjacent. */
  readonly place?: number;
  readonly productId: string;
  readonly orderId: string;
  readonly quantity: number;
  /** The saga of the order. */
  readonly correlationId: string;
  /** 1 where the order is short of the product: units are set aside for it. 0 where the order keeps nothing of it. */
  readonly isShort: number;
}

export const backorders = table<BackorderRow>(
  'backorder',
  {
    place: 'sequence',
    productId: 'text',
    orderId: 'text',
    quantity: 'integer',
    correlationId: 'text',
    isShort: 'integer',
  },
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
  if (row?.status === 'waiting') return { reservation: waiting(row, rows.many(backorders, orderId)), stock: levels };
  return { reservation: row ?? { status: 'none', lines: [] }, stock: levels };
}

function waiting({ status, lines }: ReservationRow, places: readonly BackorderRow[]): Reservation {
  const shortOf = places.filter(({ isShort }) => isShort === 1).map(({ productId }) => productId);
  return { status, lines, shortOf };
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
    const { kind, lines, reason } = moved;
    const orderId = kind === 'received' || kind === 'corrected' ? null : event.subject;
    for (const { productId, quantity } of lines) {
      const movement = (counts.get(productId) ?? before.stock.get(productId)?.movements ?? 0) + 1;
      counts.set(productId, movement);
      rows.push({ productId, movement, kind, quantity, orderId, causedBy: message.id, at: event.time, reason });
    }
  }
  return rows;
}

interface Moved {
  readonly kind: MovementKind;
  readonly lines: readonly Line[];
  readonly reason: string | null;
}

/** Null for an event that moves no unit. */
function movedBy({ type, data }: Message): Moved | null {
  const event = { type, data } as InventoryEvent;
  switch (event.type) {
    case 'StockReceived':
      return { kind: 'received', lines: [event.data], reason: null };
    case 'StockCorrected':
      return { kind: 'corrected', lines: [event.data], reason: event.data.reason };
    case 'StockReserved':
      return { kind: 'reserved', lines: event.data.lines, reason: null };
    case 'StockReleased':
      return { kind: 'released', lines: event.data.lines, reason: null };
    case 'StockSold':
      return { kind: 'sold', lines: event.data.lines, reason: null };
    case 'StockReturned':
      return { kind: 'returned', lines: event.data.lines, reason: null };
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
 * waiting. In between it keeps its places, and may be short at others than before.
 */
function queueWrites(before: Inventory, after: Inventory, message: InventoryInput): readonly Write[] {
  const isInQueue = before.reservation.status === 'waiting' || after.reservation.status === 'waiting';
  if (!isInQueue || !isAboutOrder(message)) return [];
  const earlier = placesOf(before, message);
  const now = placesOf(after, message);
  if (now.length === 0) return earlier.map((row) => ({ table: backorders, row, removed: true }));
  return now
    .filter(({ isShort }, index) => isShort !== earlier[index]?.isShort)
    .map((row) => ({ table: backorders, row }));
}

function placesOf({ reservation }: Inventory, message: OrderMessage): readonly BackorderRow[] {
  const { status, lines, shortOf = [] } = reservation;
  if (status !== 'waiting') return [];
  const { orderId } = message.data;
  return lines.map(({ productId, quantity }) => {
    const isShort = shortOf.includes(productId) ? 1 : 0;
    return { productId, orderId, quantity, correlationId: message.correlationid, isShort };
  });
}

function receiptWrites(after: Inventory, message: InventoryInput): readonly Write[] {
  if (message.type !== 'ReceiveStock' && message.type !== 'CorrectStock') return [];
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
