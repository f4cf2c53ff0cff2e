/** What moves through the saga: counts and rates of its events and ways, from the counters of the functions. */
import type { TickBody } from '../../../../../shared/runtime/inspect/stream-representation.ts';
import { edgeId, endId, type Saga, type SagaGraph } from './saga-graph.ts';

/** Rates are over this long. */
const WINDOW_MS = 2_000;

interface Sample {
  readonly atMs: number;
  readonly tick: TickBody;
}

/** The newest counters, and those of the window before. The newest is last. */
export type Samples = readonly Sample[];

export function withTick(samples: Samples, tick: TickBody, atMs: number): Samples {
  // One from before the window stays, to count from.
  const first = samples.findLastIndex((sample) => sample.atMs <= atMs - WINDOW_MS);
  return [...samples.slice(Math.max(first, 0)), { atMs, tick }];
}

/** The tick with the last figures of functions that do not answer now: what they have done is not undone. */
export function withAbsent(tick: TickBody, before: TickBody | null): TickBody {
  const absent = (before?.functions ?? []).filter(({ name }) => !tick.functions.some((each) => each.name === name));
  return absent.length === 0 ? tick : { ...tick, functions: [...tick.functions, ...absent] };
}

/**
 * The statuses in which a saga has its outcome: only a command leads on from them, and they come straight from one in which it has
 * none. What follows an outcome, such as a dispatch, is no outcome of its own.
 */
export function outcomesOf({ transitions, commands }: Saga): ReadonlySet<string> {
  const isOpen = (status: string | null) =>
    transitions.some(({ from, event }) => from === status && !commands.some((command) => command.event === event));
  return new Set(transitions.filter(({ from, to }) => isOpen(from) && !isOpen(to)).map(({ to }) => to));
}

/** The tick without the counts of statuses that are no outcomes. */
export function withOutcomes(tick: TickBody, wanted: ReadonlySet<string>): TickBody {
  const functions = tick.functions.map((each) => {
    const outcomes = Object.entries(each.outcomes).filter(([status]) => wanted.has(status));
    return { ...each, outcomes: Object.fromEntries(outcomes) };
  });
  return { ...tick, functions };
}

/** How many messages of `type` the function `by` has handled since it started; null where that is not known. */
export function handledBy(tick: TickBody, by: string, type: string): number | null {
  const found = tick.functions.find(({ name }) => name === by);
  return found === undefined ? null : (found.messages[type]?.handled ?? 0);
}

/** How many a second of `type` the function `by` handles. */
export function rateOf(samples: Samples, by: string, type: string): number {
  const [first] = samples;
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.atMs <= first.atMs) return 0;
  const before = handledBy(first.tick, by, type);
  const now = handledBy(last.tick, by, type);
  if (before === null || now === null) return 0;
  // A function that started again counts from 0.
  const count = now >= before ? now - before : now;
  return (count * 1_000) / (last.atMs - first.atMs);
}

/** How many messages `group` has not read; told by their writers, so also while it is away. */
export function unreadOf(tick: TickBody, group: string): number {
  const readers = tick.topics.flatMap((topic) => topic.readers.filter((reader) => reader.group === group));
  return readers.reduce((sum, { lag }) => sum + lag, 0);
}

/** How many sagas had an outcome since the functions started. */
export function endedIn(tick: TickBody): number {
  return tick.functions.reduce(
    (sum, { outcomes }) => sum + Object.values(outcomes).reduce((all, count) => all + count, 0),
    0,
  );
}

/**
 * How many times each event has happened since its readers started, by node. What follows an event is only counted where it is read
 * by a function, or where it always follows.
 */
export function countsOf(saga: Saga, graph: SagaGraph, tick: TickBody): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { id, kind, lane } of graph.nodes) {
    const steps =
      kind === 'end' ? saga.steps.filter(({ on, by }) => by === lane && endId(on, by) === id) : countingSteps(saga, id);
    const known = steps.flatMap(({ on, by }) => handledBy(tick, by, on) ?? []);
    if (known.length > 0) counts.set(id, Math.max(...known));
  }
  return counts;
}

/** How many a second go each way, by edge. */
export function ratesOf(saga: Saga, graph: SagaGraph, samples: Samples): ReadonlyMap<string, number> {
  return new Map(
    graph.edges.map(({ from, to, by }) => {
      const taken = rateOf(samples, by, from);
      if (to === endId(from, by)) return [edgeId(from, to), taken];
      const arrived = countingSteps(saga, to).map((step) => rateOf(samples, step.by, step.on));
      return [edgeId(from, to), Math.min(taken, Math.max(0, ...arrived))];
    }),
  );
}

/** The steps whose count is that of `event`: those that handle it, else those that always emit it. */
function countingSteps({ steps }: Saga, event: string): Saga['steps'] {
  const readers = steps.filter(({ on }) => on === event);
  if (readers.length > 0) return readers;
  const writers = steps.filter(({ emits }) => emits.includes(event));
  return writers.every(({ emits }) => emits.length === 1) ? writers : [];
}

/** How wide a way is drawn, in CSS pixels: it doubles what it carries for each step. */
export function widthOf(perSecond: number): number {
  return Math.min(1.25 + 0.75 * Math.log2(1 + perSecond), 8);
}

/** What a bar of `count` counts as full: the next round number above the most that there was. */
export function fullAt(most: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(most, 1)));
  const full = [1, 2, 5, 10].map((step) => step * power).find((each) => each >= most) ?? most;
  return Math.max(full, 50);
}
