/** `npm run chaos`: injects faults into real processes under load and prints a verdict. */
import { accessSync, constants, existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { printable, printableLines } from '../../shared/core/printable.ts';
import { jsonText, runAsMain } from '../tools/command-line.ts';
import { StoreError, type Terminal, UsageError } from '../tools/store-client.ts';
import { LiveLine, paintFor } from './live.ts';
import { readOptions } from './options.ts';
import { pageOf } from './page/page.ts';
import { ChaosRun } from './run.ts';
import { verdictText } from './verdict-text.ts';

/** Relative to dist/e2e/chaos: the compiled program of the store. */
const ENTRY = fileURLToPath(new URL('../../functions/main.js', import.meta.url));

/** Characters of a line of progress that are shown. */
const LINE_MAX = 2_000;

/** @returns the exit code */
async function chaos(args: readonly string[], terminal: Terminal): Promise<number> {
  const options = readOptions(args, terminal);
  const { reportFile } = options;
  const refusal = reportFile === null ? null : refusalOf(resolve(reportFile));
  if (refusal !== null) throw new UsageError(`error: ${refusal}`);
  const screen = options.isJson ? process.stderr : process.stdout;
  const hasColor = screen.isTTY === true && !process.env['NO_COLOR'];
  const paint = paintFor(hasColor);
  const live: LiveLine = new LiveLine(screen, paint, () => run.moment());
  const run = new ChaosRun(options, ENTRY, (line) => live.print(printableLines(line, LINE_MAX)));
  live.print(`${paint.bold('chaos')} with seed ${options.seed}; press Ctrl-C to end the load and see the verdict`);
  try {
    const { verdict, record, store } = await run.run(stopSignal((line) => live.print(line)));
    live.stop();
    if (options.isJson) terminal.out(jsonText(verdict));
    else terminal.out(verdictText(verdict, paint, terminal));
    if (reportFile !== null) {
      writeReport(reportFile, pageOf({ verdict, record, store }));
      screen.write(`Report of the whole run: ${printable(resolve(reportFile), LINE_MAX)}\n`);
    }
    if (options.keepsData || run.keepsEvidence) screen.write(`The data and the logs are in ${run.workDir}\n`);
    return verdict.isRight ? 0 : 1;
  } finally {
    live.stop();
  }
}

/** @throws StoreError where there is no room for all of it, or it cannot be written; then nothing of it is left */
function writeReport(file: string, page: string): void {
  try {
    writeFileSync(file, page);
  } catch (error) {
    if (statSync(file, { throwIfNoEntry: false })?.isFile() === true) rmSync(file);
    throw new StoreError(`The report ${file} cannot be written: ${error instanceof Error ? error.message : error}`);
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

await runAsMain(import.meta.url, chaos, { endsAtOnce: true });
