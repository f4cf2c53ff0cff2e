/** Faults at the press of a button, how long they last, and their end. */
import { useEffect, useState } from 'preact/hooks';
import type {
  AllFaultsBody,
  CrashBody,
  FaultsBody,
  FaultsRequestInput,
} from '../../../../../shared/runtime/worker/fault-representation.ts';
import { type Problem, problemOf } from '../api/problem.ts';
import { send } from '../api/request.ts';
import { useResource } from '../api/use-resource.ts';
import { durationText, tickingText } from '../drawing/durations.ts';
import { ProblemNote } from '../parts/states.tsx';
import { FunctionName } from '../parts/status.tsx';
import { useNow } from '../parts/use-now.ts';
import { pointedAt } from './use-overview.ts';

const PATH = '/automation-testing/faults';
const READ_MS = 1_000;
const AWAY_S = 30;
const CLOCK_MS = 600_000;
const POISONED = 0.2;
/** The lane stays marked for this long after a fault. */
const POINT_MS = 4_000;

const faults: readonly (readonly [name: string, fault: FaultsRequestInput])[] = [
  [`Away for ${AWAY_S} s`, { away: true, forS: AWAY_S }],
  ['Disk full', { noRoom: true }],
  ['Clock +10 min', { clockShiftMs: CLOCK_MS }],
  ['Poison 1 in 5', { poison: { share: POISONED, as: 'transient' } }],
];

export function BreakIt({ names }: { readonly names: readonly string[] }) {
  const [target, setTarget] = useState(names.includes('inventory') ? 'inventory' : (names[0] ?? ''));
  const [problem, setProblem] = useState<Problem | null>(null);
  const [said, setSaid] = useState('');
  const now = useResource<AllFaultsBody>(PATH, READ_MS);
  const change = async (method: string, path: string, body?: FaultsRequestInput) => {
    setProblem(null);
    setSaid('');
    point(target, POINT_MS);
    await send(method, path, body === undefined ? {} : { body }).catch((error: unknown) =>
      setProblem(problemOf(error)),
    );
    now.reload();
  };
  const current = (now.data?.functions ?? []).flatMap(({ faults: each }) => each ?? []).filter(isFaulty);
  useEffect(() => () => point(null), []);
  return (
    <section class="card stack panel" aria-labelledby="break-it">
      <h2 id="break-it">Break it</h2>
      <div class="row" onPointerLeave={() => point(null)}>
        <label class="inline">
          Function
          <select value={target} onChange={({ currentTarget }) => setTarget(currentTarget.value)}>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        {faults.map(([name, fault]) => (
          <button
            key={name}
            type="button"
            onPointerEnter={() => point(target)}
            onClick={() => change('PUT', `${PATH}/${encodeURIComponent(target)}`, fault)}
          >
            {name}
          </button>
        ))}
        <Crash target={target} say={setSaid} fail={setProblem} />
      </div>
      <div role="status" class="panel-result">
        {said !== '' && <p>{said}</p>}
        {current.length === 0 && said === '' && (
          <p class="quiet">Nothing is broken. Whatever you break here, no order is lost.</p>
        )}
      </div>
      {current.length > 0 && (
        <>
          <ul class="fault-list">
            {current.map((each) => (
              <li key={each.function} class="row">
                <FaultWords faults={each} />
                <button type="button" onClick={() => change('DELETE', `${PATH}/${encodeURIComponent(each.function)}`)}>
                  Heal {each.function}
                </button>
              </li>
            ))}
          </ul>
          <div>
            <button type="button" class="main" onClick={() => change('DELETE', PATH)}>
              Heal all
            </button>
          </div>
        </>
      )}
      {problem !== null && <ProblemNote problem={problem} />}
    </section>
  );
}

let pointing: ReturnType<typeof setTimeout> | undefined;

/** Marks the lane of a function, for a while or until another call. */
function point(name: string | null, lastsMs: number | null = null): void {
  clearTimeout(pointing);
  pointedAt.value = name;
  if (lastsMs !== null) pointing = setTimeout(() => point(null), lastsMs);
}

function isFaulty({ away, noRoom, clockShiftMs, poison, calls }: FaultsBody): boolean {
  return away || noRoom || clockShiftMs !== 0 || poison !== null || calls !== null;
}

function FaultWords({ faults: each }: { readonly faults: FaultsBody }) {
  const nowMs = useNow(each.until === null ? null : READ_MS);
  const left = each.until === null ? 0 : Math.max(Date.parse(each.until) - nowMs, 0);
  const words = [
    each.away ? `away, back in ${tickingText(left)}` : '',
    each.noRoom ? 'disk full' : '',
    each.clockShiftMs === 0
      ? ''
      : `clock ${each.clockShiftMs > 0 ? '+' : '−'}${durationText(Math.abs(each.clockShiftMs))}`,
    each.poison === null ? '' : `poison: ${shareOf(each.poison)} ${each.poison.as}`,
    each.calls === null ? '' : `calls fail: ${shareOf(each.calls)} ${each.calls.as}`,
  ];
  return (
    <span class="grow">
      <FunctionName name={each.function} /> {words.filter((word) => word !== '').join(', ')}
    </span>
  );
}

function shareOf(of: { readonly subject: string } | { readonly share: number }): string {
  return 'subject' in of ? of.subject : `${Math.round(of.share * 100)} %`;
}

/** Asked for twice: in one process it takes the whole store. */
function Crash({
  target,
  say,
  fail,
}: {
  readonly target: string;
  readonly say: (text: string) => void;
  readonly fail: (problem: Problem | null) => void;
}) {
  const [isAsked, setAsked] = useState(false);
  const crash = async () => {
    setAsked(false);
    fail(null);
    point(target, POINT_MS);
    try {
      const { body } = await send<CrashBody>('POST', `/automation-testing/crash/${encodeURIComponent(target)}`);
      const back = body.restarts
        ? 'It is started again by itself.'
        : 'Nothing starts it again: start it on the command line.';
      say(`The process of ${body.takes.join(', ')} has crashed. ${back}`);
    } catch (error) {
      fail(problemOf(error));
    }
  };
  if (!isAsked) {
    return (
      <button type="button" class="danger" onPointerEnter={() => point(target)} onClick={() => setAsked(true)}>
        Crash …
      </button>
    );
  }
  return (
    <fieldset class="row crash-ask">
      <legend class="visually-hidden">Crash {target}</legend>
      <span>The process of {target} ends at once; in one process that is the whole store.</span>
      <button type="button" class="danger" onClick={crash}>
        Crash {target}
      </button>
      <button type="button" onClick={() => setAsked(false)}>
        Leave it
      </button>
    </fieldset>
  );
}
