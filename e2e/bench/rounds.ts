/**
 * The rounds: both programs are up and warm, and take turns, so that disturbances of the machine (another process,
 * heat) affect both. The order changes each round. Ratios are computed within a round, then their median.
 */
import { rmSync } from 'node:fs';
import { closedLoop, openLoop, orderIds, quantile } from './client.ts';
import { fillStock, readSold, settleAndCheck } from './counts.ts';
import type { Server } from './servers.ts';

export type Measure = 'finished' | 'accepted' | 'latency';

export interface Contestant<Name extends string> {
  readonly name: Name;
  readonly start: () => Promise<Server>;
}

export interface Durations {
  readonly rounds: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly latencyMs: number;
}

/** The figures of one program in one round; a figure that was not measured is null. */
export interface RoundFigures {
  readonly finishedPerS: number | null;
  readonly acceptedPerS: number | null;
  readonly latenciesMs: readonly number[];
  /** Processor time of the server per finished order, over all its steps. */
  readonly cpuMicrosPerOrder: number | null;
}

export interface Rounds<Name extends string> {
  readonly figures: Readonly<Record<Name, readonly RoundFigures[]>>;
  /** A sentence for each difference in the ledger. */
  readonly wrong: readonly string[];
}

export async function runRounds<Name extends string>(
  contestants: readonly Contestant<Name>[],
  measures: readonly Measure[],
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
      const kinds = measures.filter((measure) => measure !== 'latency');
      wrong.push(...(await runRound(server, nextId, kinds, warmUp)).wrong);
    }
    for (let round = 1; round <= durations.rounds; round++) {
      for (const { name } of round % 2 === 1 ? contestants : contestants.toReversed()) {
        const result = await runRound(servers.get(name) as Server, nextId, measures, durations);
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

/** The median of a figure over the rounds; NaN when it was not measured. */
export function medianOf(rounds: readonly RoundFigures[], figure: (round: RoundFigures) => number | null): number {
  return quantile(
    rounds.flatMap((round) => figure(round) ?? []),
    0.5,
  );
}

/** The median of the ratio a / b of a figure over the rounds; NaN when one was not measured. */
export function medianRatio(
  a: readonly RoundFigures[],
  b: readonly RoundFigures[],
  figure: (round: RoundFigures) => number | null,
): number {
  const ratios = a.flatMap((round, at) => {
    const other = b[at];
    const dividend = figure(round);
    const divisor = other === undefined ? null : figure(other);
    return dividend === null || divisor === null ? [] : [dividend / divisor];
  });
  return quantile(ratios, 0.5);
}

async function runRound(
  server: Server,
  nextId: () => string,
  measures: readonly Measure[],
  { measureMs, latencyMs }: Pick<Durations, 'measureMs' | 'latencyMs'>,
): Promise<{ readonly figures: RoundFigures; readonly wrong: readonly string[] }> {
  const wrong: string[] = [];
  let finishedPerS: number | null = null;
  let acceptedPerS: number | null = null;
  let cpuMicrosPerOrder: number | null = null;
  let latenciesMs: readonly number[] = [];

  async function checked(load: () => Promise<number>): Promise<void> {
    const before = await readSold(server.port);
    wrong.push(...(await settleAndCheck(server.port, before, await load())));
  }

  if (measures.includes('finished')) {
    const cpuBefore = server.cpuMicros();
    let orders = 0;
    await checked(async () => {
      const load = await closedLoop(server.port, nextId, measureMs, true);
      finishedPerS = load.perSecond;
      orders = load.orders;
      return orders;
    });
    const cpuAfter = server.cpuMicros();
    if (cpuBefore !== null && cpuAfter !== null) cpuMicrosPerOrder = (cpuAfter - cpuBefore) / orders;
  }
  if (measures.includes('accepted')) {
    await checked(async () => {
      const load = await closedLoop(server.port, nextId, measureMs, false);
      acceptedPerS = load.perSecond;
      return load.orders;
    });
  }
  if (measures.includes('latency')) {
    await checked(async () => {
      latenciesMs = await openLoop(server.port, nextId, latencyMs);
      // Plus the uncounted order that is sent first.
      return latenciesMs.length + 1;
    });
  }
  return { figures: { finishedPerS, acceptedPerS, latenciesMs, cpuMicrosPerOrder }, wrong };
}

function describe({ finishedPerS, acceptedPerS, latenciesMs }: RoundFigures): string {
  const parts: string[] = [];
  if (finishedPerS !== null) parts.push(`${Math.round(finishedPerS)} finished/s`);
  if (acceptedPerS !== null) parts.push(`${Math.round(acceptedPerS)} accepted/s`);
  if (latenciesMs.length > 0) parts.push(`p50 ${quantile(latenciesMs, 0.5).toFixed(1)} ms`);
  return parts.join(', ');
}
