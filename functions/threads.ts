import { availableParallelism } from 'node:os';

/** From how many processors on a second thread brings more than it takes: with a broker each thread has clients of its own. */
const PROCESSORS = 2;
const PROCESSORS_ON_KAFKA = 4;

/**
 * Whether one process runs the whole store in two threads: where there are `processors` for them and no part of the store is named,
 * because then more orders are accepted and finished each second. One alone takes less of a processor for each order.
 */
export function hasSecondThread(
  args: readonly string[],
  { THREADS, LOG }: Readonly<Record<string, string | undefined>>,
  processors = availableParallelism(),
): boolean {
  const isLog = (arg: string, at: number) => arg.startsWith('--log=') || arg === '--log' || args[at - 1] === '--log';
  if (!args.every(isLog)) return false;
  if (THREADS !== undefined && THREADS !== '') return THREADS === '2';
  const log = args.length === 0 ? LOG : args.at(-1)?.replace('--log=', '');
  return processors >= (log === 'kafka' ? PROCESSORS_ON_KAFKA : PROCESSORS);
}
