/** Many orders: how fast, of which kinds, and what became of them. The load runs in the store, so it is there after a reload. */
import { useState } from 'preact/hooks';
import type { LoadBody, LoadRequestInput } from '../../../load-representation.ts';
import { type Problem, problemOf } from '../api/problem.ts';
import { send } from '../api/request.ts';
import { useResource } from '../api/use-resource.ts';
import { tickingText } from '../drawing/durations.ts';
import { ProblemNote } from '../parts/states.tsx';
import { useNow } from '../parts/use-now.ts';
import { figure } from '../parts/words.ts';

const PATH = '/automation-testing/load';
const READ_MS = 1_000;

const fields = [
  ['ordersPerSecond', 'Orders a second', 1, 500],
  ['forS', 'For seconds', 1, 600],
  ['short', 'Too many, %', 0, 100],
  ['duplicate', 'Posted twice, %', 0, 100],
  ['cancel', 'Cancelled, %', 0, 100],
] as const;
const atFirst = { ordersPerSecond: 50, forS: 60, short: 5, duplicate: 10, cancel: 5 };

/** What the fields say before they are changed: the last load. */
function valuesOf(load: LoadBody | null): typeof atFirst {
  if (load === null || load.ordersPerSecond === null || load.forS === null || load.mix === null) return atFirst;
  const percent = (share: number) => Math.round(share * 100);
  const { short, duplicate, cancel } = load.mix;
  return {
    ordersPerSecond: load.ordersPerSecond,
    forS: load.forS,
    short: percent(short),
    duplicate: percent(duplicate),
    cancel: percent(cancel),
  };
}

export function Load() {
  const load = useResource<LoadBody>(PATH, READ_MS);
  const [problem, setProblem] = useState<Problem | null>(null);
  const change = (method: string, body?: LoadRequestInput) => {
    setProblem(null);
    send(method, PATH, body === undefined ? {} : { body }).then(load.reload, (error: unknown) =>
      setProblem(problemOf(error)),
    );
  };
  const start = (event: SubmitEvent) => {
    event.preventDefault();
    change('POST', requestIn(new FormData(event.currentTarget as HTMLFormElement)));
  };
  const running = load.data?.running === true;
  const values = valuesOf(load.data);
  return (
    <section class="card stack panel" aria-labelledby="load">
      <h2 id="load">Load</h2>
      <form key={load.data?.startedAt} class="row load-form" onSubmit={start} aria-labelledby="load">
        {fields.map(([name, text, min, max]) => (
          <label key={name}>
            {text}
            <input
              name={name}
              type="number"
              inputMode="numeric"
              defaultValue={String(values[name])}
              min={min}
              max={max}
              required
              disabled={running}
            />
          </label>
        ))}
        {running ? (
          <button type="button" class="danger" onClick={() => change('DELETE')}>
            Stop
          </button>
        ) : (
          <button type="submit">Start</button>
        )}
      </form>
      {load.data !== null && load.data.startedAt !== null && <Counts load={load.data} />}
      {(problem ?? load.problem) !== null && <ProblemNote problem={(problem ?? load.problem) as Problem} />}
    </section>
  );
}

function requestIn(form: FormData): LoadRequestInput {
  const number = (name: string) => Number(form.get(name));
  const share = (name: string) => number(name) / 100;
  return {
    ordersPerSecond: number('ordersPerSecond'),
    forS: number('forS'),
    mix: { short: share('short'), duplicate: share('duplicate'), cancel: share('cancel') },
  };
}

function Counts({ load }: { readonly load: LoadBody }) {
  const nowMs = useNow(load.running ? READ_MS : null);
  const leftMs = load.endsAt === null ? 0 : Date.parse(load.endsAt) - nowMs;
  const { outcomes } = load;
  const counts = [
    ['acknowledged', load.acknowledged],
    ['confirmed', outcomes.confirmed],
    ['rejected', outcomes.rejected],
    ['cancelled', outcomes.cancelled],
    ['waiting', outcomes.waiting],
    ['posted twice', load.duplicates],
    ['failed', load.failed],
    ['left out', load.skipped],
  ] as const;
  return (
    <div class="stack">
      <p>
        {load.running ? (
          <>
            <span class="is-good">
              <span aria-hidden="true">▶</span> running
            </span>
            , {load.ordersPerSecond} orders a second, {tickingText(leftMs)} left
          </>
        ) : (
          <span class="quiet">The last load has ended: {figure(load.sent)} orders sent.</span>
        )}
      </p>
      <dl class="counts">
        {counts.map(([name, count]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{figure(count)}</dd>
          </div>
        ))}
      </dl>
      {load.lastFailure !== null && load.failed > 0 && <p class="quiet">Last failure: {load.lastFailure}</p>}
    </div>
  );
}
