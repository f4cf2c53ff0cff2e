import type { Store } from '../../shared/ports/store.ts';
import { type StockLevel, unreserved } from './state.ts';
import { type BackorderRow, backorders, stock } from './tables.ts';

/** Rows read at once. */
const PAGE = 1_000;

/** An order in the queue of one product. */
export interface QueuePlace {
  readonly orderId: string;
  readonly productId: string;
  /** From 1, which is served next. */
  readonly place: number;
  readonly quantity: number;
  /** Whether the order is short of the product, as of the last scan: only then are units set aside for it. */
  readonly short: boolean;
  /** Units on hand that the order could have now: those that no order holds and no order before it keeps. */
  readonly left: number;
  /** Units on hand that later orders leave to this one. */
  readonly setAside: number;
  /** Its row, to read on behind it. */
  readonly row: number;
}

/** The place of an order in each of its queues; empty for an order that does not wait. */
export async function placesOf(store: Store, orderId: string): Promise<readonly QueuePlace[]> {
  const rows = await store.find({ table: backorders, where: { orderId }, orderBy: ['place'], limit: PAGE });
  const places = await Promise.all(
    rows.map(async (row) => {
      const { productId, place = 0 } = row;
      const [level] = await store.find({ table: stock, where: { productId }, limit: 1 });
      return level === undefined ? [] : placesAt(level, [row], await before(store, productId, place));
    }),
  );
  return places.flat();
}

/** A page of the queue of a product, from behind the row `after`, plus one more place when there is one. */
export async function readQueue(
  store: Store,
  level: StockLevel,
  { after, limit }: { readonly after: number; readonly limit: number },
): Promise<readonly QueuePlace[]> {
  const { productId } = level;
  const rows = await store.find({
    table: backorders,
    where: { productId },
    orderBy: ['place'],
    after: [after],
    limit: limit + 1,
  });
  return placesAt(level, rows, after === 0 ? FRONT : await before(store, productId, after + 1));
}

/** The part of a queue before a place: its orders, and the units that they keep from later ones. */
interface Ahead {
  readonly orders: number;
  readonly units: number;
}

const FRONT: Ahead = { orders: 0, units: 0 };

/** The places of adjacent rows of one queue. */
function placesAt(level: StockLevel, rows: readonly BackorderRow[], ahead: Ahead): readonly QueuePlace[] {
  let { orders, units } = ahead;
  return rows.map(({ orderId, productId, quantity, isShort, place: row = 0 }) => {
    const short = isShort === 1;
    const left = Math.max(0, unreserved(level) - units);
    orders += 1;
    if (short) units += quantity;
    return {
      orderId,
      productId,
      place: orders,
      quantity,
      short,
      left,
      setAside: short ? Math.min(left, quantity) : 0,
      row,
    };
  });
}

/** What is in the queue of a product before the row `place`. */
async function before(store: Store, productId: string, place: number): Promise<Ahead> {
  let { orders, units } = FRONT;
  let after = 0;
  while (true) {
    const rows = await store.find({
      table: backorders,
      where: { productId },
      atMost: { place: place - 1 },
      orderBy: ['place'],
      after: [after],
      limit: PAGE,
    });
    orders += rows.length;
    for (const { quantity, isShort } of rows) if (isShort === 1) units += quantity;
    if (rows.length < PAGE) return { orders, units };
    after = rows.at(-1)?.place ?? place;
  }
}
