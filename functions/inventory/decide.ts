import { type DataOf, type End, type Line, sumByProduct } from '../../saga/messages.ts';
import { assert, assertNever } from '../../shared/core/assert.ts';
import { TerminalError } from '../../shared/core/errors.ts';
import { refusal } from '../../shared/core/message.ts';
import {
  available,
  type Inventory,
  type InventoryEvent,
  type InventoryInput,
  type InventoryOutput,
  type StockLevel,
  unreserved,
} from './state.ts';

/**
 * Inventory holds stock for an order, sells it when the order is confirmed, and releases it when the order is rejected
 * or cancelled. When all short products have the policy `wait`, the order waits until there is enough for all its
 * lines; meanwhile it keeps from others only units of the products that it is short of.
 *
 * Messages may overtake each other. A rejection or cancellation with nothing held publishes a release without lines:
 * the late order finds this tombstone and is refused. A confirmation that comes first holds and sells at once.
 *
 * After a restore from an older copy, inventory decides again what it has forgotten, perhaps in another way. Order has the
 * last word: what it confirmed is sold where there is stock, and what it ended is given back. A confirmation without stock
 * is dead-lettered at once, before another order takes what arrives.
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
      return giveBack(inventory, message.data.orderId, { end: 'rejected', reason: message.data.reason });
    case 'OrderCancelled':
      return giveBack(inventory, message.data.orderId, { end: 'cancelled', reason: message.data.reason });
    case 'ReceiveStock':
      return [received(message.data)];
    case 'SeedStock':
      return inventory.stock.has(message.data.productId) ? [] : [received(message.data)];
    case 'CorrectStock':
      return correct(inventory, message.data);
    case 'SetStockPolicy':
      return setPolicy(inventory, message.data);
    default:
      return assertNever(message);
  }
}

function received(data: DataOf<'ReceiveStock'>): InventoryEvent {
  return { type: 'StockReceived', subject: data.productId, data };
}

/**
 * Goods that are missing were available, or set aside for orders that go on waiting. What orders hold cannot be missing: to
 * take it away, cancel an order first.
 */
function correct({ stock }: Inventory, data: DataOf<'CorrectStock'>): readonly InventoryOutput[] {
  const { productId, quantity } = data;
  const level = stock.get(productId);
  if (level === undefined) return [unknownProduct(productId)];
  if (unreserved(level) + quantity < 0) {
    const figures = `${productId} has ${level.onHand} on hand, of which ${level.reserved} are reserved`;
    const most = `at most ${unreserved(level)} can be taken away, and the correction takes ${-quantity}`;
    return [refusal(productId, 'stock_short', `${figures}: ${most}`)];
  }
  return [{ type: 'StockCorrected', subject: productId, data }];
}

function unknownProduct(productId: string): InventoryOutput {
  return refusal(productId, 'product_unknown', `there is no product ${productId}`);
}

function setPolicy({ stock }: Inventory, data: DataOf<'SetStockPolicy'>): readonly InventoryOutput[] {
  const { productId, whenShort } = data;
  const level = stock.get(productId);
  if (level === undefined) return [unknownProduct(productId)];
  return level.whenShort === whenShort ? [] : [{ type: 'StockPolicySet', subject: productId, data }];
}

function reserve(inventory: Inventory, { orderId, lines: asked }: DataOf<'OrderPlaced'>): readonly InventoryEvent[] {
  const { status, lines: earlier } = inventory.reservation;
  const isTombstone = status === 'released' && earlier.length === 0;
  if (isTombstone) return [{ type: 'ReservationRefused', subject: orderId, data: { orderId } }];
  const lines = [...sumByProduct(asked)];
  if (status !== 'none') {
    assertSameLines(inventory, orderId, lines);
    return [];
  }
  const unknown = lines.filter(({ productId }) => !inventory.stock.has(productId)).map(({ productId }) => productId);
  if (unknown.length > 0) {
    return [rejected(orderId, 'unknown_product', `unknown: ${unknown.join(', ')}`, unknown)];
  }
  const short = shortages(inventory, lines, available);
  if (short.length === 0) return [about('StockReserved', orderId, lines)];

  const atFault = short.filter(({ productId }) => inventory.stock.get(productId)?.whenShort !== 'wait');
  if (atFault.length > 0) return [rejected(orderId, 'out_of_stock', sentenceOf(atFault), productsOf(atFault))];
  return [backordered(orderId, lines, productsOf(short))];
}

/**
 * A waiting order takes units that are not set aside for an order before it. While it lacks any, it holds nothing, and
 * units are set aside for it only of the products that it is short of now.
 *
 * `ahead` was read before this commit and can only be too high: orders may have left the queue since, but new ones join
 * at the end. When it is too high, the next scan corrects what follows from it; the order that left has triggered it.
 */
function fill(inventory: Inventory, { orderId, ahead }: DataOf<'FillBackorder'>): readonly InventoryEvent[] {
  const { status, lines, shortOf = [] } = inventory.reservation;
  if (status !== 'waiting') return [];
  const isLoaded = lines.every(({ productId }) => inventory.stock.has(productId));
  assert(isLoaded, `FillBackorder of ${orderId} names other products than the order waits for`);
  const before = new Map(ahead.map(({ productId, quantity }) => [productId, quantity]));
  const short = shortages(inventory, lines, (level) => unreserved(level) - (before.get(level.productId) ?? 0));
  if (short.length === 0) return [about('StockReserved', orderId, lines)];
  const productIds = productsOf(short);
  return isSameSet(productIds, shortOf) ? [] : [backordered(orderId, lines, productIds)];
}

function sell(inventory: Inventory, { orderId, lines }: DataOf<'OrderConfirmed'>): readonly InventoryEvent[] {
  const { status, lines: held } = inventory.reservation;
  // All held lines, not those of the confirmation: after an operator has edited an order the two can differ, and the
  // rest would stay held.
  if (status === 'held') return [about('StockSold', orderId, held)];
  if (status !== 'none' && status !== 'waiting' && status !== 'rejected') return [];

  const short = shortages(inventory, lines, unreserved);
  if (short.length > 0) {
    throw new TerminalError(`order ${orderId} is confirmed and its goods are not there: ${sentenceOf(short)}`);
  }
  return [about('StockReserved', orderId, lines), about('StockSold', orderId, lines)];
}

/** @throws {TerminalError} when stock is held, sold or waited for under this id, and for something else */
function assertSameLines({ reservation }: Inventory, orderId: string, lines: readonly Line[]): void {
  const { status, lines: known } = reservation;
  if (status !== 'held' && status !== 'waiting' && status !== 'sold') return;
  const quantities = new Map(known.map(({ productId, quantity }) => [productId, quantity]));
  const isSame =
    known.length === lines.length && lines.every((line) => quantities.get(line.productId) === line.quantity);
  if (isSame) return;
  throw new TerminalError(
    `order ${orderId} asks for ${listOf(lines)}, and stock is ${status} for an order of this id: ${listOf(known)}`,
  );
}

function listOf(lines: readonly Line[]): string {
  return lines.map(({ productId, quantity }) => `${quantity} of ${productId}`).join(', ');
}

/**
 * Releases what is held and takes back what is sold. A waiting order leaves its queues. An order that has not arrived yet will
 * find a tombstone; so will a confirmation that comes after a cancellation.
 */
function giveBack({ reservation }: Inventory, orderId: string, because: End): readonly InventoryEvent[] {
  const { status, lines } = reservation;
  const given = (type: 'StockReleased' | 'StockReturned', back: readonly Line[]): InventoryEvent => {
    return { type, subject: orderId, data: { orderId, lines: [...back], because } };
  };
  switch (status) {
    case 'sold':
      return [given('StockReturned', lines)];
    case 'held':
      return [given('StockReleased', lines)];
    case 'waiting':
    case 'none':
      return [given('StockReleased', [])];
    case 'rejected':
      return because.end === 'cancelled' ? [given('StockReleased', [])] : [];
    default:
      return [];
  }
}

function about(type: 'StockReserved' | 'StockSold', orderId: string, lines: readonly Line[]): InventoryEvent {
  return { type, subject: orderId, data: { orderId, lines: [...lines] } };
}

/** The order waits for all its lines, and is short of these products. */
function backordered(orderId: string, lines: readonly Line[], productIds: readonly string[]): InventoryEvent {
  const data = { orderId, lines: [...lines], productIds: [...productIds] };
  return { type: 'StockBackordered', subject: orderId, data };
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

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((each) => others.includes(each));
}
