/** The parts of the bench: each starts its programs, measures, and returns a table. */
import { closedLoop, orderIds, quantile } from './client.ts';
import { fillStock, readSold, settleAndCheck } from './counts.ts';
import { fillStore } from './fill.ts';
import { AIMS, LOADS, type Load, type Plan, type SideAims } from './plan.ts';
import { measurePoison } from './poison.ts';
import { type Row, rowOf, type Section } from './report.ts';
import { type Figure, medianOf, type RoundFigures, ratiosOf, runRounds } from './rounds.ts';
import { compileSlowFlush, newDataDir, OURS, type Program, startServer, timeToFirstOrder } from './servers.ts';
import { watched } from './watcher.ts';

export interface Part {
  readonly section: Section | null;
  readonly notes: readonly string[];
  /** A sentence for each difference in a ledger. */
  readonly wrong: readonly string[];
}

export type Progress = (line: string) => void;

/** `aims`: null where the other program is not the reference. */
export interface Comparison {
  readonly aims: SideAims | null;
  readonly progress: Progress;
}

const SEED = { inFlight: 64, durationMs: 200, end: 'outcome' } as const;

const perS =
  (load: Load): Figure =>
  (round) =>
    round[load]?.perS ?? null;
const cpuMicros =
  (load: Load): Figure =>
  (round) =>
    round[load]?.cpuMicrosPerOrder ?? null;
const latency =
  (load: Load, share: number): Figure =>
  (round) => {
    const latenciesMs = round[load]?.latenciesMs ?? [];
    return latenciesMs.length === 0 ? null : quantile(latenciesMs, share);
  };

type Rounds = readonly RoundFigures[];

/** Two programs, or one, by the median of each figure over the rounds. */
function figureRow(
  [ours, against]: readonly [Rounds, Rounds],
  { measure, unit, figure, aim }: Pick<Row, 'measure' | 'unit' | 'aim'> & { readonly figure: Figure },
): Row {
  const ratios = ratiosOf(ours, against, figure);
  return rowOf({
    measure,
    unit,
    ours: medianOf(ours, figure),
    against: medianOf(against, figure),
    ratio: quantile(ratios, 0.5),
    spread: ratios.length > 1 ? [Math.min(...ratios), Math.max(...ratios)] : null,
    aim,
  });
}

/** A quantile over all rounds together: a single round is too short for it. */
function tailRow([ours, against]: readonly [Rounds, Rounds], measure: string, load: Load, share: number): Row {
  const of = (rounds: Rounds) =>
    quantile(
      rounds.flatMap((round) => round[load]?.latenciesMs ?? []),
      share,
    );
  const figures = { ours: of(ours), against: of(against) };
  return rowOf({ measure, unit: 'ms', ...figures, ratio: figures.ours / figures.against, spread: null, aim: null });
}

/** All loads, on two programs in turns, or on one alone. */
export async function sideBySide(
  plan: Plan,
  programs: readonly Program[],
  { aims, progress }: Comparison,
): Promise<Part> {
  const contestants = programs.map((program) => ({
    name: program.name,
    start: () => startServer(program, newDataDir()),
  }));
  const { figures, wrong } = await runRounds(contestants, Object.keys(LOADS) as Load[], plan, progress);
  const [first = 'ours', second = ''] = programs.map(({ name }) => name);
  const both = [figures[first] ?? [], figures[second] ?? []] as const;
  const row = (measure: string, unit: string, figure: Figure, aim: Row['aim'] = null) =>
    figureRow(both, { measure, unit, figure, aim });
  const { finished, quiet, busy } = LOADS;
  const rows = [
    row(`finished, ${finished.inFlight} in flight`, 'orders/s', perS('finished'), aims?.finished),
    row(`finished, ${LOADS['finished of many'].inFlight} in flight`, 'orders/s', perS('finished of many')),
    row('answered with the outcome, 64 in flight', 'orders/s', perS('answered')),
    row('accepted, 64 in flight', 'orders/s', perS('accepted'), aims?.accepted),
    row(`POST to notice at ${quiet.perS}/s, p50`, 'ms', latency('quiet', 0.5), aims?.quietP50),
    tailRow(both, `POST to notice at ${quiet.perS}/s, p99`, 'quiet', 0.99),
    row(`POST to notice at ${busy.perS}/s, p50`, 'ms', latency('busy', 0.5)),
    tailRow(both, `POST to notice at ${busy.perS}/s, p95`, 'busy', 0.95),
    tailRow(both, `POST to notice at ${busy.perS}/s, p99`, 'busy', 0.99),
    row('processor time per order, 64 in flight', 'µs', cpuMicros('finished')),
    row(`processor time per order at ${busy.perS}/s`, 'µs', cpuMicros('busy')),
  ];
  return { section: { title: 'speed', columns: [first, second], rows }, notes: [], wrong };
}

export async function withSlowFlush(
  plan: Plan,
  programs: readonly [Program, Program],
  { aims, progress }: Comparison,
): Promise<Part> {
  const library = compileSlowFlush();
  if (library === null) {
    const note = 'NOT MEASURED: 2 ms more for each flush. This part needs Linux with a C compiler (cc) and glibc.';
    return { section: null, notes: [note], wrong: [] };
  }
  const contestants = programs.map((program) => ({
    name: program.name,
    start: () => startServer(program, newDataDir(), library),
  }));
  const durations = { ...plan, measureMs: plan.slowMeasureMs };
  const { figures, wrong } = await runRounds(contestants, ['finished', 'answered'], durations, progress);
  const [first, second] = [programs[0].name, programs[1].name];
  const both = [figures[first] ?? [], figures[second] ?? []] as const;
  const aim = aims?.slowFlushFinished ?? null;
  const rows = [
    figureRow(both, { measure: 'finished, 64 in flight', unit: 'orders/s', figure: perS('finished'), aim }),
    figureRow(both, {
      measure: 'answered with the outcome, 64 in flight',
      unit: 'orders/s',
      figure: perS('answered'),
      aim: null,
    }),
  ];
  return { section: { title: '2 ms more for each flush', columns: [first, second], rows }, notes: [], wrong };
}

export async function withLargeStore(plan: Plan, progress: Progress): Promise<Part> {
  const orders = plan.storedOrders.toLocaleString('en-US');
  const largeDir = newDataDir();
  const seed = await startServer(OURS, largeDir);
  await fillStock(seed.port);
  const soldBefore = await readSold(seed.port);
  const { orders: seeded } = await closedLoop(seed.port, orderIds(), SEED);
  const seedWrong = await settleAndCheck(seed.port, soldBefore, seeded);
  await seed.stop();
  progress(`filling a store with ${orders} orders`);
  fillStore(largeDir, plan.storedOrders);
  const { figures, wrong } = await runRounds(
    [
      { name: 'large' as const, start: () => startServer(OURS, largeDir) },
      { name: 'empty' as const, start: () => startServer(OURS, newDataDir()) },
    ],
    ['finished'],
    { ...plan, measureMs: plan.largeMeasureMs },
    progress,
  );
  const measure = 'finished, 64 in flight';
  const row = figureRow([figures.large, figures.empty], {
    measure,
    unit: 'orders/s',
    figure: perS('finished'),
    aim: AIMS.largeStore,
  });
  const columns = [`${orders} stored`, 'empty'] as const;
  return { section: { title: 'large store', columns, rows: [row] }, notes: [], wrong: [...seedWrong, ...wrong] };
}

/** The store with its console open, against the store alone. */
export async function whileWatched(plan: Plan, program: Program, progress: Progress): Promise<Part> {
  const start = () => startServer(program, newDataDir());
  const contestants = [
    { name: 'watched' as const, start: async () => watched(await start()) },
    { name: 'alone' as const, start },
  ];
  const { figures, wrong } = await runRounds(contestants, ['finished'], plan, progress);
  const measure = 'finished, 64 in flight';
  const both = [figures.watched, figures.alone] as const;
  const rows = [figureRow(both, { measure, unit: 'orders/s', figure: perS('finished'), aim: AIMS.watched })];
  return { section: { title: 'with the console open', columns: ['watched', 'alone'], rows }, notes: [], wrong };
}

export async function withPoisonedOrder(plan: Plan, program: Program, progress: Progress): Promise<Part> {
  const poisoned = await startServer(program, newDataDir());
  const clean = await startServer(program, newDataDir());
  for (const server of [poisoned, clean]) await fillStock(server.port);
  const durations = { rounds: plan.poisonRounds, roundMs: plan.poisonMs };
  const { orders, withPoisonMs, withoutMs } = await measurePoison(poisoned, clean, durations);
  for (const server of [poisoned, clean]) await server.stop();
  const measure = 'POST to notice of the others, p99';
  const figures = { ours: withPoisonMs, against: withoutMs, ratio: withPoisonMs / withoutMs };
  const row = rowOf({ measure, unit: 'ms', ...figures, spread: null, aim: AIMS.poisonedP99 });
  progress(`a poisoned order: p99 ${withPoisonMs.toFixed(1)} ms with it, ${withoutMs.toFixed(1)} ms without`);
  const columns = ['with it', 'without'] as const;
  const title = `one poisoned order among ${orders.toLocaleString('en-US')}`;
  return { section: { title, columns, rows: [row] }, notes: [], wrong: [] };
}

export async function starts(plan: Plan, programs: readonly [Program, Program], progress: Progress): Promise<Part> {
  const medianMs = async (program: Program) => {
    const timesMs: number[] = [];
    for (let n = 0; n < plan.starts; n++) timesMs.push(await timeToFirstOrder(program));
    const median = quantile(timesMs, 0.5);
    progress(`${program.name}: first order accepted after ${Math.round(median)} ms`);
    return median;
  };
  const ours = await medianMs(programs[0]);
  const against = await medianMs(programs[1]);
  const measure = `process start to first order accepted, median of ${plan.starts}`;
  const row = rowOf({ measure, unit: 'ms', ours, against, ratio: ours / against, spread: null, aim: null });
  const columns = [programs[0].name, programs[1].name] as const;
  return { section: { title: 'start', columns, rows: [row] }, notes: [], wrong: [] };
}
