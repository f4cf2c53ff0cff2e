/** `yarn chaos`: real processes under fire, and a verdict. */
import { accessSync, constants, existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { CommanderError } from 'commander';
import { LiveLine, paintFor } from './live.ts';
import { type Options, readOptions } from './options.ts';
import { pageOf } from './page/page.ts';
import { ChaosError, ChaosRun } from './run.ts';
import { verdictText } from './verdict-text.ts';

/** From dist/e2e/chaos to the program of the store beside it. */
const ENTRY = fileURLToPath(new URL('../../functions/main.js', import.meta.url));

/** @returns the exit code */
async function chaos(args: readonly string[]): Promise<number> {
  const options = optionsOf(args);
  if (typeof options === 'number') return options;
  const screen = options.isJson ? process.stderr : process.stdout;
  const hasColor = screen.isTTY === true && !process.env['NO_COLOR'];
  const paint = paintFor(hasColor);
  const live: LiveLine = new LiveLine(screen, paint, () => run.moment());
  const run = new ChaosRun(options, ENTRY, (line) => live.say(line));
  live.say(`${paint.bold('chaos')} with seed ${options.seed}; Ctrl-C ends the load and gives the verdict`);
  try {
    const { verdict, record, store } = await run.run(stopSignal((line) => live.say(line)));
    live.stop();
    if (options.isJson) console.log(JSON.stringify(verdict, null, 2));
    else console.log(verdictText(verdict, paint));
    if (options.reportFile !== null) {
      writeFileSync(options.reportFile, pageOf({ verdict, record, store }));
      screen.write(`The whole run: ${resolve(options.reportFile)}\n`);
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

/** An exit code where there is nothing to run. */
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

/** Why the report cannot be written there, before a long run; null where it can. */
function refusalOf(file: string): string | null {
  if (!existsSync(dirname(file))) return `there is no folder ${dirname(file)} for the report`;
  if (statSync(file, { throwIfNoEntry: false })?.isDirectory() === true) return `${file} is a folder, and no report`;
  try {
    accessSync(existsSync(file) ? file : dirname(file), constants.W_OK);
    return null;
  } catch {
    return `${file} may not be written`;
  }
}

/** Comes with the first signal. The second one ends at once; the processes of the store end with this one. */
function stopSignal(say: (line: string) => void): AbortSignal {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(130);
      say('Stopping; once more ends at once, without a verdict.');
      stop.abort();
    });
  }
  return stop.signal;
}

const [, file, ...args] = process.argv;
if (file !== undefined && pathToFileURL(file).href === import.meta.url) {
  process.exit(await chaos(args));
}
