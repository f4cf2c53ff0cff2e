import './stock.css';
import { useLocation } from 'preact-iso';
import type { StockBody } from '../../../../inventory/representation.ts';
import { useResource } from '../api/use-resource.ts';
import { useLiveFunction } from '../live/use-live-function.ts';
import { useReload } from '../live/use-reload.ts';
import { productHref } from '../orders/places.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { Page } from '../parts/page.tsx';
import { PausedNote } from '../parts/paused-note.tsx';
import { Empty, Loaded } from '../parts/states.tsx';
import { StockBar, StockSum, StockWords } from '../parts/stock-bar.tsx';
import { AddProduct } from './receipt-form.tsx';

interface StockPageBody {
  readonly stock: readonly StockBody[];
  readonly _links: Readonly<Record<string, { readonly href: string }>>;
}

const PAGE = 100;
const EVERY_MS = 5_000;

/** All products by their id, with where their units are. */
export function StockPage() {
  const { query } = useLocation();
  const cursor = query['cursor'] ?? '';
  const at = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
  const page = useResource<StockPageBody>(`/stock?limit=${PAGE}${at}`, EVERY_MS);
  useReload(useLiveFunction('inventory'), page.reload);
  const actions = (
    <>
      <PausedNote />
      <AddProduct onDone={page.reload} />
    </>
  );
  return (
    <Page title="Stock" actions={actions}>
      <Loaded resource={page}>
        {({ stock, _links }) => (
          <>
            {stock.length === 0 && (
              <Empty command="npm run seed-inventory">
                <p class="grow">There are no products yet. A receipt of goods makes the first one.</p>
              </Empty>
            )}
            <ul class="product-list">
              {stock.map((level) => (
                <Product key={level.productId} level={level} />
              ))}
            </ul>
            <Pages isFirst={cursor === ''} next={_links['next']?.href ?? null} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Product({ level }: { readonly level: StockBody }) {
  const { productId, name, whenShort } = level;
  return (
    <li class="card product-row">
      <div class="product-name">
        <a href={productHref(productId)}>
          <span class="mono">{foreignText(productId)}</span>
        </a>
        <span class="quiet">{name === null ? 'without a name' : foreignText(name, { max: 80 })}</span>
      </div>
      <div class="product-middle">
        <StockBar levels={level} />
        <StockWords levels={level} />
      </div>
      <div class="product-end">
        <StockSum levels={level} />
        <span class="quiet">{whenShort === 'wait' ? 'orders wait when it is short' : 'rejects when it is short'}</span>
      </div>
    </li>
  );
}

function Pages({ isFirst, next }: { readonly isFirst: boolean; readonly next: string | null }) {
  if (isFirst && next === null) return null;
  const cursor = next === null ? null : new URL(next, location.origin).searchParams.get('cursor');
  return (
    <nav class="row" aria-label="More products">
      {!isFirst && <a href="/console/stock">From the begin</a>}
      {cursor !== null && <a href={`/console/stock?cursor=${encodeURIComponent(cursor)}`}>Next products</a>}
    </nav>
  );
}
