/** What clients were told, when, and which of it a store no longer knows. */
import type { OrderBody } from '../../functions/order/representation.ts';
import { get, type StockBody } from '../scenarios/client.ts';

/** A promise that the store made to a client; `atNs` is when the answer arrived, by `process.hrtime.bigint()`. */
export type Acknowledged = { readonly atNs: bigint } & (
  | {
      readonly kind: 'order';
      readonly orderId: string;
      readonly product: string;
      readonly quantity: number;
      readonly status: string;
    }
  | { readonly kind: 'cancel' | 'dispatch'; readonly orderId: string }
  /** The only delivery of this product. */
  | { readonly kind: 'receipt'; readonly productId: string; readonly quantity: number }
  /** An order that was appended to a public topic. */
  | { readonly kind: 'topic'; readonly orderId: string }
);

/** Statuses that an order keeps, unless it is cancelled. */
const OUTCOMES: readonly string[] = ['confirmed', 'rejected', 'cancelled'];

/** A sentence for each promise that the store has broken. It has to be settled. */
export async function brokenPromises(gateway: string, promises: readonly Acknowledged[]): Promise<readonly string[]> {
  const orders = new Map((await all<OrderBody>(gateway, '/orders', 'orders')).map((order) => [order.orderId, order]));
  const stock = new Map((await all<StockBody>(gateway, '/stock', 'stock')).map((level) => [level.productId, level]));
  return promises.flatMap((promise) => {
    if (promise.kind === 'receipt') return brokenReceipt(promise, stock.get(promise.productId));
    return brokenOrder(promise, orders.get(promise.orderId));
  });
}

function brokenReceipt(
  { productId, quantity }: Extract<Acknowledged, { kind: 'receipt' }>,
  level: StockBody | undefined,
): readonly string[] {
  const received = level?.received ?? 0;
  if (received === quantity) return [];
  return [`the receipt of ${quantity} ${productId} was acknowledged, and ${received} are received`];
}

function brokenOrder(
  promise: Exclude<Acknowledged, { kind: 'receipt' }>,
  order: OrderBody | undefined,
): readonly string[] {
  const was = `${promise.kind} of ${promise.orderId} was acknowledged`;
  if (order === undefined) return [`${was}, and the order is not there`];
  const { status, items } = order;
  switch (promise.kind) {
    case 'topic':
      return [];
    case 'cancel':
      return status === 'cancelled' ? [] : [`${was}, and it is ${status}`];
    case 'dispatch':
      return status === 'dispatched' ? [] : [`${was}, and it is ${status}`];
    case 'order': {
      const quantity = items.reduce((sum, item) => sum + item.quantity, 0);
      if (quantity !== promise.quantity) return [`${was} with ${promise.quantity} units, and it has ${quantity}`];
      const later =
        promise.status === 'confirmed' ? ['confirmed', 'dispatched', 'cancelled'] : [promise.status, 'cancelled'];
      const isKept = !OUTCOMES.includes(promise.status) || later.includes(status);
      return isKept ? [] : [`${was} as ${promise.status}, and it is ${status}`];
    }
  }
}

/** All pages of a list. */
async function all<Item>(gateway: string, path: string, name: string): Promise<readonly Item[]> {
  const items: Item[] = [];
  for (let next: string | undefined = `${path}?limit=200`; next !== undefined; ) {
    const page: Record<string, unknown> = await get<Record<string, unknown>>(gateway + next);
    items.push(...(page[name] as Item[]));
    const links = page['_links'] as { readonly next?: { readonly href: string } } | undefined;
    next = links?.next?.href;
  }
  return items;
}
