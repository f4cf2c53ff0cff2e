import './orders.css';
import { useState } from 'preact/hooks';
import { useLocation } from 'preact-iso';
import { Page } from '../parts/page.tsx';
import { PausedNote } from '../parts/paused-note.tsx';
import { Empty, ProblemNote, Skeleton } from '../parts/states.tsx';
import { counted, figure } from '../parts/words.ts';
import { OrderFilters } from './order-filters.tsx';
import { OrderList } from './order-list.tsx';
import { PlaceOrder } from './place-order.tsx';
import { type OrderFilter, type Orders, useOrders } from './use-orders.ts';

/** The newest orders first. What is looked for is in the address. */
export function OrdersPage() {
  const { query } = useLocation();
  const filter = { status: query['status'] ?? '', customer: query['customer'] ?? '', id: query['id'] ?? '' };
  const list = useOrders(filter);
  const [isPlacing, setPlacing] = useState(false);
  const place = (
    <button type="button" class="main" onClick={() => setPlacing(true)}>
      Place an order
    </button>
  );
  return (
    <Page
      title="Orders"
      actions={
        <>
          <PausedNote />
          {place}
        </>
      }
    >
      <div class="order-bar">
        <OrderFilters filter={filter} />
        <p class="quiet" role="status">
          {list.known !== null && countText(list)}
        </p>
      </div>
      {list.problem !== null && <ProblemNote problem={list.problem} retry={list.restart} />}
      {list.known === null ? (
        list.problem === null && <Skeleton />
      ) : (
        <Found list={list} filter={filter} place={place} />
      )}
      {isPlacing && <PlaceOrder onClose={() => setPlacing(false)} />}
    </Page>
  );
}

function Found({
  list,
  filter,
  place,
}: {
  readonly list: Orders;
  readonly filter: OrderFilter;
  readonly place: preact.ComponentChildren;
}) {
  const { known } = list;
  if (known === null) return null;
  if (known.orders.length > 0) {
    const key = `${filter.status} ${filter.customer} ${filter.id}`;
    return <OrderList key={key} orders={known.orders} isWhole={known.next === null} list={list} />;
  }
  if (filter.status === '' && filter.customer === '' && filter.id === '') {
    return (
      <Empty command="npm run post-order-1">
        <p class="grow">There are no orders yet. The first one is shown here as soon as it is placed.</p>
        {place}
      </Empty>
    );
  }
  return (
    <Empty>
      <p class="grow">No order is like this.</p>
      <a href="/console/orders">Show all orders</a>
    </Empty>
  );
}

function countText({ known, hasNewer }: Orders): string {
  if (known === null) return '';
  const count = known.orders.length;
  const newer = hasNewer ? ' · newer ones at the top' : '';
  return (known.next === null ? counted(count, 'order') : `${figure(count)} orders read, more below`) + newer;
}
