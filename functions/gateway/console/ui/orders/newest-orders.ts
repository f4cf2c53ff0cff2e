import type { OrderBody } from '../../../../order/representation.ts';

/** Orders as far as they are read, the newest first. */
export interface KnownOrders {
  readonly orders: readonly OrderBody[];
  /** Where it goes on; null at the end. */
  readonly next: string | null;
}

/** A page of orders, as the store answers it. */
export interface OrderPage {
  readonly orders: readonly OrderBody[];
  readonly _links: Readonly<Record<string, { readonly href: string }>>;
}

export function nextOf({ _links }: OrderPage): string | null {
  return _links['next']?.href ?? null;
}

/** The known orders with the first page as it is now. Null: the page begins beyond them, so that those between are not known. */
export function withNewest(known: KnownOrders, page: OrderPage): KnownOrders | null {
  const newest = new Map(page.orders.map((order) => [order.orderId, order]));
  const isConnected = known.orders.some(({ orderId }) => newest.has(orderId)) || nextOf(page) === null;
  if (!isConnected) return null;
  const rest = known.orders.filter(({ orderId }) => !newest.has(orderId));
  // Within the span of the page, what is no longer in it has left the list: it no longer matches the filter.
  const oldest = page.orders.at(-1)?.orderId;
  const end = known.orders.findIndex(({ orderId }) => orderId === oldest);
  const left = new Set(known.orders.slice(0, end + 1).map(({ orderId }) => orderId));
  const next = nextOf(page) === null ? null : known.next;
  const older = nextOf(page) === null ? [] : rest.filter(({ orderId }) => !left.has(orderId));
  return { orders: [...page.orders, ...older], next };
}

/** The known orders with one more page behind them, that of `href`; without it where they no longer go on there. */
export function withOlder(known: KnownOrders, href: string, page: OrderPage): KnownOrders {
  if (known.next !== href) return known;
  const { orders } = known;
  const ids = new Set(orders.map(({ orderId }) => orderId));
  return { orders: [...orders, ...page.orders.filter(({ orderId }) => !ids.has(orderId))], next: nextOf(page) };
}
