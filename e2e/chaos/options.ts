/** The command line options of `npm run chaos`. */
import { randomInt } from 'node:crypto';
import { InvalidArgumentError, Option } from 'commander';
import { parseArguments, toolCommand, wholeNumber } from '../tools/command-line.ts';
import { scriptFor, type Terminal } from '../tools/store-client.ts';
import { type FaultKind, faultKinds, type Target, targets, targetsOf } from './plan.ts';

const RATE_DEFAULT = 50;
const RATE_MAX = 1_000;
const SEED_MAX = 2 ** 32 - 1;
const MINUTES_MAX = 24 * 60;

export interface Options {
  /** Null: until Ctrl-C. */
  readonly minutes: number | null;
  readonly seed: number;
  readonly ratePerS: number;
  readonly targets: readonly Target[];
  readonly kinds: readonly FaultKind[];
  readonly reportFile: string | null;
  readonly isJson: boolean;
  readonly keepsData: boolean;
}

const helpFor = (env: Terminal['env']) => `
Functions: ${targets.join(', ')}
Faults: kill (SIGKILL, then restart), freeze (SIGSTOP, then SIGCONT), stop (SIGTERM, then restart),
  full (the disk is full), clock (wrong by up to ten minutes), poison (messages about some orders fail),
  disk (calls on the data fail; only on Linux with a C compiler)

The run uses a store of its own, on free ports, with its data in a temporary folder; your store is not touched. Press
Ctrl-C to end the load and see the verdict, and again to quit at once. With LOG=kafka it has topics of its own at KAFKA_BROKERS.
Exit code: 0 when nothing was lost, doubled or unexpected and the ledger is right; 1 otherwise, also where the
store does not start; 2 for invalid options.

Example:
  ${scriptFor(env, 'chaos', '--minutes 1 --seed 7 --report chaos.html')}`;

interface ParsedOptions {
  readonly minutes?: number;
  readonly seed?: number;
  readonly rate: number;
  readonly only: readonly Target[];
  readonly faults: readonly FaultKind[];
  readonly report?: string;
  readonly json?: true;
  readonly keep?: true;
}

/** @throws {UsageError} for invalid arguments @throws {HelpShown} for `--help`, both after the text was printed */
export function readOptions(args: readonly string[], terminal: Terminal): Options {
  const command = toolCommand('chaos', terminal)
    .description(
      'Runs a store under load, injects faults into its processes at random, and checks that nothing was lost.',
    )
    .option('--minutes <n>', 'duration in minutes; fractions are allowed (default: until Ctrl-C)', minutes)
    .option('--seed <n>', 'repeat the plan of this seed (default: a new one, printed)', wholeNumber(0, SEED_MAX))
    .option('--rate <n>', 'client actions per second', wholeNumber(1, RATE_MAX), RATE_DEFAULT)
    .addOption(listOption('--only <functions>', 'inject faults only into these, separated by commas', targets))
    .addOption(listOption('--faults <kinds>', 'inject only these kinds of faults, separated by commas', faultKinds))
    .option('--report <file.html>', 'write a page that shows the whole run')
    .option('--json', 'print the verdict as JSON to stdout, and the progress to stderr')
    .option('--keep', 'keep the data folder')
    .addHelpText('after', helpFor(terminal.env));
  parseArguments(command, args, terminal);
  const given = command.opts<ParsedOptions>();
  if (!given.faults.some((kind) => targetsOf(kind, given.only).length > 0)) {
    command.error(
      `error: the gateway cannot have ${given.faults.join(', ')}: it writes no files and uses no clock or messages`,
    );
  }
  return toOptions(given);
}

function toOptions({ minutes, seed, rate, only, faults, report, json, keep }: ParsedOptions): Options {
  return {
    minutes: minutes ?? null,
    seed: seed ?? randomInt(2 ** 32),
    ratePerS: rate,
    targets: only,
    kinds: faults,
    reportFile: report ?? null,
    isJson: json === true,
    keepsData: keep === true,
  };
}

/** The command that repeats the plan, for the one who reads it. */
export function commandOf(options: Options, env: Terminal['env']): string {
  const { minutes, seed, ratePerS, targets: only, kinds } = options;
  const given = [
    ...(minutes === null ? [] : [`--minutes ${minutes}`]),
    `--seed ${seed}`,
    ...(ratePerS === RATE_DEFAULT ? [] : [`--rate ${ratePerS}`]),
    ...(only.length === targets.length ? [] : [`--only ${only.join(',')}`]),
    ...(kinds.length === faultKinds.length ? [] : [`--faults ${kinds.join(',')}`]),
  ];
  return scriptFor(env, 'chaos', ...given);
}

function minutes(text: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : 0;
  if (value > 0 && value <= MINUTES_MAX) return value;
  throw new InvalidArgumentError(`Use a number above 0, at most ${MINUTES_MAX}.`);
}

function listOption(flags: string, description: string, all: readonly string[]): Option {
  return new Option(flags, description).argParser(listOf(all)).default(all, 'all');
}

/** The named items in the order of `all`, so that the same choice makes the same plan. */
function listOf<Name extends string>(all: readonly Name[]): (text: string) => readonly Name[] {
  return (text) => {
    const named = text.split(',').map((name) => name.trim());
    const unknown = named.filter((name) => !(all as readonly string[]).includes(name));
    if (unknown.length === 0) return all.filter((name) => named.includes(name));
    throw new InvalidArgumentError(`Unknown: ${unknown.join(', ')}. Use ${all.join(', ')}.`);
  };
}
