import type { Store } from '../../shared/ports/store.ts';
import type { Wait } from '../../shared/runtime/why/wait.ts';
import { placesOf, type QueuePlace, readQueue } from './queue.ts';
import { available, type StockLevel, setAside } from './state.ts';

/** Orders that an answer about a product names. */
const ORDERS_MAX = 100;

/** The products that an order is short of, its place in the queue of each, and what is set aside for it. */
export async function backorderWaits(store: Store, orderId: string): Promise<readonly Wait[]> {
  const places = await placesOf(store, orderId);
  // An order that is not marked as short may have become so since, by orders that took what it does not keep.
  return places.filter(({ short, left, quantity }) => short || left < quantity).map(waitAt);
}

/** Where the units of a product are, in a sentence, and for which orders some are set aside or missing. */
export async function explainStock(
  store: Store,
  level: StockLevel,
): Promise<{ readonly summary: string; readonly waits: Wait[] }> {
  const { productId, onHand, reserved, backordered } = level;
  const waiting = backordered === 0 ? 'no order is short of it' : `orders are short of it and ask for ${backordered}`;
  const parts = [
    `${reserved} reserved`,
    `${setAside(level)} set aside for orders that wait`,
    `${available(level)} available`,
  ];
  const places = await readQueue(store, level, { after: 0, limit: ORDERS_MAX - 1 });
  return {
    summary: `${productId} has ${onHand} on hand: ${parts.join(', ')}; ${waiting}`,
    waits: places.filter(({ short }) => short).map(waitAt),
  };
}

function waitAt({ orderId, productId, place, quantity, setAside }: QueuePlace): Wait {
  const asks = `${orderId} is at place ${place} in the queue for ${productId}, of which it asks for ${quantity}`;
  return { at: 'inventory', kind: 'backordered', detail: `${asks} and ${setAside} are set aside for it`, place };
}
