import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { AppError } from '../shared/core/errors.ts';
import { printableLines } from '../shared/core/printable.ts';
import { createLogger } from '../shared/runtime/observe/logger.ts';
import { logNameOf, logs } from './engine-settings.ts';
import { moveData } from './move-log.ts';
import { formerSettings, readConfig } from './settings.ts';
import { startBlock } from './start-block.ts';
import { explain } from './start-error.ts';
import { type Part, parts, type RunningStore, startStore } from './start-store.ts';
import { startThreaded } from './start-threaded.ts';
import { watchStarter } from './starter.ts';

export { runSecondThread } from './start-threaded.ts';

const USAGE = `Usage: node dist/functions/main.js [--log embedded | kafka] [${parts.join(' | ')}]

Starts the named parts of the store, or the whole store in one process when no part is named. --log is the setting LOG.
Settings come from the environment; .env.example lists them.`;
const USAGE_CODE = 2;
/** The same signal again within this time is the same one: a service manager sends it to each process, and npm sends it on. */
const SAME_SIGNAL_MS = 500;
/** How long a start that was told to stop may take to close what it has opened. */
const ABORT_MS = 10_000;

class UsageError extends AppError {
  constructor(problem: string) {
    super('invalid_request', `${problem}\n${USAGE}`);
  }
}

/** Takes `--log NAME` out of the arguments. It stands above the setting, also for the threads that read it. */
function withoutLog(args: readonly string[]): readonly string[] {
  const at = args.findIndex((arg) => arg === '--log' || arg.startsWith('--log='));
  const given = args[at];
  if (given === undefined) return args;
  const value = given === '--log' ? args[at + 1] : given.slice('--log='.length);
  if (value === undefined || value === '') throw new UsageError('--log needs the name of a log');
  if (!(logs as readonly string[]).includes(value)) throw new UsageError(`there is no log ${value}`);
  const others = args.toSpliced(at, given === '--log' ? 2 : 1);
  if (others.some((arg) => /^--log(?:=|$)/.test(arg))) throw new UsageError('--log is there twice');
  process.env['LOG'] = value;
  return others;
}

function partsToStart(args: readonly string[]): readonly Part[] {
  const unknown = args.filter((arg) => !(parts as readonly string[]).includes(arg));
  const [option] = unknown.filter((arg) => arg.startsWith('-'));
  if (option !== undefined) throw new UsageError(`there is no option ${option}`);
  if (unknown.length > 0) throw new UsageError(`there is no part ${unknown.join(', ')}`);
  const [twice] = args.filter((arg, at) => args.indexOf(arg) !== at);
  if (twice !== undefined) throw new UsageError(`the part ${twice} is named twice`);
  return parts.filter((part) => args.includes(part));
}

/** What signals do: during the start they abort it, later they stop the store; a second one ends the process at once. */
class Signals {
  readonly #starting = new AbortController();
  #stop: (() => Promise<void>) | null = null;
  #first: { readonly signal: NodeJS.Signals; readonly atMs: number } | null = null;

  constructor() {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => this.#take(signal));
    // No second signal: the store may be stopping already.
    watchStarter(() => this.#first !== null || this.#take('SIGTERM'));
  }

  /** Aborts the start, with an error that names the signal. */
  get starting(): AbortSignal {
    return this.#starting.signal;
  }

  /** From now on a signal calls `stop`, and the process ends with code 0. */
  started(stop: () => Promise<void>): void {
    this.#stop = stop;
  }

  #take(signal: NodeJS.Signals): void {
    const nowMs = performance.now();
    if (this.#first?.signal === signal && nowMs - this.#first.atMs < SAME_SIGNAL_MS) return;
    if (this.#first !== null) process.exit(1);
    this.#first = { signal, atMs: nowMs };
    if (this.#stop === null) {
      process.exitCode = 128 + constants.signals[signal];
      setTimeout(() => fail(this.#starting.signal.reason), ABORT_MS).unref();
      this.#starting.abort(new AppError('unavailable', `stopped by ${signal} during the start; nothing is left open`));
    } else {
      this.#stop().then(() => process.exit(0), fail);
    }
  }
}

function unwritable({ message }: Error): AppError {
  return new AppError('unavailable', `the output cannot be written: ${message}`);
}

function fail(error: unknown): never {
  process.stderr.write(`saga-store: ${printableLines(explain(error).error)}\n`);
  process.exit(error instanceof UsageError ? USAGE_CODE : process.exitCode || 1);
}

/**
 * Runs the program until a signal stops it.
 * @param second the thread that runs a part of the whole store, begun already; null where one thread runs all
 * @returns the store that runs, or null where only the usage was asked for; the process ends when it cannot be started
 */
export async function runProgram(args: readonly string[], second: Worker | null): Promise<RunningStore | null> {
  // There is no other place left to say so, and the store does not depend on what it says.
  process.stderr.on('error', () => undefined);
  return run(args, second).catch(fail);
}

async function run(args: readonly string[], second: Worker | null): Promise<RunningStore | null> {
  if (args.includes('--help') || args.includes('-h')) {
    // A reader that has closed its end has all that it wants.
    process.stdout.on('error', (error: NodeJS.ErrnoException) => error.code === 'EPIPE' || fail(unwritable(error)));
    process.stdout.write(`${USAGE}\n`);
    return null;
  }
  const names = withoutLog(args);
  const here = partsToStart(names);
  const signals = new Signals();
  const started = Number(process.env['SAGA_STORE_STARTED_MS']);
  const startedMs = started > 0 ? started : performance.timeOrigin;
  const config = readConfig(process.env);
  const { logger, output } = createLogger(config.LOG_LEVEL);
  for (const sentence of formerSettings(process.env)) logger.warn(sentence);
  // A part alone moves nothing: the others may run elsewhere with other settings.
  const movedFrom = names.length === 0 ? await moveData(config) : null;
  if (movedFrom !== null) logger.info(`the data moved from the log ${movedFrom} to ${logNameOf(config)}`);
  const store =
    second === null
      ? await startStore(names.length === 0 ? parts : here, config, logger, { signal: signals.starting })
      : await startThreaded(second, config, logger, signals.starting);
  signals.started(async () => {
    await store.stop();
    await output.flush();
  });
  const userAgent = process.env['npm_config_user_agent'];
  const hasScripts = existsSync('shared/tools/run.mjs');
  output.write(startBlock(store, config, { userAgent, hasScripts, startedMs, nowMs: Date.now() }));
  return store;
}
