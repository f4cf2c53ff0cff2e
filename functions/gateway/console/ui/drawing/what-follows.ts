/** What of a saga is not there yet: where it waits, and what the choreography may emit next. */
import type { Wait } from '../../../../../shared/runtime/why/wait.ts';
import { CLIENT, type Saga, type TraceStep } from './causal-order.ts';

/** A card that may come. One of `types` follows, or none. */
export interface Ghost {
  readonly id: string;
  readonly lane: string;
  readonly column: number;
  readonly types: readonly string[];
  /** The step, or the open wait, behind which it stands. */
  readonly cause: string | null;
}

/** A place where the saga waits now. */
export interface OpenWait {
  readonly id: string;
  readonly lane: string;
  readonly column: number;
  readonly kind: Wait['kind'];
  /** The step whose message waits; null where that is not known. */
  readonly cause: string | null;
  /** Null where it is not known since when. */
  readonly sinceMs: number | null;
}

export interface Ahead {
  readonly waits: readonly OpenWait[];
  readonly ghosts: readonly Ghost[];
}

/** Waits that are no pause of the saga: a deadline blocks nothing, a discarded message is over. */
const NO_PAUSE: readonly Wait['kind'][] = ['deadline', 'discarded'];

/** Behind the steps: the open waits, one in each lane, then what follows when they end. `status` is that of the saga. */
export function aheadOf(
  { steps, lanes }: { readonly steps: readonly TraceStep[]; readonly lanes: readonly string[] },
  saga: Saga,
  open: { readonly waits: readonly Wait[]; readonly status: string; readonly hasOutcome: boolean },
): Ahead {
  const waits = openWaits(steps, lanes, open.waits);
  const reactions = reactionGhosts(steps, saga, waits);
  const timers = open.hasOutcome ? [] : timerGhosts(steps, saga, open.status, waits);
  const nearest = sideBySide([...reactions, ...timers]);
  const outcome = open.hasOutcome ? null : outcomeGhost(steps, saga, open.status, nearest);
  return { waits, ghosts: outcome === null ? nearest : [...nearest, outcome] };
}

function openWaits(steps: readonly TraceStep[], lanes: readonly string[], waits: readonly Wait[]): readonly OpenWait[] {
  const pauses = waits.filter(({ kind, at }) => !NO_PAUSE.includes(kind) && lanes.includes(at));
  const byLane = new Map(pauses.toReversed().map((wait) => [wait.at, wait]));
  return [...byLane].map(([lane, { kind, since, message }]) => {
    const last = lastIn(steps, lane);
    const cause = steps.find(({ id }) => id === message?.id) ?? null;
    const sinceMs = since === undefined ? (last?.atMs ?? null) : Date.parse(since);
    const column = Math.max(last?.column ?? 0, cause?.column ?? columnBefore(steps)) + 1;
    return { id: `wait ${lane}`, lane, column, kind, cause: cause?.id ?? last?.id ?? null, sinceMs };
  });
}

/** What a function emits once it handles a message that it has not handled yet. */
function reactionGhosts(steps: readonly TraceStep[], saga: Saga, waits: readonly OpenWait[]): readonly Ghost[] {
  return steps.flatMap((step) =>
    step.reads
      .filter(({ state, by }) => state !== 'handled' && !isAnswered(steps, step, by))
      // Of a function that does not answer it is not known what it has read: at most the newest message is ahead of it.
      .filter(({ state, by }) => state !== 'unknown' || step === newestFor(steps, by))
      .flatMap(({ by }) => {
        const types = saga.steps.filter(({ on, by: reader }) => on === step.type && reader === by);
        const emits = types.flatMap((each) => each.emits);
        return emits.length === 0 ? [] : [ghost(steps, waits, by, emits, step)];
      }),
  );
}

function newestFor(steps: readonly TraceStep[], by: string): TraceStep | undefined {
  return steps.findLast(({ reads }) => reads.some((read) => read.by === by));
}

function isAnswered(steps: readonly TraceStep[], { id }: TraceStep, by: string): boolean {
  return steps.some(({ lane, causes }) => lane === by && causes.includes(id));
}

/** A function that keeps a saga waiting goes on by itself: by the commands that its own timer sends. */
function timerGhosts(
  steps: readonly TraceStep[],
  saga: Saga,
  status: string,
  waits: readonly OpenWait[],
): readonly Ghost[] {
  const next = new Set(saga.transitions.filter(({ from }) => from === status).map(({ event }) => event));
  const emitted = new Set(saga.steps.flatMap(({ emits }) => emits));
  const leadsOn = (event: string) =>
    saga.steps.some(({ on, emits }) => on === event && emits.some((type) => next.has(type)));
  return waits.flatMap((wait) => {
    if (wait.kind !== 'backordered') return [];
    const types = saga.steps
      .filter(({ on, by }) => by === wait.lane && !emitted.has(on))
      .flatMap(({ emits }) => emits.filter(leadsOn));
    return types.length === 0 ? [] : [ghost(steps, waits, wait.lane, [...new Set(types)], null)];
  });
}

/** How the saga may go on behind what comes first, unless a client asks for something else. */
function outcomeGhost(steps: readonly TraceStep[], saga: Saga, status: string, before: readonly Ghost[]): Ghost | null {
  const asked = new Set(saga.commands.map(({ event }) => event));
  const types = saga.transitions
    .filter(({ from, event }) => from === status && !asked.has(event))
    .map(({ event }) => event);
  const owner = saga.steps.find(({ emits }) => emits.some((type) => types.includes(type)))?.by;
  const [first] = before.filter(({ lane }) => lane !== owner);
  if (owner === undefined || first === undefined) return null;
  const column = Math.max(first.column, lastIn(steps, owner)?.column ?? 0, ...before.map((each) => each.column)) + 1;
  return { id: `ghost ${owner} outcome`, lane: owner, column, types, cause: first.id };
}

/** Moves ghosts of one lane out of each other's way. */
function sideBySide(ghosts: readonly Ghost[]): readonly Ghost[] {
  const nextFree = new Map<string, number>();
  return ghosts.map((each) => {
    const column = Math.max(each.column, nextFree.get(each.lane) ?? 0);
    nextFree.set(each.lane, column + 1);
    return { ...each, column };
  });
}

function ghost(
  steps: readonly TraceStep[],
  waits: readonly OpenWait[],
  lane: string,
  types: readonly string[],
  cause: TraceStep | null,
): Ghost {
  const wait = waits.find((each) => each.lane === lane);
  const behind = Math.max(wait?.column ?? 0, cause?.column ?? 0, lastIn(steps, lane)?.column ?? 0);
  return {
    id: `ghost ${lane} ${cause?.id ?? 'timer'}`,
    lane,
    column: behind + 1,
    types,
    cause: wait?.id ?? cause?.id ?? null,
  };
}

function lastIn(steps: readonly TraceStep[], lane: string): TraceStep | undefined {
  return steps.findLast((step) => step.lane === lane);
}

function columnBefore(steps: readonly TraceStep[]): number {
  return Math.max(
    0,
    ...steps.filter(({ lane, kind }) => lane !== CLIENT && kind !== 'notice').map(({ column }) => column),
  );
}
