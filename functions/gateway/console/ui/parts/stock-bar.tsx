import '../look/stock-bar.css';
import { barOf, barUnits, type Levels, sumOf } from '../drawing/stock-bar.ts';
import { figure } from './words.ts';

/** Where the units of a product are, as a bar; the words beside it say the same. `scale`: the units of a whole bar. */
export function StockBar({ levels, scale = barUnits(levels) }: { readonly levels: Levels; readonly scale?: number }) {
  const parts = barOf(levels, scale);
  return (
    <div class="level-bar" aria-hidden="true">
      {parts.map(({ name, from, width }) => (
        <span
          key={name}
          class={`level-part is-${name.replace(' ', '-')}`}
          style={{ left: `${from * 100}%`, width: `${width * 100}%` }}
        />
      ))}
    </div>
  );
}

/** The same in words, each behind the mark of its part. */
export function StockWords({ levels }: { readonly levels: Levels }) {
  const { available, setAside, reserved, backordered } = levels;
  return (
    <p class="level-words">
      <StockWord name="available" units={available} />
      {setAside > 0 && <StockWord name="set aside" units={setAside} />}
      <StockWord name="reserved" units={reserved} />
      {backordered > 0 && <StockWord name="back-ordered" units={backordered} />}
    </p>
  );
}

function StockWord({ name, units }: { readonly name: string; readonly units: number }) {
  return (
    <span class="level-word">
      <span class={`level-mark is-${name.replace(' ', '-')}`} aria-hidden="true" /> {figure(units)}{' '}
      <span class="quiet">{name}</span>
    </span>
  );
}

/** `10 = 7 on hand + 3 sold ✓`: what came in is there, or was sold. */
export function StockSum({ levels }: { readonly levels: Levels }) {
  const { text, holds } = sumOf(levels);
  return (
    <span class="level-sum">
      {text}{' '}
      {holds ? (
        <span class="is-good">
          <span aria-hidden="true">✓</span>
          <span class="visually-hidden">right</span>
        </span>
      ) : (
        <span class="is-bad">✕ wrong</span>
      )}
    </span>
  );
}
