import { useEffect, useState } from 'preact/hooks';
import type { StockBody } from '../../../../inventory/representation.ts';
import { type Problem, problemOf } from '../api/problem.ts';
import { send } from '../api/request.ts';
import { useResource } from '../api/use-resource.ts';
import { type BarPart, barOf, barUnits, sumOf } from '../drawing/stock-bar.ts';
import { foreignText } from '../parts/foreign-text.ts';
import { Empty, Loaded, ProblemNote } from '../parts/states.tsx';
import { figure } from '../parts/words.ts';

const READ_MS = 2_000;
const SHOWN_MAX = 8;

export function Stock({ automation, reconnects }: { readonly automation: boolean; readonly reconnects: number }) {
  const stock = useResource<{ readonly stock: readonly StockBody[] }>('/stock?limit=200', READ_MS);
  useEffect(() => stock.reload(), [reconnects]);
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
              <Legend />
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
  const parts = barOf(level, scale);
  const { text, holds } = sumOf(level);
  return (
    <li>
      <div class="row">
        <a class="grow mono" href={`/console/stock/${encodeURIComponent(productId)}`}>
          {foreignText(productId)}
        </a>
        {name !== null && <span class="quiet">{foreignText(name)}</span>}
      </div>
      <svg class="stock-bar" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
        {parts.map((part) => (
          <rect key={part.name} class={lookOf(part.name)} x={part.from} width={part.width} height="1" />
        ))}
      </svg>
      <div class="row stock-words">
        <span class="grow">
          {parts.map((part) => `${figure(part.units)} ${part.name}`).join(' · ') || 'nothing at hand'}
        </span>
        <span class={holds ? 'quiet' : 'is-bad'}>
          {text} {holds ? '✓' : '✕'}
        </span>
      </div>
    </li>
  );
}

function lookOf(name: BarPart['name']): string {
  return `part-${name.replace(' ', '-')}`;
}

const legend = ['available', 'set aside', 'reserved', 'back-ordered'] as const;

function Legend() {
  return (
    <ul class="row stock-legend quiet">
      {legend.map((name) => (
        <li key={name}>
          <svg width="10" height="10" aria-hidden="true">
            <rect class={lookOf(name)} width="10" height="10" rx="2" />
          </svg>{' '}
          {name}
        </li>
      ))}
    </ul>
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
