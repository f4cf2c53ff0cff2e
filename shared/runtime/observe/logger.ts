import { type DestinationStream, type LoggerOptions, pino } from 'pino';
import { printableJson, shortened } from '../../core/printable.ts';
import { LogOutput, unblocked } from './log-output.ts';

export type Logger = Pick<ReturnType<typeof pino>, 'info' | 'warn' | 'error'>;

/** Characters of a value in the log. An error comes with its stack. */
const LOG_VALUE_MAX = 8_000;
const PLAIN_LINE = /^[ -~\n]*$/;

/**
 * Writes one JSON line for each event to standard output. Await `output.flush()` before the process ends. Where the output takes
 * nothing, standard error says so once, but for a reader that has closed its end (`| head`).
 */
export function createLogger(level: string): { logger: Logger; output: LogOutput } {
  let isSaid = false;
  const output = new LogOutput(unblocked(1), ({ code, message }) => {
    if (!isSaid && code !== 'EPIPE')
      process.stderr.write(`saga-store: the log cannot be written: ${message}; the store runs without it\n`);
    isSaid = true;
  });
  return { logger: loggerTo(level, output), output };
}

/**
 * A logger whose lines people can read, whatever others put into ids and messages: what controls a terminal or hides is
 * escaped, and overlong values are cut.
 */
export function loggerTo(level: string, destination: DestinationStream): Logger {
  const options: LoggerOptions = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { log: (fields) => (Object.values(fields).some(isLong) ? cutFields(fields) : fields) },
    hooks: {
      logMethod(args, method) {
        const last = args.length - 1;
        if (isLong(args[last])) args[last] = shortened(args[last], LOG_VALUE_MAX);
        method.apply(this, args);
      },
      streamWrite: (line) => (PLAIN_LINE.test(line) ? line : printableJson(line)),
    },
  };
  return pino(options, destination);
}

function cutFields(fields: Record<string, unknown>): Record<string, unknown> {
  const cut = ([name, value]: [string, unknown]) => [name, isLong(value) ? shortened(value, LOG_VALUE_MAX) : value];
  return Object.fromEntries(Object.entries(fields).map(cut));
}

function isLong(value: unknown): value is string {
  return typeof value === 'string' && value.length > LOG_VALUE_MAX;
}
