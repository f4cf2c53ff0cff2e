import { useLocation } from 'preact-iso';
import { useDraft } from '../parts/use-draft.ts';
import type { OrderFilter } from './use-orders.ts';

const statuses = ['placed', 'backordered', 'confirmed', 'dispatched', 'rejected', 'cancelled'];

/** Each change goes to the address; a text when it is complete. */
export function OrderFilters({ filter }: { readonly filter: OrderFilter }) {
  const { route } = useLocation();
  const [draft, setDraft] = useDraft({ ...filter });
  const change = (part: Partial<OrderFilter>) => {
    const next = Object.entries({ ...filter, ...part }).filter(([, value]) => value !== '');
    route(`/console/orders${next.length === 0 ? '' : `?${new URLSearchParams(next)}`}`, true);
  };
  const textOf = (event: Event) => (event.currentTarget as HTMLInputElement | HTMLSelectElement).value.trim();
  return (
    <search class="row grow">
      <label>
        Status
        <select value={filter.status} onChange={(event) => change({ status: textOf(event) })}>
          <option value="">All</option>
          {statuses.map((status) => (
            <option key={status} value={status}>
              {status}
            </option>
          ))}
        </select>
      </label>
      <label>
        Customer
        <input
          value={draft['customer']}
          placeholder="CUSTOMER_001"
          maxLength={64}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => setDraft('customer', event.currentTarget.value)}
          onChange={(event) => change({ customer: textOf(event) })}
        />
      </label>
      <label>
        Order, its whole id
        <input
          value={draft['id']}
          placeholder="ORDER_001"
          maxLength={64}
          spellcheck={false}
          autocomplete="off"
          onInput={(event) => setDraft('id', event.currentTarget.value)}
          onChange={(event) => change({ id: textOf(event) })}
        />
      </label>
    </search>
  );
}
