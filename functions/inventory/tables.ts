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
  },
  { key: ['productId'] },
);

export type MovementKind = 'received' | 'reserved' | 'released' | 'sold' | 'returned' | 'corrected';

/** A line of the ledger: what one message did to one product. `movement` counts from 1 for each product. */
export interface MovementRow {
  readonly productId: string;
  readonly movement: number;
  readonly kind: MovementKind;
  readonly quantity: number;
  readonly orderId: string | null;
  /** Id of the message that asked for it. */
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

/** What is or was held for an order; the lines of a reservation never change, so they are a column of it. */
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

/** A delivery of goods, with the books as they were right after it: the answer to whoever reports it again. */
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

export const tables = [stock, movements, reservations, receipts];

export function needs(message: InventoryInput): readonly Need[] {
  if (!isAboutOrder(message)) return [{ table: stock, values: [message.data.productId] }];
  const order = [message.data.orderId];
  return [
    { table: reservations, values: order },
    ...productsOf(message).map((productId) => ({ table: stock, values: [productId] })),
  ];
}

export function load(rows: RowReader, message: InventoryInput): Inventory {
  const products = productsOf(message).flatMap((productId) => rows.one(stock, productId) ?? []);
  const levels = new Map(products.map((level) => [level.productId, level]));
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
  return [...writes, ...reservationWrites(before, after, message, emitted), ...receiptWrites(after, message)];
}

function movementsOf(before: Inventory, message: InventoryInput, emitted: readonly Message[]): readonly MovementRow[] {
  const counts = new Map([...before.stock].map(([productId, level]) => [productId, level.movements]));
  return emitted.flatMap((event) => {
    const { kind, lines } = movedBy(event);
    const orderId = kind === 'received' ? null : event.subject;
    return lines.map(({ productId, quantity }) => {
      const movement = (counts.get(productId) ?? 0) + 1;
      counts.set(productId, movement);
      return { productId, movement, kind, quantity, orderId, causedBy: message.id, at: event.time };
    });
  });
}

function movedBy({ type, data }: Message): { readonly kind: MovementKind; readonly lines: readonly Line[] } {
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
    case 'StockRejected':
      return { kind: 'released', lines: [] };
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

type OrderMessage = Exclude<InventoryInput, { type: 'ReceiveStock' | 'SeedStock' }>;

function isAboutOrder(message: InventoryInput): message is OrderMessage {
  return message.type !== 'ReceiveStock' && message.type !== 'SeedStock';
}
