import type { Store } from '../../shared/ports/store.ts';
import type { Wait } from '../../shared/runtime/why/waits.ts';
import { placeInQueue } from './queue.ts';

/** The places of an order in the queues for short products. */
export async function backorderWaits(store: Store, orderId: string): Promise<readonly Wait[]> {
  const places = await placeInQueue(store, orderId);
  return places.map(({ productId, place, quantity }) => ({
    at: 'inventory',
    kind: 'backordered',
    detail: `${orderId} is at place ${place} in the queue for ${productId}, of which it asks for ${quantity}`,
    place,
  }));
}
