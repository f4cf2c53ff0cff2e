import './stock.css';
import { useEffect, useState } from 'preact/hooks';
import { useRoute } from 'preact-iso';
import type { StockBody } from '../../../../inventory/representation.ts';
import { useCommand } from '../api/use-command.ts';
import { type Resource, useResource } from '../api/use-resource.ts';
import { useLiveFunction } from '../live/use-live-function.ts';
import { useReload } from '../live/use-reload.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { Page } from '../parts/page.tsx';
import { PausedNote } from '../parts/paused-note.tsx';
import { Loaded, ProblemNote } from '../parts/states.tsx';
import { StockBar, StockSum, StockWords } from '../parts/stock-bar.tsx';
import { figure } from '../parts/words.ts';
import { Ledger } from './ledger.tsx';
import { Queue } from './queue.tsx';
import { CorrectionForm, nameText, ReceiptForm } from './receipt-form.tsx';

const EVERY_MS = 5_000;

/** One product: where its units are, what moved them, which orders wait for it, and what can be done. */
export function ProductPage() {
  const { params } = useRoute();
  const productId = params['id'] ?? '';
  const path = `/stock/${encodeURIComponent(productId)}`;
  const stock = useResource<StockBody>(path, EVERY_MS);
  useReload(useLiveFunction('inventory'), stock.reload);
  return (
    <Page title={foreignText(productId, { max: 64 })} actions={<PausedNote />}>
      <Loaded resource={stock}>
        {(level) => (
          <>
            <Levels level={level} path={path} />
            <div class="stock-forms">
              <ReceiptForm productId={productId} onDone={stock.reload} />
              <CorrectionForm productId={productId} onDone={stock.reload} />
              <Policy level={level} path={path} stock={stock} />
            </div>
            <Queue path={path} backordered={level.backordered} version={versionOf(level)} />
            <Ledger path={path} productId={productId} version={versionOf(level)} />
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Levels({ level, path }: { readonly level: StockBody; readonly path: string }) {
  const why = useResource<{ readonly summary: string }>(`${path}/why`, EVERY_MS);
  useReload(versionOf(level), why.reload);
  const { name, received, onHand, sold, corrected } = level;
  return (
    <section class="card stack" aria-label="Units">
      <div class="row">
        <p class="grow">
          <strong>{nameText(name)}</strong>
        </p>
        <p class="product-sum">
          <StockSum levels={level} />
        </p>
      </div>
      <StockBar levels={level} />
      <StockWords levels={level} />
      <dl class="product-facts">
        <Fact name="received" value={received} />
        <Fact name="on hand" value={onHand} />
        <Fact name="sold" value={sold} />
        <Fact name="corrected" value={corrected} />
      </dl>
      {why.data !== null && <p class="quiet">{foreignText(why.data.summary)}</p>}
    </section>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: number }) {
  return (
    <div>
      <dt class="quiet">{name}</dt>
      <dd>{figure(value)}</dd>
    </div>
  );
}

const policies = [
  ['reject', 'Reject it'],
  ['wait', 'Let it wait for goods'],
] as const;

/** What becomes of an order that asks for more than there is. */
function Policy({
  level,
  path,
  stock,
}: {
  readonly level: StockBody;
  readonly path: string;
  readonly stock: Resource<StockBody>;
}) {
  const command = useCommand<StockBody>();
  // Shown from the press on, until the stock says the same.
  const [wanted, setWanted] = useState<string | null>(null);
  useEffect(() => setWanted(null), [level.whenShort]);
  const set = async (whenShort: string) => {
    setWanted(whenShort);
    if ((await command.run(`${path}/policy`, { whenShort }, 'PUT')) === null) setWanted(null);
    stock.reload();
  };
  return (
    <fieldset class="card stock-policy">
      <legend>
        <h2>An order that asks for more than there is</h2>
      </legend>
      {policies.map(([value, text]) => (
        <label key={value} class="stock-choice">
          <input
            type="radio"
            name="policy"
            value={value}
            checked={(wanted ?? level.whenShort) === value}
            onChange={() => command.isSending || set(value)}
          />
          {text}
        </label>
      ))}
      {command.problem !== null && <ProblemNote problem={command.problem} />}
    </fieldset>
  );
}

/** Another text whenever a movement has changed the levels. */
function versionOf({ received, onHand, reserved, sold, corrected, backordered }: StockBody): string {
  return [received, onHand, reserved, sold, corrected, backordered].join(' ');
}
