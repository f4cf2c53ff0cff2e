import type { Store } from '../../shared/ports/store.ts';
import { type BackorderRow, backorders } from './tables.ts';

/** Rows read at once. */
const PAGE = 1_000;

/** The place of an order in the queue of one product. */
export interface QueuePlace {
  readonly productId: string;
  /** From 1, which is served next. */
  readonly place: number;
  readonly quantity: number;
}

/** The place of an order in each of its queues; empty for an order that does not wait. */
export async function placeInQueue(store: Store, orderId: string): Promise<readonly QueuePlace[]> {
  const rows = await store.find({ table: backorders, where: { orderId }, orderBy: ['place'], limit: PAGE });
  return Promise.all(
    rows.map(async ({ productId, quantity, place = 0 }) => ({
      productId,
      place: await countUpTo(store, productId, place),
      quantity,
    })),
  );
}

/** A page of the queue of a product, from behind the row `after`, plus one more row when there is one. */
export async function readQueue(
  store: Store,
  productId: string,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<readonly (BackorderRow & { readonly inQueue: number })[]> {
  const rows = await store.find({
    table: backorders,
    where: { productId },
    orderBy: ['place'],
    after: [after],
    limit: limit + 1,
  });
  const before = after === 0 ? 0 : await countUpTo(store, productId, after);
  return rows.map((row, index) => ({ ...row, inQueue: before + index + 1 }));
}

/** How many orders wait for a product up to `place`, inclusive. */
async function countUpTo(store: Store, productId: string, place: number): Promise<number> {
  let count = 0;
  let after = 0;
  while (true) {
    const rows = await store.find({
      table: backorders,
      where: { productId },
      atMost: { place },
      orderBy: ['place'],
      after: [after],
      limit: PAGE,
    });
    count += rows.length;
    if (rows.length < PAGE) return count;
    after = rows.at(-1)?.place ?? place;
  }
}
