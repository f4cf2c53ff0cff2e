/** Many orders: how fast, of which kinds, and what became of them. The load runs in the store, so it is there after a reload. */
import { useEffect, useState } from 'preact/hooks';
import type { LoadBody, LoadRequestInput } from '../../../load-representation.ts';
import { type Problem, problemOf } from '../api/problem.ts';
import { send } from '../api/request.ts';
import { useResource } from '../api/use-resource.ts';
import { tickingText } from '../drawing/durations.ts';
import { ProblemNote } from '../parts/states.tsx';
import { type Fields, useDraft } from '../parts/use-draft.ts';
import { useNow } from '../parts/use-now.ts';
import { figure } from '../parts/words.ts';

const PATH = '/automation-testing/load';
const READ_MS = 1_000;
/** A press that comes so soon after the button has changed was meant for what it was before. */
const SETTLES_MS = 1_000;

const fields = [
  ['ordersPerSecond', 'Orders a second', 1, 500],
  ['forS', 'For seconds', 1, 600],
  ['short', 'Too many, %', 0, 100],
  ['duplicate', 'Posted twice, %', 0, 100],
  ['cancel', 'Cancelled, %', 0, 100],
] as const;
const atFirst: Fields = { ordersPerSecond: '50', forS: '60', short: '5', duplicate: '10', cancel: '5' };

/** What the fields say before they are changed: the last load. */
function valuesOf(load: LoadBody | null): Fields {
  if (load === null || load.ordersPerSecond === null || load.forS === null || load.mix === null) return atFirst;
  const percent = (share: number) => String(Math.round(share * 100));
  const { short, duplicate, cancel } = load.mix;
  return {
    ordersPerSecond: String(load.ordersPerSecond),
    forS: String(load.forS),
    short: percent(short),
    duplicate: percent(duplicate),
    cancel: percent(cancel),
  };
}

export function Load() {
  const load = useResource<LoadBody>(PATH, READ_MS);
  const [problem, setProblem] = useState<Problem | null>(null);
  const [isSending, setSending] = useState(false);
  const change = async (method: string, body?: LoadRequestInput) => {
    setProblem(null);
    setSending(true);
    await send(method, PATH, body === undefined ? {} : { body }).catch((error: unknown) =>
      setProblem(problemOf(error)),
    );
    await load.reload();
    setSending(false);
  };
  const running = load.data?.running === true;
  const isBusy = useIsFresh(running) || isSending;
  const [draft, setDraft] = useDraft(valuesOf(load.data));
  const startOrStop = (event: SubmitEvent) => {
    event.preventDefault();
    if (isBusy) return;
    if (running) change('DELETE');
    else change('POST', requestIn(draft));
  };
  return (
    <section class="card stack panel" aria-labelledby="load">
      <h2 id="load">Load</h2>
      <form class="row load-form" onSubmit={startOrStop} onKeyDown={pressOnce} aria-labelledby="load">
        {fields.map(([name, text, min, max]) => (
          <label key={name}>
            {text}
            <input
              name={name}
              type="number"
              inputMode="numeric"
              value={draft[name]}
              onInput={(event) => setDraft(name, event.currentTarget.value)}
              min={min}
              max={max}
              required
              disabled={running}
            />
          </label>
        ))}
        {/* One button, which keeps the focus. */}
        <button type="submit" class={running ? 'danger' : undefined} aria-disabled={isBusy}>
          {running ? 'Stop' : 'Start'}
        </button>
      </form>
      {load.data !== null && load.data.startedAt !== null && <Counts load={load.data} />}
      {(problem ?? load.problem) !== null && <ProblemNote problem={(problem ?? load.problem) as Problem} />}
    </section>
  );
}

/** A key that is held down presses a button once. */
function pressOnce(event: KeyboardEvent) {
  if (event.repeat && event.key === 'Enter') event.preventDefault();
}

/** Whether a value has changed a moment ago. */
function useIsFresh(value: boolean): boolean {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), SETTLES_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return value !== settled;
}

function requestIn(draft: Fields): LoadRequestInput {
  const number = (name: string) => Number(draft[name]);
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
