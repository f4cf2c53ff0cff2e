import { resolve } from 'node:path';
import { AppError, ConfigError } from '../shared/core/errors.ts';
import { describeError } from '../shared/runtime/observe/error-report.ts';
import { createLogger } from '../shared/runtime/observe/logger.ts';
import { type Config, formerSettings, readConfig } from './settings.ts';
import { type Part, parts, type RunningStore, startStore } from './start-store.ts';
import { startThreaded } from './start-threaded.ts';

const USAGE = `Usage: node dist/functions/main.js [${parts.join(' | ')}]

Starts the named parts of the store, or the whole store in one process when no part is named.
Settings come from the environment; .env.example lists them.`;

function partsToStart(args: readonly string[]): readonly Part[] {
  if (args.length === 0) return parts;
  const unknown = args.filter((arg) => !(parts as readonly string[]).includes(arg));
  if (unknown.length > 0) throw new AppError('invalid_request', `there is no part ${unknown.join(', ')}\n${USAGE}`);
  return parts.filter((part) => args.includes(part));
}

/** The text after the start: addresses and commands to try. `startedMs`: when the start began, in ms since 1970. */
function startBlock(store: RunningStore, config: Config, startedMs: number): string {
  const rows: [name: string, place: string][] = [...store.urls];
  const gateway = store.urls.get('gateway');
  if (gateway !== undefined) rows.push(['API docs', `${gateway}/docs`]);
  const lines = [...rows, ['data', resolve(config.DATA_DIR)] as const].map(
    ([name, place]) => `  ${name.padEnd(14)}${place}`,
  );
  const hints = [
    'npm run post-order-1     place an order and see it confirmed (again and again: stock moves once)',
    `curl ${gateway}/stock   see what is left`,
    'npm run prove            check the ledger',
  ];
  return [
    '',
    `saga-store is up after ${((Date.now() - startedMs) / 1000).toFixed(2)} s`,
    '',
    ...lines,
    ...(gateway === undefined ? [] : ['', 'Try next', ...hints.map((hint) => `  ${hint}`)]),
    '',
    '',
  ].join('\n');
}

/** Stops in order on the first signal, and exits at once on the second. */
function stopOnSignals(stop: () => Promise<void>, flush: () => void): void {
  let isStopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (isStopping) process.exit(1);
      isStopping = true;
      stop().then(
        () => {
          flush();
          process.exit(0);
        },
        (error: unknown) => fail(error),
      );
    });
  }
}

function fail(error: unknown): never {
  const isExpected = error instanceof AppError || error instanceof ConfigError;
  process.stderr.write(`saga-store: ${isExpected ? error.message : describeError(error)}\n`);
  process.exit(1);
}

async function main(): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const started = Number(process.env['SAGA_STORE_STARTED_MS']);
  const startedMs = started > 0 ? started : performance.timeOrigin;
  const config = readConfig(process.env);
  const { logger, flush } = createLogger(config.LOG_LEVEL);
  for (const sentence of formerSettings(process.env)) logger.warn(sentence);
  const store =
    args.length === 0 ? await startThreaded(config, logger) : await startStore(partsToStart(args), config, logger);
  stopOnSignals(() => store.stop(), flush);
  process.stdout.write(startBlock(store, config, startedMs));
}

main().catch(fail);
