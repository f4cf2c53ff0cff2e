import { useCallback, useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { OrderBody } from '../../../../order/representation.ts';
import { type Problem, ProblemError, problemOf } from '../api/problem.ts';
import { getJson } from '../api/request.ts';
import { useLiveFunction } from '../live/use-live-function.ts';
import { useReload } from '../live/use-reload.ts';
import { type KnownOrders, nextOf, type OrderPage, withNewest, withOlder } from './newest-orders.ts';

/** The most that one request brings. */
const PAGE = 200;
/** How often the begin of the list is read again. */
const EVERY_MS = 5_000;

export interface OrderFilter {
  readonly status: string;
  readonly customer: string;
  /** Of one order; then the store is asked for nothing else. */
  readonly id: string;
}

export interface Orders {
  readonly known: KnownOrders | null;
  readonly problem: Problem | null;
  readonly isReadingMore: boolean;
  /** Whether there are newer orders than the list shows. */
  readonly hasNewer: boolean;
  more(): void;
  /** Reads the list from its begin. */
  restart(): void;
}

interface State {
  /** What was read; another filter is another object. */
  readonly of: OrderFilter;
  readonly known: KnownOrders | null;
  readonly problem: Problem | null;
  readonly hasNewer: boolean;
}

/** The orders that match, as far as they are read; the begin of the list is kept up to date. */
export function useOrders({ status, customer, id }: OrderFilter): Orders {
  const filter = useMemo((): OrderFilter => ({ status, customer, id }), [status, customer, id]);
  const [state, setState] = useState<State>(() => emptyOf(filter));
  const [isReadingMore, setReadingMore] = useState(false);
  const current = state.of === filter ? state : emptyOf(filter);
  const reading = useRef<AbortController | null>(null);

  const read = useCallback(
    (restarts: boolean) => {
      reading.current?.abort();
      const abort = new AbortController();
      reading.current = abort;
      readFirst(filter, abort.signal)
        .then(
          (page) =>
            setState((last) => {
              const known = restarts || last.of !== filter ? null : last.known;
              return { ...refreshed(known, page), of: filter };
            }),
          (error: unknown) => {
            if (abort.signal.aborted) return;
            setState((last) => ({ ...(last.of === filter ? last : emptyOf(filter)), problem: problemOf(error) }));
          },
        )
        .finally(() => {
          if (reading.current === abort) reading.current = null;
        });
    },
    [filter],
  );
  useEffect(() => {
    read(false);
    const timer = setInterval(() => reading.current ?? read(false), EVERY_MS);
    return () => {
      clearInterval(timer);
      reading.current?.abort();
    };
  }, [read]);

  useReload(useLiveFunction('order'), () => reading.current ?? read(false));

  const more = () => {
    const next = current.known?.next ?? null;
    if (next === null || isReadingMore) return;
    setReadingMore(true);
    getJson<OrderPage>(next)
      .then(
        (page) =>
          setState((last) =>
            last.of === filter && last.known !== null ? { ...last, known: withOlder(last.known, next, page) } : last,
          ),
        (error: unknown) => setState((last) => (last.of === filter ? { ...last, problem: problemOf(error) } : last)),
      )
      .finally(() => setReadingMore(false));
  };
  return { ...current, isReadingMore, more, restart: () => read(true) };
}

function emptyOf(filter: OrderFilter): State {
  return { of: filter, known: null, problem: null, hasNewer: false };
}

function refreshed(known: KnownOrders | null, page: OrderPage): Omit<State, 'of'> {
  const fresh = { orders: page.orders, next: nextOf(page) };
  if (known === null) return { known: fresh, problem: null, hasNewer: false };
  const merged = withNewest(known, page);
  return { known: merged ?? known, problem: null, hasNewer: merged === null };
}

function pathOf({ status, customer, id }: OrderFilter): string {
  if (id !== '') return `/orders/${encodeURIComponent(id)}`;
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (status !== '') query.set('status', status);
  if (customer !== '') query.set('customerId', customer);
  return `/orders?${query}`;
}

async function readFirst(filter: OrderFilter, signal: AbortSignal): Promise<OrderPage> {
  const { status, customer, id } = filter;
  const path = pathOf(filter);
  if (id === '') return getJson<OrderPage>(path, signal);
  const none = { orders: [], _links: {} };
  try {
    const order = await getJson<OrderBody>(path, signal);
    // A path can lead elsewhere: that of the id `..` does.
    if (order.orderId !== id) return none;
    const matches = (status === '' || order.status === status) && (customer === '' || order.customerId === customer);
    return matches ? { ...none, orders: [order] } : none;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status === 404) return none;
    throw error;
  }
}
