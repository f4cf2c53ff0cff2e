import { type DataOf, type Line, sumByProduct } from '../../saga/messages.ts';
import { assert, assertNever } from '../../shared/core/assert.ts';
import { refusal } from '../../shared/core/message.ts';
import {
  available,
  free,
  type Inventory,
  type InventoryEvent,
  type InventoryInput,
  type InventoryOutput,
  type StockLevel,
} from './state.ts';

/**
 * Inventory holds stock for an order, sells it when the order is confirmed, and releases it when the order is rejected
 * or cancelled. When all short products have the policy `wait`, the order waits until there is enough for all its
 * lines.
 *
 * Messages may overtake each other. A rejection or cancellation with nothing held publishes a release without lines:
 * the late order finds this tombstone and is refused. A confirmation that comes first holds and sells at once.
 */
export function decide(inventory: Inventory, message: InventoryInput): readonly InventoryOutput[] {
  switch (message.type) {
    case 'OrderPlaced':
      return reserve(inventory, message.data);
    case 'FillBackorder':
      return fill(inventory, message.data);
    case 'OrderConfirmed':
      return sell(inventory, message.data);
    case 'OrderRejected':
      return release(inventory, message.data.orderId);
    case 'OrderCancelled':
      return inventory.reservation.status === 'sold'
        ? [about('StockReturned', message.data.orderId, inventory.reservation.lines)]
        : release(inventory, message.data.orderId);
    case 'ReceiveStock':
      return [received(message.data)];
    case 'SeedStock':
      return inventory.stock.has(message.data.productId) ? [] : [received(message.data)];
    case 'SetStockPolicy':
      return setPolicy(inventory, message.data);
    default:
      return assertNever(message);
  }
}

function received(data: DataOf<'ReceiveStock'>): InventoryEvent {
  return { type: 'StockReceived', subject: data.productId, data };
}

function setPolicy({ stock }: Inventory, data: DataOf<'SetStockPolicy'>): readonly InventoryOutput[] {
  const { productId, whenShort } = data;
  const level = stock.get(productId);
  if (level === undefined) return [refusal(productId, 'product_unknown', `there is no product ${productId}`)];
  return level.whenShort === whenShort ? [] : [{ type: 'StockPolicySet', subject: productId, data }];
}

function reserve(inventory: Inventory, { orderId, lines: asked }: DataOf<'OrderPlaced'>): readonly InventoryEvent[] {
  const { status, lines: earlier } = inventory.reservation;
  const isTombstone = status === 'released' && earlier.length === 0;
  if (isTombstone) return [{ type: 'ReservationRefused', subject: orderId, data: { orderId } }];
  if (status !== 'none') return [];

  const lines = [...sumByProduct(asked)];
  const unknown = lines.filter(({ productId }) => !inventory.stock.has(productId)).map(({ productId }) => productId);
  if (unknown.length > 0) {
    return [rejected(orderId, 'unknown_product', `unknown: ${unknown.join(', ')}`, unknown)];
  }
  const short = shortages(inventory, lines, free);
  if (short.length === 0) return [about('StockReserved', orderId, lines)];

  const atFault = short.filter(({ productId }) => inventory.stock.get(productId)?.whenShort !== 'wait');
  if (atFault.length > 0) return [rejected(orderId, 'out_of_stock', sentenceOf(atFault), productsOf(atFault))];
  return [{ type: 'StockBackordered', subject: orderId, data: { orderId, lines, productIds: productsOf(short) } }];
}

/**
 * A waiting order takes units that no order before it waits for. `ahead` was read before this commit and can only be
 * too high: orders may have left the queue since, but new ones join at the end. When it is too high, the order waits
 * for the next scan, which the order that left has triggered.
 */
function fill(inventory: Inventory, { orderId, ahead }: DataOf<'FillBackorder'>): readonly InventoryEvent[] {
  const { status, lines } = inventory.reservation;
  if (status !== 'waiting') return [];
  const before = new Map(ahead.map(({ productId, quantity }) => [productId, quantity]));
  const short = shortages(inventory, lines, (level) => available(level) - (before.get(level.productId) ?? 0));
  return short.length > 0 ? [] : [about('StockReserved', orderId, lines)];
}

function sell(inventory: Inventory, { orderId, lines }: DataOf<'OrderConfirmed'>): readonly InventoryEvent[] {
  const { status, lines: held } = inventory.reservation;
  // All held lines, not those of the confirmation: after an operator has edited an order the two can differ, and the
  // rest would stay held.
  if (status === 'held') return [about('StockSold', orderId, held)];
  if (status !== 'none' && status !== 'waiting') return [];

  const short = shortages(inventory, lines, available);
  assert(short.length === 0, `order ${orderId} is confirmed and cannot be served: ${sentenceOf(short)}`);
  return [about('StockReserved', orderId, lines), about('StockSold', orderId, lines)];
}

/**
 * Releases what is held. A waiting order leaves its queues; an order that has not arrived yet will find a tombstone.
 */
function release({ reservation }: Inventory, orderId: string): readonly InventoryEvent[] {
  const { status, lines } = reservation;
  if (status === 'held') return [about('StockReleased', orderId, lines)];
  return status === 'waiting' || status === 'none' ? [about('StockReleased', orderId, [])] : [];
}

function about(
  type: 'StockReserved' | 'StockSold' | 'StockReleased' | 'StockReturned',
  orderId: string,
  lines: readonly Line[],
): InventoryEvent {
  return { type, subject: orderId, data: { orderId, lines: [...lines] } };
}

function rejected(
  orderId: string,
  code: 'unknown_product' | 'out_of_stock',
  detail: string,
  productIds: string[],
): InventoryEvent {
  return { type: 'StockRejected', subject: orderId, data: { orderId, reason: { code, detail, productIds } } };
}

interface Shortage extends Line {
  readonly left: number;
}

/** The lines that ask for more than is left, as `leftOf` counts it; of an unknown product nothing is left. */
function shortages(
  { stock }: Inventory,
  lines: readonly Line[],
  leftOf: (level: StockLevel) => number,
): readonly Shortage[] {
  return lines.flatMap(({ productId, quantity }) => {
    const level = stock.get(productId);
    const left = level === undefined ? 0 : leftOf(level);
    return left < quantity ? [{ productId, quantity, left }] : [];
  });
}

function sentenceOf(shortages: readonly Shortage[]): string {
  const parts = shortages.map(
    ({ productId, left, quantity }) => `${productId} has ${left} left and ${quantity} were asked for`,
  );
  return parts.join('; ');
}

function productsOf(shortages: readonly Shortage[]): string[] {
  return shortages.map(({ productId }) => productId);
}
