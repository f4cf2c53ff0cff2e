/**
 * The rounds: both programs are up and warm, and take turns, so that disturbances of the machine (another process,
 * heat) affect both. The order changes each round. Ratios are computed within a round, then their median.
 */
import { rmSync } from 'node:fs';
import { closedLoop, openLoop, orderIds, quantile } from './client.ts';
import { fillStock, readSold, settleAndCheck } from './counts.ts';
import { LOADS, type Load } from './plan.ts';
import type { Server } from './servers.ts';

export interface Contestant<Name extends string> {
  readonly name: Name;
  readonly start: () => Promise<Server>;
}

export interface Durations {
  readonly rounds: number;
  readonly warmUpMs: number;
  /** Of a closed loop. */
  readonly measureMs: number;
  /** Of an open loop. */
  readonly latencyMs: number;
}

/** What one load has shown of one program in one round. */
export interface LoadFigures {
  /** Orders per second; null for an open loop. */
  readonly perS: number | null;
  /** From POST to the final notice; empty for a closed loop. */
  readonly latenciesMs: readonly number[];
  /** Processor time of all processes of the program per order, all its steps included; null where it is not known. */
  readonly cpuMicrosPerOrder: number | null;
}

/** Loads that were not measured are missing. */
export type RoundFigures = Readonly<Partial<Record<Load, LoadFigures>>>;

export interface Rounds<Name extends string> {
  readonly figures: Readonly<Record<Name, readonly RoundFigures[]>>;
  /** A sentence for each difference in the ledger. */
  readonly wrong: readonly string[];
}

export async function runRounds<Name extends string>(
  contestants: readonly Contestant<Name>[],
  loads: readonly Load[],
  durations: Durations,
  progress: (line: string) => void,
): Promise<Rounds<Name>> {
  const figures = Object.fromEntries(contestants.map(({ name }) => [name, []])) as unknown as Record<
    Name,
    RoundFigures[]
  >;
  const wrong: string[] = [];
  const servers = new Map<Name, Server>();
  const nextId = orderIds();
  try {
    for (const { name, start } of contestants) {
      const server = await start();
      servers.set(name, server);
      await fillStock(server.port);
      progress(`${name}: warming up`);
      const warmUp = { measureMs: durations.warmUpMs, latencyMs: 0 };
      const closed = loads.filter((load) => 'inFlight' in LOADS[load]);
      wrong.push(...(await runRound(server, nextId, closed, warmUp)).wrong);
    }
    for (let round = 1; round <= durations.rounds; round++) {
      for (const { name } of round % 2 === 1 ? contestants : contestants.toReversed()) {
        const result = await runRound(servers.get(name) as Server, nextId, loads, durations);
        figures[name].push(result.figures);
        wrong.push(...result.wrong.map((sentence) => `${name}, round ${round}: ${sentence}`));
        progress(`${name}: round ${round} of ${durations.rounds}, ${describe(result.figures)}`);
      }
    }
  } finally {
    for (const server of servers.values()) {
      await server.stop();
      rmSync(server.dataDir, { recursive: true, force: true });
    }
  }
  return { figures, wrong };
}

export type Figure = (round: RoundFigures) => number | null;

/** The median of a figure over the rounds; NaN when it was not measured. */
export function medianOf(rounds: readonly RoundFigures[], figure: Figure): number {
  return quantile(
    rounds.flatMap((round) => figure(round) ?? []),
    0.5,
  );
}

/** The ratios a / b of a figure, one for each round in which both were measured. */
export function ratiosOf(a: readonly RoundFigures[], b: readonly RoundFigures[], figure: Figure): readonly number[] {
  return a.flatMap((round, at) => {
    const other = b[at];
    const dividend = figure(round);
    const divisor = other === undefined ? null : figure(other);
    return dividend === null || divisor === null ? [] : [dividend / divisor];
  });
}

async function runRound(
  server: Server,
  nextId: () => string,
  loads: readonly Load[],
  durations: Pick<Durations, 'measureMs' | 'latencyMs'>,
): Promise<{ readonly figures: RoundFigures; readonly wrong: readonly string[] }> {
  const wrong: string[] = [];
  const figures: Partial<Record<Load, LoadFigures>> = {};
  for (const load of loads) {
    const soldBefore = await readSold(server.port);
    const cpuBefore = server.cpuMicros();
    const { orders, perS, latenciesMs } = await applyLoad(server.port, nextId, load, durations);
    wrong.push(...(await settleAndCheck(server.port, soldBefore, orders)));
    const cpuAfter = server.cpuMicros();
    const cpuMicrosPerOrder = cpuBefore === null || cpuAfter === null ? null : (cpuAfter - cpuBefore) / orders;
    figures[load] = { perS, latenciesMs, cpuMicrosPerOrder };
  }
  return { figures, wrong };
}

async function applyLoad(
  port: number,
  nextId: () => string,
  load: Load,
  { measureMs, latencyMs }: Pick<Durations, 'measureMs' | 'latencyMs'>,
): Promise<{ readonly orders: number; readonly perS: number | null; readonly latenciesMs: readonly number[] }> {
  const kind = LOADS[load];
  if ('perS' in kind) {
    const latenciesMs = await openLoop(port, nextId, { durationMs: latencyMs, perS: kind.perS });
    // Plus the uncounted order that is sent first.
    return { orders: latenciesMs.length + 1, perS: null, latenciesMs };
  }
  const { orders, perSecond } = await closedLoop(port, nextId, { ...kind, durationMs: measureMs });
  return { orders, perS: perSecond, latenciesMs: [] };
}

function describe(figures: RoundFigures): string {
  const parts = Object.entries(figures).map(([load, { perS, latenciesMs }]) => {
    if (perS !== null) return `${Math.round(perS)} ${load}/s`;
    return `${load} p50 ${quantile(latenciesMs, 0.5).toFixed(1)} ms`;
  });
  return parts.join(', ');
}
