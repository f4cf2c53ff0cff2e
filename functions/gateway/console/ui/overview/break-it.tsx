/** Faults at the press of a button, how long they last, and their end. */
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
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
import { useFocusBack } from '../parts/use-focus-back.ts';
import { useNow } from '../parts/use-now.ts';
import { listed } from '../parts/words.ts';
import { leave, mark, point } from './pointed-at.ts';

const PATH = '/automation-testing/faults';
const READ_MS = 1_000;
const AWAY_S = 30;
const CLOCK_MS = 600_000;
const POISONED = 0.2;

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
  const select = useRef<HTMLSelectElement>(null);
  const now = useResource<AllFaultsBody>(PATH, READ_MS);
  const change = async (method: string, of: readonly string[], path: string, body?: FaultsRequestInput) => {
    setProblem(null);
    setSaid('');
    mark(of);
    await send(method, path, body === undefined ? {} : { body }).catch((error: unknown) =>
      setProblem(problemOf(error)),
    );
    now.reload();
  };
  const current = (now.data?.functions ?? []).flatMap(({ faults: each }) => each ?? []).filter(isFaulty);
  useEffect(() => () => point([]), []);
  return (
    <section class="card stack panel" aria-labelledby="break-it">
      <h2 id="break-it">Break it</h2>
      <div class="row" onPointerLeave={leave}>
        <label class="inline">
          Function
          <select ref={select} value={target} onChange={({ currentTarget }) => setTarget(currentTarget.value)}>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        {faults.map(([name, fault]) => (
          <button
            key={name}
            type="button"
            onPointerEnter={() => point([target])}
            onClick={() => change('PUT', [target], pathOf(target), fault)}
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
        <Healing
          all={current}
          heal={(of, path) => change('DELETE', of, path)}
          giveFocusBack={() => select.current?.focus()}
        />
      )}
      {problem !== null && <ProblemNote problem={problem} />}
    </section>
  );
}

const pathOf = (name: string) => `${PATH}/${encodeURIComponent(name)}`;

/** What is broken now, and the buttons that end it. */
function Healing({
  all,
  heal,
  giveFocusBack,
}: {
  readonly all: readonly FaultsBody[];
  readonly heal: (of: readonly string[], path: string) => void;
  readonly giveFocusBack: () => void;
}) {
  const names = all.map((each) => each.function);
  return (
    <>
      <ul class="fault-list">
        {all.map((each) => (
          <li key={each.function} class="row">
            <FaultWords faults={each} />
            <HealButton
              names={[each.function]}
              onClick={() => heal([each.function], pathOf(each.function))}
              giveFocusBack={giveFocusBack}
            >
              Heal {each.function}
            </HealButton>
          </li>
        ))}
      </ul>
      <div>
        <HealButton names={names} isMain onClick={() => heal(names, PATH)} giveFocusBack={giveFocusBack}>
          Heal all
        </HealButton>
      </div>
    </>
  );
}

/** Goes away with the fault, also under the pointer and with the focus: it takes its mark with it, and gives the focus back. */
function HealButton({
  names,
  isMain = false,
  onClick,
  giveFocusBack,
  children,
}: {
  readonly names: readonly string[];
  readonly isMain?: boolean;
  readonly onClick: () => void;
  readonly giveFocusBack: () => void;
  readonly children: ComponentChildren;
}) {
  const button = useFocusBack<HTMLButtonElement>(giveFocusBack);
  const isUnderPointer = useRef(false);
  const turn = (isUnder: boolean) => {
    isUnderPointer.current = isUnder;
    if (isUnder) point(names);
    else leave();
  };
  useEffect(
    () => () => {
      if (isUnderPointer.current) leave();
    },
    [],
  );
  return (
    <button
      type="button"
      class={isMain ? 'main' : undefined}
      ref={button}
      onPointerEnter={() => turn(true)}
      onPointerLeave={() => turn(false)}
      onClick={onClick}
    >
      {children}
    </button>
  );
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
  const way = useFocusAfter<HTMLButtonElement>(isAsked);
  const crash = async () => {
    setAsked(false);
    fail(null);
    mark([target]);
    try {
      const { body } = await send<CrashBody>('POST', `/automation-testing/crash/${encodeURIComponent(target)}`);
      const back = body.restarts
        ? 'It is started again by itself.'
        : 'Nothing starts it again: start it on the command line.';
      say(`The process of ${listed(body.takes)} has crashed. ${back}`);
    } catch (error) {
      fail(problemOf(error));
    }
  };
  if (!isAsked) {
    return (
      <button
        type="button"
        class="danger"
        ref={way}
        onPointerEnter={() => point([target])}
        onClick={() => setAsked(true)}
      >
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
      <button type="button" ref={way} onClick={() => setAsked(false)}>
        Leave it
      </button>
    </fieldset>
  );
}

/** Moves the focus to an element when `change` becomes another value: the element that had the focus is gone then. */
function useFocusAfter<Target extends HTMLElement>(change: boolean) {
  const target = useRef<Target>(null);
  const last = useRef(change);
  useEffect(() => {
    if (last.current !== change) target.current?.focus();
    last.current = change;
  }, [change]);
  return target;
}
