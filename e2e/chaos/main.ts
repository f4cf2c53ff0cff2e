/** `yarn chaos`: injects faults into real processes under load and prints a verdict. */
import { accessSync, constants, existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CommanderError } from 'commander';
import { LiveLine, paintFor } from './live.ts';
import { type Options, readOptions } from './options.ts';
import { pageOf } from './page/page.ts';
import { ChaosError, ChaosRun } from './run.ts';
import { verdictText } from './verdict-text.ts';

/** Relative to dist/e2e/chaos: the compiled program of the store. */
const ENTRY = fileURLToPath(new URL('../../functions/main.js', import.meta.url));

/** @returns the exit code */
async function chaos(args: readonly string[]): Promise<number> {
  const options = optionsOf(args);
  if (typeof options === 'number') return options;
  const screen = options.isJson ? process.stderr : process.stdout;
  const hasColor = screen.isTTY === true && !process.env['NO_COLOR'];
  const paint = paintFor(hasColor);
  const live: LiveLine = new LiveLine(screen, paint, () => run.moment());
  const run = new ChaosRun(options, ENTRY, (line) => live.print(line));
  live.print(`${paint.bold('chaos')} with seed ${options.seed}; press Ctrl-C to end the load and see the verdict`);
  try {
    const { verdict, record, store } = await run.run(stopSignal((line) => live.print(line)));
    live.stop();
    if (options.isJson) console.log(JSON.stringify(verdict, null, 2));
    else console.log(verdictText(verdict, paint));
    if (options.reportFile !== null) {
      writeFileSync(options.reportFile, pageOf({ verdict, record, store }));
      screen.write(`Report of the whole run: ${resolve(options.reportFile)}\n`);
    }
    if (options.keepsData || run.keepsEvidence) screen.write(`The data and the logs are in ${run.workDir}\n`);
    return verdict.isRight ? 0 : 1;
  } catch (error) {
    live.stop();
    if (!(error instanceof ChaosError)) throw error;
    console.error(error.message);
    return 2;
  }
}

/** @returns an exit code instead of options when there is nothing to run */
function optionsOf(args: readonly string[]): Options | number {
  try {
    const options = readOptions(args, console.log, console.error);
    const { reportFile } = options;
    const refusal = reportFile === null ? null : refusalOf(resolve(reportFile));
    if (refusal === null) return options;
    console.error(`error: ${refusal}`);
    return 2;
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : 2;
  }
}

/** Checked before a long run: why the report cannot be written to `file`; null when it can. */
function refusalOf(file: string): string | null {
  if (!existsSync(dirname(file))) return `the folder ${dirname(file)} of the report does not exist`;
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true)
    return `${file} is a folder; --report takes a file`;
  try {
    accessSync(existsSync(file) ? file : dirname(file), constants.W_OK);
    return null;
  } catch {
    return `${file} is not writable`;
  }
}

/** Aborts on the first signal. The second signal exits at once; the processes of the store end with this process. */
function stopSignal(print: (line: string) => void): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130);
      print('Stopping. Press Ctrl-C again to quit at once, without a verdict.');
      stop.abort();
    });
  }
  return stop.signal;
}

const [, file, ...args] = process.argv;
if (file !== undefined && pathToFileURL(file).href === import.meta.url) {
  process.exit(await chaos(args));
}
