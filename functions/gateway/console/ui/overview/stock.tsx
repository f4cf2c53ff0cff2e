import { useEffect, useState } from 'preact/hooks';
import type { StockBody } from '../../../../inventory/representation.ts';
import { type Problem, problemOf } from '../api/problem.ts';
import { send } from '../api/request.ts';
import { useResource } from '../api/use-resource.ts';
import { barUnits } from '../drawing/stock-bar.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { Empty, Loaded, ProblemNote } from '../parts/states.tsx';
import { StockBar, StockSum, StockWords } from '../parts/stock-bar.tsx';
import { figure } from '../parts/words.ts';

const READ_MS = 2_000;
const SHOWN_MAX = 8;

export function Stock({ automation, reconnects }: { readonly automation: boolean; readonly reconnects: number }) {
  const stock = useResource<{ readonly stock: readonly StockBody[] }>('/stock?limit=200', READ_MS);
  useEffect(() => void stock.reload(), [reconnects]);
  return (
    <section class="card stack" aria-labelledby="stock">
      <div class="row">
        <h2 id="stock" class="grow">
          Stock
        </h2>
        <a href="/console/stock">All of it</a>
      </div>
      <Loaded resource={stock}>
        {({ stock: levels }) =>
          levels.length === 0 ? (
            <NoStock automation={automation} reload={stock.reload} />
          ) : (
            <>
              <ul class="stack stock-list">
                {levels.slice(0, SHOWN_MAX).map((level) => (
                  <Product key={level.productId} level={level} scale={Math.max(...levels.map(barUnits))} />
                ))}
              </ul>
              {levels.length > SHOWN_MAX && <p class="quiet">and {figure(levels.length - SHOWN_MAX)} more</p>}
            </>
          )
        }
      </Loaded>
    </section>
  );
}

function Product({ level, scale }: { readonly level: StockBody; readonly scale: number }) {
  const { productId, name } = level;
  return (
    <li>
      <div class="row">
        <a class="grow mono" href={`/console/stock/${encodeURIComponent(productId)}`}>
          {foreignText(productId)}
        </a>
        {name !== null && <span class="quiet">{foreignText(name)}</span>}
      </div>
      <StockBar levels={level} scale={scale} />
      <div class="row">
        <div class="grow">
          <StockWords levels={level} />
        </div>
        <StockSum levels={level} />
      </div>
    </li>
  );
}

function NoStock({ automation, reload }: { readonly automation: boolean; readonly reload: () => void }) {
  const [problem, setProblem] = useState<Problem | null>(null);
  const seed = () =>
    send('POST', '/automation-testing/seed').then(reload, (error: unknown) => setProblem(problemOf(error)));
  return (
    <Empty {...(automation ? { command: 'npm run seed-inventory' } : {})}>
      <p class="grow">No product has been received yet.</p>
      {automation ? (
        <button type="button" onClick={seed}>
          Add the two example products
        </button>
      ) : (
        <a href="/console/stock">Receive goods</a>
      )}
      {problem !== null && <ProblemNote problem={problem} />}
    </Empty>
  );
}
