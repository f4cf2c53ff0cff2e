import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
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
  /** Of one order; then nothing else is asked for. */
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
  readonly of: string;
  readonly known: KnownOrders | null;
  readonly problem: Problem | null;
  readonly hasNewer: boolean;
}

/** The orders that match, as far as they are read; the begin of the list is kept up to date. */
export function useOrders(filter: OrderFilter): Orders {
  const path = pathOf(filter);
  const [state, setState] = useState<State>({ of: path, known: null, problem: null, hasNewer: false });
  const [isReadingMore, setReadingMore] = useState(false);
  const current = state.of === path ? state : { of: path, known: null, problem: null, hasNewer: false };
  const reading = useRef<AbortController | null>(null);

  const read = useCallback(
    (restarts: boolean) => {
      reading.current?.abort();
      const abort = new AbortController();
      reading.current = abort;
      readFirst(path, filter, abort.signal)
        .then(
          (page) =>
            setState((last) => ({ ...refreshed(restarts || last.of !== path ? null : last.known, page), of: path })),
          (error: unknown) => {
            if (abort.signal.aborted) return;
            setState((last) => ({ ...(last.of === path ? last : emptyOf(path)), problem: problemOf(error) }));
          },
        )
        .finally(() => {
          if (reading.current === abort) reading.current = null;
        });
    },
    [path],
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
            last.of === path && last.known !== null ? { ...last, known: withOlder(last.known, page) } : last,
          ),
        (error: unknown) => setState((last) => ({ ...last, problem: problemOf(error) })),
      )
      .finally(() => setReadingMore(false));
  };
  return { ...current, isReadingMore, more, restart: () => read(true) };
}

function emptyOf(path: string): State {
  return { of: path, known: null, problem: null, hasNewer: false };
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

async function readFirst(path: string, { status, customer, id }: OrderFilter, signal: AbortSignal): Promise<OrderPage> {
  if (id === '') return getJson<OrderPage>(path, signal);
  const none = { orders: [], _links: {} };
  try {
    const order = await getJson<OrderBody>(path, signal);
    const matches = (status === '' || order.status === status) && (customer === '' || order.customerId === customer);
    return matches ? { ...none, orders: [order] } : none;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status === 404) return none;
    throw error;
  }
}
