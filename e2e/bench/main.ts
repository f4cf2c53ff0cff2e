/**
 * `npm run bench`: compares the speed of the store with a minimal reference program, or with another build of the store, on this
 * machine.
 *
 * Speed is not a test: the exit code only reports whether the ledger was right.
 */
import { cpus } from 'node:os';
import { Option } from 'commander';
import { printable } from '../../shared/core/printable.ts';
import { jsonText, parseArguments, runAsMain, toolCommand } from '../tools/command-line.ts';
import { StoreError, type Terminal } from '../tools/store-client.ts';
import { BenchBroker } from './broker.ts';
import {
  type Part,
  sideBySide,
  starts,
  whileWatched,
  withLargeStore,
  withPoisonedOrder,
  withSlowFlush,
} from './parts.ts';
import { FULL, type Plan, QUICK, SIDE_AIMS } from './plan.ts';
import { renderSection, renderVerdict } from './report.ts';
import { builtIn, OURS, type Program, REFERENCE, REFERENCE_ON_KAFKA } from './servers.ts';

const HELP = `
Both programs run on free ports, with their data in a temporary folder; your store is not touched. Speed is not judged.
In a broker of KAFKA_BROKERS the topics of the run stay; their names begin with "bench-".
Exit code: 0 when the ledger was right after every round, 1 when it was not or a program failed, 2 for invalid options.`;

interface Options {
  readonly quick?: true;
  readonly json?: true;
  readonly only?: string;
  readonly against?: string;
  readonly log: 'embedded' | 'kafka';
}

function readOptions(args: readonly string[], terminal: Terminal): Options {
  const only = new Option('--only <side>', 'measure only one program, ours or reference, and skip the other parts');
  const against = new Option(
    '--against <folder>',
    'compare with the store that is built in this checkout, and skip the other parts',
  );
  const log = new Option(
    '--log <log>',
    'where the messages are: embedded, or kafka (a broker for this run, or KAFKA_BROKERS)',
  );
  const command = toolCommand('bench', terminal)
    .description(
      'Compares the store with a minimal reference program over HTTP, in turns, and checks the ledger of both.',
    )
    .option('--quick', 'shorter rounds and a smaller large store; takes two minutes')
    .option('--json', 'print one JSON object instead of tables')
    .addOption(only.choices([OURS.name, REFERENCE.name]))
    .addOption(against.conflicts('only'))
    .addOption(log.choices(['embedded', 'kafka']).default('embedded'))
    .addHelpText('after', HELP);
  parseArguments(command, args, terminal);
  return command.opts<Options>();
}

function progress(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${line}\n`);
}

async function measure(plan: Plan, options: Options, terminal: Terminal): Promise<readonly Part[]> {
  if (options.log === 'embedded') return compare(plan, options, [OURS, REFERENCE], (program) => program);
  const broker = await BenchBroker.start(terminal.env, progress);
  try {
    const on = (program: Program) => broker.on(program);
    const parts = await compare(plan, options, [on(OURS), on(REFERENCE_ON_KAFKA)], on);
    if (options.only !== undefined || options.against !== undefined) return parts;
    // Only here: the client of Kafka takes a tenth of a second to load.
    const { relayAlone } = await import('./relay-alone.ts');
    return [...parts, await relayAlone(plan, () => broker.settings(), progress)];
  } finally {
    await broker.stop();
  }
}

/** @param on sets a program of another checkout up for the log */
async function compare(
  plan: Plan,
  { only, against, log }: Options,
  [ours, reference]: readonly [Program, Program],
  on: (program: Program) => Program,
): Promise<readonly Part[]> {
  if (only !== undefined) {
    return [await sideBySide(plan, [only === OURS.name ? ours : reference], { aims: null, progress })];
  }
  const other = against === undefined ? reference : on(builtIn(against));
  const compared = { aims: against === undefined ? SIDE_AIMS[log] : null, progress };
  const parts = [await sideBySide(plan, [ours, other], compared), await withSlowFlush(plan, [ours, other], compared)];
  if (against !== undefined) return parts;
  return [
    ...parts,
    // Written by hand are only the rows of a store that is its own log.
    ...(log === 'embedded' ? [await withLargeStore(plan, progress)] : []),
    await whileWatched(plan, ours, progress),
    await withPoisonedOrder(plan, ours, progress),
    await starts(plan, [ours, other], progress),
  ];
}

function print(
  parts: readonly Part[],
  plan: Plan,
  elapsedMs: number,
  { json }: Options,
  { out, ...terminal }: Terminal,
) {
  const sections = parts.flatMap(({ section }) => section ?? []);
  const notes = parts.flatMap((part) => part.notes);
  const wrong = parts.flatMap((part) => part.wrong);
  const machine = `${cpus()[0]?.model ?? 'unknown processor'} × ${cpus().length}, Node ${process.version}`;
  if (json === true) {
    out(jsonText({ machine, plan, elapsedMs: Math.round(elapsedMs), sections, notes, wrong }));
    return;
  }
  out(`${machine}; ${plan.rounds} rounds, programs in turns; medians, and the ratio of each round (least to most)`);
  for (const section of sections) out(renderSection(section, terminal));
  for (const { title, rows } of sections) {
    for (const row of rows) {
      const verdict = renderVerdict(title, row);
      if (verdict !== null) out(verdict);
    }
  }
  for (const note of notes) out(note);
  const differences = wrong.map((sentence) => `\n  ${printable(sentence)}`).join('');
  out(wrong.length === 0 ? 'ledger: right after every round' : `ledger: WRONG${differences}`);
  out(`took ${(elapsedMs / 1000).toFixed(1)} s`);
}

async function bench(args: readonly string[], terminal: Terminal): Promise<number> {
  const options = readOptions(args, terminal);
  const startMs = performance.now();
  const plan = options.quick === true ? QUICK : FULL;
  const parts = await measure(plan, options, terminal).catch((error: unknown) => {
    throw new StoreError(error instanceof Error ? error.message : String(error));
  });
  print(parts, plan, performance.now() - startMs, options, terminal);
  return parts.some(({ wrong }) => wrong.length > 0) ? 1 : 0;
}

// The exit hook kills the child processes and removes the folders.
await runAsMain(import.meta.url, bench, { endsAtOnce: true });
