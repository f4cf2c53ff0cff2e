import { type DataOf, type Line, type Reason, sumByProduct } from '../../saga/messages.ts';
import { assert, assertNever } from '../../shared/core/assert.ts';
import { available, type Inventory, type InventoryEvent, type InventoryInput } from './state.ts';

/**
 * Inventory holds stock for an order, sells it when the order is confirmed, and gives it back when it is rejected.
 *
 * Messages may overtake each other. A rejection with nothing held releases nothing and says so: the late order then finds
 * a released reservation and holds nothing. A confirmation that comes first holds and sells at once.
 */
export function decide(inventory: Inventory, message: InventoryInput): readonly InventoryEvent[] {
  switch (message.type) {
    case 'OrderPlaced':
      return reserve(inventory, message.data);
    case 'OrderConfirmed':
      return sell(inventory, message.data);
    case 'OrderRejected':
      return release(inventory, message.data.orderId);
    case 'ReceiveStock':
      return [received(message.data)];
    case 'SeedStock':
      return inventory.stock.has(message.data.productId) ? [] : [received(message.data)];
    default:
      return assertNever(message);
  }
}

function received(data: DataOf<'ReceiveStock'>): InventoryEvent {
  return { type: 'StockReceived', subject: data.productId, data };
}

function reserve(inventory: Inventory, { orderId, lines: asked }: DataOf<'OrderPlaced'>): readonly InventoryEvent[] {
  if (inventory.reservation.status !== 'none') return [];

  const lines = [...sumByProduct(asked)];
  const reason = shortage(inventory, lines);
  return reason === null
    ? [{ type: 'StockReserved', subject: orderId, data: { orderId, lines } }]
    : [{ type: 'StockRejected', subject: orderId, data: { orderId, reason } }];
}

function sell(inventory: Inventory, { orderId, lines }: DataOf<'OrderConfirmed'>): readonly InventoryEvent[] {
  const sold: InventoryEvent = { type: 'StockSold', subject: orderId, data: { orderId, lines } };
  if (inventory.reservation.status === 'held') return [sold];
  if (inventory.reservation.status !== 'none') return [];

  const reason = shortage(inventory, lines);
  assert(reason === null, `order ${orderId} is confirmed and cannot be served: ${reason?.detail}`);
  return [{ type: 'StockReserved', subject: orderId, data: { orderId, lines } }, sold];
}

function release({ reservation }: Inventory, orderId: string): readonly InventoryEvent[] {
  if (reservation.status !== 'held' && reservation.status !== 'none') return [];
  return [{ type: 'StockReleased', subject: orderId, data: { orderId, lines: [...reservation.lines] } }];
}

/** Why these lines cannot be held, naming every product at fault; null when they can. Unknown goes before short. */
function shortage({ stock }: Inventory, lines: readonly Line[]): Reason | null {
  const unknown = lines.filter(({ productId }) => !stock.has(productId)).map(({ productId }) => productId);
  if (unknown.length > 0) {
    return { code: 'unknown_product', detail: `unknown: ${unknown.join(', ')}`, productIds: unknown };
  }
  const short = lines.flatMap(({ productId, quantity }) => {
    const level = stock.get(productId);
    const left = level === undefined ? 0 : available(level);
    return left < quantity ? [{ productId, left, quantity }] : [];
  });
  if (short.length === 0) return null;
  const detail = short.map(
    ({ productId, left, quantity }) => `${productId} has ${left} left and ${quantity} were asked for`,
  );
  return { code: 'out_of_stock', detail: detail.join('; '), productIds: short.map(({ productId }) => productId) };
}
