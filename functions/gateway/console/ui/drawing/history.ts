/** The last five minutes, by the second, for the charts and their tables. */
import type { TickBody } from '../../../../../shared/runtime/inspect/stream-representation.ts';

export const KEPT_S = 300;
/** After a longer silence the lines are interrupted. */
const GAP_S = 3;

/** `perSecond`: by outcome. Latencies are null while nothing ends. */
export interface Second {
  readonly atS: number;
  readonly perSecond: Readonly<Record<string, number>>;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

/** `outcomes` are the counters when the last second was added. */
export interface History {
  readonly seconds: readonly (Second | { readonly atS: number; readonly perSecond: null })[];
  readonly outcomes: Readonly<Record<string, number>> | null;
  readonly atMs: number;
}

export const emptyHistory: History = { seconds: [], outcomes: null, atMs: 0 };

/** The counters of a tick that came at `nowMs`. The same history comes back while no second is over. */
export function withTick(history: History, tick: TickBody, nowMs: number): History {
  const passedMs = nowMs - history.atMs;
  if (history.outcomes !== null && passedMs < 1_000) return history;
  const outcomes = outcomesIn(tick);
  const atS = Math.floor(nowMs / 1_000);
  const kept = history.seconds.filter((second) => second.atS > atS - KEPT_S);
  if (history.outcomes === null || passedMs > GAP_S * 1_000) {
    const seconds = kept.length === 0 ? kept : [...kept, { atS: atS - 1, perSecond: null }];
    return { seconds, outcomes, atMs: nowMs };
  }
  const before = history.outcomes;
  const perSecond = Object.fromEntries(
    Object.entries(outcomes).map(([name, count]) => {
      const rise = count - (before[name] ?? 0);
      // A function that started again counts from 0.
      return [name, ((rise < 0 ? count : rise) * 1_000) / passedMs];
    }),
  );
  const latency = tick.functions.find(({ latencyMs }) => latencyMs.count > 0)?.latencyMs;
  const second = { atS, perSecond, p50Ms: latency?.p50 ?? null, p99Ms: latency?.p99 ?? null };
  return { seconds: [...kept, second], outcomes, atMs: nowMs };
}

/** Counters of a function that is away stay away, and count on when it is back. */
function outcomesIn(tick: TickBody): Readonly<Record<string, number>> {
  const sums: Record<string, number> = {};
  for (const { outcomes } of tick.functions) {
    for (const [name, count] of Object.entries(outcomes)) sums[name] = (sums[name] ?? 0) + count;
  }
  return sums;
}

/** Times, and for each of `names` its rates, of one length; null where nothing is known. */
export function throughputColumns(
  { seconds }: History,
  names: readonly string[],
): readonly [readonly number[], ...(readonly (number | null)[])[]] {
  const rates = names.map((name) =>
    seconds.map(({ perSecond }) => (perSecond === null ? null : (perSecond[name] ?? 0))),
  );
  return [seconds.map(({ atS }) => atS), ...rates];
}

export function latencyColumns({ seconds }: History): readonly [readonly number[], ...(readonly (number | null)[])[]] {
  const of = (name: 'p50Ms' | 'p99Ms') => seconds.map((second) => (second.perSecond === null ? null : second[name]));
  return [seconds.map(({ atS }) => atS), of('p50Ms'), of('p99Ms')];
}

/** A row for each `everyS` seconds, newest first: means of rates, and the worst latencies. */
export function rowsOf({ seconds }: History, everyS: number): readonly Second[] {
  const groups = new Map<number, Second[]>();
  for (const second of seconds) {
    if (second.perSecond === null) continue;
    const atS = Math.floor(second.atS / everyS) * everyS;
    groups.set(atS, [...(groups.get(atS) ?? []), second]);
  }
  return [...groups].reverse().map(([atS, group]) => {
    const names = [...new Set(group.flatMap(({ perSecond }) => Object.keys(perSecond)))];
    const mean = (name: string) => group.reduce((sum, each) => sum + (each.perSecond[name] ?? 0), 0) / group.length;
    const most = (of: 'p50Ms' | 'p99Ms') => {
      const known = group.flatMap((each) => each[of] ?? []);
      return known.length === 0 ? null : Math.max(...known);
    };
    const perSecond = Object.fromEntries(names.map((name) => [name, mean(name)]));
    return { atS, perSecond, p50Ms: most('p50Ms'), p99Ms: most('p99Ms') };
  });
}
