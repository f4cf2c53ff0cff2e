/**
 * `yarn bench`: compares the speed of the store with a minimal reference program, on this machine.
 *
 * Speed is not a test: the exit code only reports whether the ledger was right.
 */
import { cpus } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { closedLoop, IN_FLIGHT, OPEN_LOOP_PER_S, orderIds, quantile } from './client.ts';
import { fillStock, readSold, settleAndCheck } from './counts.ts';
import { fillStore } from './fill.ts';
import { AIMS, FULL, type Plan, QUICK } from './plan.ts';
import { measurePoison } from './poison.ts';
import { type Row, renderSection, renderVerdict, rowOf, type Section } from './report.ts';
import { medianOf, medianRatio, type RoundFigures, runRounds } from './rounds.ts';
import { compileSlowFlush, newDataDir, type Side, startServer, timeToFirstOrder } from './servers.ts';

interface Part {
  readonly section: Section | null;
  readonly notes: readonly string[];
  readonly wrong: readonly string[];
}

const SEED_ORDERS_MS = 200;
const SIDES: readonly Side[] = ['ours', 'reference'];
const VERSUS = ['ours', 'reference'] as const;

const program = new Command('bench')
  .description(
    'Compares the store with a minimal reference program over HTTP, in turns, and checks the ledger of both.',
  )
  .option('--quick', 'shorter rounds and a smaller large store; takes under a minute')
  .option('--json', 'print one JSON object instead of tables')
  .option('--only <side>', 'measure only one program, ours or reference, and skip the other parts', parseSide)
  .parse();
const options = program.opts<{ quick?: true; json?: true; only?: Side }>();

function parseSide(value: string): Side {
  if (value === 'ours' || value === 'reference') return value;
  throw new InvalidArgumentError('Use ours or reference.');
}

function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
}

const finishedPerS = (round: RoundFigures) => round.finishedPerS;
const acceptedPerS = (round: RoundFigures) => round.acceptedPerS;
const cpuMicros = (round: RoundFigures) => round.cpuMicrosPerOrder;

function p50Ms({ latenciesMs }: RoundFigures): number | null {
  return latenciesMs.length === 0 ? null : quantile(latenciesMs, 0.5);
}

/** Over all rounds together: a single round is too short for a 99th percentile. */
function p99Ms(rounds: readonly RoundFigures[]): number {
  return quantile(
    rounds.flatMap(({ latenciesMs }) => latenciesMs),
    0.99,
  );
}

async function sideBySide(plan: Plan, sides: readonly Side[]): Promise<Part> {
  const contestants = sides.map((name) => ({ name, start: () => startServer(name, newDataDir()) }));
  const { figures, wrong } = await runRounds(contestants, ['finished', 'accepted', 'latency'], plan, progress);
  const ours = figures.ours ?? [];
  const reference = figures.reference ?? [];
  const row = (measure: string, unit: string, figure: (round: RoundFigures) => number | null, aim: Row['aim']) =>
    rowOf({
      measure,
      unit,
      ours: medianOf(ours, figure),
      against: medianOf(reference, figure),
      ratio: medianRatio(ours, reference, figure),
      aim,
    });
  const p99 = { ours: p99Ms(ours), against: p99Ms(reference) };
  const rows = [
    row(`finished, ${IN_FLIGHT} in flight`, 'orders/s', finishedPerS, AIMS.finished),
    row(`accepted, ${IN_FLIGHT} in flight`, 'orders/s', acceptedPerS, AIMS.accepted),
    row(`POST to notice at ${OPEN_LOOP_PER_S}/s, p50`, 'ms', p50Ms, AIMS.latencyP50),
    rowOf({ measure: 'POST to notice, p99', unit: 'ms', ...p99, ratio: p99.ours / p99.against, aim: null }),
    row('processor time per finished order', 'µs', cpuMicros, null),
  ];
  return { section: { title: 'speed', columns: VERSUS, rows }, notes: [], wrong };
}

async function withSlowFlush(plan: Plan): Promise<Part> {
  const library = compileSlowFlush();
  if (library === null) {
    const note = 'NOT MEASURED: 2 ms more for each flush. This part needs Linux with a C compiler (cc) and glibc.';
    return { section: null, notes: [note], wrong: [] };
  }
  const contestants = SIDES.map((name) => ({ name, start: () => startServer(name, newDataDir(), library) }));
  const durations = { ...plan, measureMs: plan.slowMeasureMs };
  const { figures, wrong } = await runRounds(contestants, ['finished'], durations, progress);
  const row = rowOf({
    measure: `finished, ${IN_FLIGHT} in flight`,
    unit: 'orders/s',
    ours: medianOf(figures.ours, finishedPerS),
    against: medianOf(figures.reference, finishedPerS),
    ratio: medianRatio(figures.ours, figures.reference, finishedPerS),
    aim: AIMS.slowFlushFinished,
  });
  return { section: { title: '2 ms more for each flush', columns: VERSUS, rows: [row] }, notes: [], wrong };
}

async function withLargeStore(plan: Plan): Promise<Part> {
  const orders = plan.storedOrders.toLocaleString('en-US');
  const largeDir = newDataDir();
  const seed = await startServer('ours', largeDir);
  await fillStock(seed.port);
  const soldBefore = await readSold(seed.port);
  const { orders: seeded } = await closedLoop(seed.port, orderIds(), SEED_ORDERS_MS, true);
  const seedWrong = await settleAndCheck(seed.port, soldBefore, seeded);
  await seed.stop();
  progress(`filling a store with ${orders} orders`);
  fillStore(largeDir, plan.storedOrders);
  const { figures, wrong } = await runRounds(
    [
      { name: 'large' as const, start: () => startServer('ours', largeDir) },
      { name: 'empty' as const, start: () => startServer('ours', newDataDir()) },
    ],
    ['finished'],
    { ...plan, measureMs: plan.largeMeasureMs },
    progress,
  );
  const row = rowOf({
    measure: `finished, ${IN_FLIGHT} in flight`,
    unit: 'orders/s',
    ours: medianOf(figures.large, finishedPerS),
    against: medianOf(figures.empty, finishedPerS),
    ratio: medianRatio(figures.large, figures.empty, finishedPerS),
    aim: AIMS.largeStore,
  });
  const columns = [`${orders} stored`, 'empty'] as const;
  return { section: { title: 'large store', columns, rows: [row] }, notes: [], wrong: [...seedWrong, ...wrong] };
}

async function withPoisonedOrder(plan: Plan): Promise<Part> {
  const poisoned = await startServer('ours', newDataDir());
  const clean = await startServer('ours', newDataDir());
  for (const server of [poisoned, clean]) await fillStock(server.port);
  const durations = { rounds: plan.poisonRounds, roundMs: plan.poisonMs };
  const { orders, withPoisonMs, withoutMs } = await measurePoison(poisoned, clean, durations);
  for (const server of [poisoned, clean]) await server.stop();
  const measure = 'POST to notice of the others, p99';
  const ratio = withPoisonMs / withoutMs;
  const row = rowOf({ measure, unit: 'ms', ours: withPoisonMs, against: withoutMs, ratio, aim: AIMS.poisonedP99 });
  progress(`a poisoned order: p99 ${withPoisonMs.toFixed(1)} ms with it, ${withoutMs.toFixed(1)} ms without`);
  const columns = ['with it', 'without'] as const;
  const title = `one poisoned order among ${orders.toLocaleString('en-US')}`;
  return { section: { title, columns, rows: [row] }, notes: [], wrong: [] };
}

async function starts(plan: Plan): Promise<Part> {
  const medians = { ours: Number.NaN, reference: Number.NaN };
  for (const side of SIDES) {
    const timesMs: number[] = [];
    for (let n = 0; n < plan.starts; n++) timesMs.push(await timeToFirstOrder(side));
    medians[side] = quantile(timesMs, 0.5);
    progress(`${side}: first order accepted after ${Math.round(medians[side])} ms`);
  }
  const { ours, reference } = medians;
  const measure = `process start to first order accepted, median of ${plan.starts}`;
  const row = rowOf({ measure, unit: 'ms', ours, against: reference, ratio: ours / reference, aim: null });
  return { section: { title: 'start', columns: VERSUS, rows: [row] }, notes: [], wrong: [] };
}

function print(parts: readonly Part[], plan: Plan, elapsedMs: number): void {
  const sections = parts.flatMap(({ section }) => section ?? []);
  const notes = parts.flatMap((part) => part.notes);
  const wrong = parts.flatMap((part) => part.wrong);
  const machine = `${cpus()[0]?.model ?? 'unknown processor'} × ${cpus().length}, Node ${process.version}`;
  if (options.json === true) {
    console.log(JSON.stringify({ machine, plan, elapsedMs: Math.round(elapsedMs), sections, notes, wrong }, null, 2));
    return;
  }
  console.log(`${machine}; ${plan.rounds} rounds, programs in turns; medians`);
  for (const section of sections) console.log(renderSection(section));
  for (const { title, rows } of sections) {
    for (const row of rows) {
      const verdict = renderVerdict(title, row);
      if (verdict !== null) console.log(verdict);
    }
  }
  for (const note of notes) console.log(note);
  console.log(wrong.length === 0 ? 'ledger: right after every round' : `ledger: WRONG\n  ${wrong.join('\n  ')}`);
  console.log(`took ${(elapsedMs / 1000).toFixed(1)} s`);
}

async function main(): Promise<void> {
  const startMs = performance.now();
  const plan = options.quick === true ? QUICK : FULL;
  const parts: Part[] = [await sideBySide(plan, options.only === undefined ? SIDES : [options.only])];
  if (options.only === undefined) {
    parts.push(
      await withSlowFlush(plan),
      await withLargeStore(plan),
      await withPoisonedOrder(plan),
      await starts(plan),
    );
  }
  print(parts, plan, performance.now() - startMs);
  // The exit hook kills the child processes and removes the folders.
  process.exit(parts.some(({ wrong }) => wrong.length > 0) ? 1 : 0);
}

await main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exit(1);
});
