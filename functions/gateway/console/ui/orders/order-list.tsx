import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { OrderBody } from '../../../../order/representation.ts';
import { rowAfterKey, rowWindowOf, scrollTo } from '../drawing/row-window.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { Status } from '../parts/status.tsx';
import { When } from '../parts/when.tsx';
import { figure } from '../parts/words.ts';
import { orderHref } from './places.ts';
import type { Orders } from './use-orders.ts';

/** Also the height in the style sheet. */
const ROW_HEIGHT = 36;
/** More is read when the end is as near as this, in rows. */
const READ_AHEAD = 40;

/** The orders in a window that scrolls; only the rows in sight are in the page. */
export function OrderList({ orders, isWhole, list }: { orders: readonly OrderBody[]; isWhole: boolean; list: Orders }) {
  const view = useRef<HTMLElement>(null);
  const { scrollTop, viewHeight } = useScroll(view);
  const [active, setActive] = useState(0);
  const isMoving = useRef(false);
  useStillView(view, orders);
  const { first, end } = rowWindowOf({ count: orders.length, rowHeight: ROW_HEIGHT, scrollTop, viewHeight });
  const reachable = active >= first && active < end ? active : first;

  const needsMore = !isWhole && end > orders.length - READ_AHEAD;
  // After a failure it goes on once the begin of the list could be read again.
  const readsMore = needsMore && !list.isReadingMore && list.problem === null;
  useEffect(() => {
    if (readsMore) list.more();
  }, [readsMore, orders.length]);
  useEffect(() => {
    if (list.hasNewer && scrollTop === 0) list.restart();
  }, [list.hasNewer, scrollTop]);
  useKeptFocus(view);
  useLayoutEffect(() => {
    if (!isMoving.current) return;
    const link = view.current?.querySelector<HTMLElement>(`[data-row="${active}"]`);
    if (link === null || link === undefined) return;
    isMoving.current = false;
    link.focus({ preventScroll: true });
  });

  const onKeyDown = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(viewHeight / ROW_HEIGHT) - 2);
    const row = rowAfterKey(event.key, reachable, orders.length, page);
    if (row === null || view.current === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    isMoving.current = true;
    setActive(row);
    const body = { rowHeight: ROW_HEIGHT, scrollTop, viewHeight: viewHeight - ROW_HEIGHT };
    view.current.scrollTop = scrollTo(row, body);
  };

  return (
    <section class="order-list card" ref={view} onKeyDown={onKeyDown} aria-label="Orders, the newest first">
      <table aria-rowcount={isWhole ? orders.length + 1 : -1}>
        <Head />
        <tbody>
          <Spacer rows={first} />
          {orders.slice(first, end).map((order, index) => (
            <OrderRow
              key={order.orderId}
              order={order}
              row={first + index}
              isReachable={first + index === reachable}
              onFocus={setActive}
            />
          ))}
          <Spacer rows={orders.length - end} />
        </tbody>
      </table>
    </section>
  );
}

function Head() {
  return (
    <thead>
      <tr aria-rowindex={1}>
        <th scope="col">Order</th>
        <th scope="col">Status</th>
        <th scope="col" class="order-customer">
          Customer
        </th>
        <th scope="col" class="number order-units">
          Units
        </th>
        <th scope="col" class="number order-total">
          Total
        </th>
        <th scope="col" class="order-placed">
          Placed
        </th>
      </tr>
    </thead>
  );
}

function OrderRow({
  order,
  row,
  isReachable,
  onFocus,
}: {
  readonly order: OrderBody;
  readonly row: number;
  readonly isReachable: boolean;
  readonly onFocus: (row: number) => void;
}) {
  const { orderId, customerId, status, totalPrice, totalQuantity, currency, placedAt } = order;
  return (
    <tr aria-rowindex={row + 2} class="order-row">
      <td class="mono">
        <a href={orderHref(orderId)} data-row={row} tabIndex={isReachable ? 0 : -1} onFocus={() => onFocus(row)}>
          {foreignText(orderId)}
        </a>
      </td>
      <td>
        <Status of={status} />
      </td>
      <td class="mono order-customer">{foreignText(customerId)}</td>
      <td class="number order-units">{figure(totalQuantity)}</td>
      <td class="number order-total">
        {totalPrice} <span class="quiet">{currency}</span>
      </td>
      <td class="order-placed quiet">
        <When at={placedAt} />
      </td>
    </tr>
  );
}

/** Keeps the place of rows that are not in the page. */
function Spacer({ rows }: { readonly rows: number }) {
  if (rows <= 0) return null;
  return (
    <tr class="order-spacer" style={{ height: `${rows * ROW_HEIGHT}px` }}>
      <td colSpan={6} />
    </tr>
  );
}

function useScroll(view: { readonly current: HTMLElement | null }) {
  const [state, setState] = useState({ scrollTop: 0, viewHeight: 0 });
  useLayoutEffect(() => {
    const element = view.current;
    if (element === null) return;
    const look = () => setState({ scrollTop: element.scrollTop, viewHeight: element.clientHeight });
    look();
    element.addEventListener('scroll', look, { passive: true });
    const observer = new ResizeObserver(look);
    observer.observe(element);
    return () => {
      element.removeEventListener('scroll', look);
      observer.disconnect();
    };
  }, []);
  return state;
}

/** A row that has the focus and is scrolled away leaves it to the list, so that the keys go on from there. */
function useKeptFocus(view: { readonly current: HTMLElement | null }): void {
  const isInside = useRef(false);
  useLayoutEffect(() => {
    const element = view.current;
    if (element === null) return;
    element.tabIndex = -1;
    const onFocus = ({ target }: FocusEvent) => {
      isInside.current = element.contains(target as Node);
    };
    document.addEventListener('focusin', onFocus);
    return () => document.removeEventListener('focusin', onFocus);
  }, []);
  useLayoutEffect(() => {
    if (isInside.current && document.activeElement === document.body) view.current?.focus({ preventScroll: true });
  });
}

/** Where the list is scrolled, what is in sight stays there when orders come in front of it. */
function useStillView(view: { readonly current: HTMLElement | null }, orders: readonly OrderBody[]): void {
  const firstId = useRef(orders[0]?.orderId);
  useLayoutEffect(() => {
    const added = orders.findIndex(({ orderId }) => orderId === firstId.current);
    firstId.current = orders[0]?.orderId;
    if (added > 0 && view.current !== null && view.current.scrollTop > 0) view.current.scrollTop += added * ROW_HEIGHT;
  }, [orders]);
}
