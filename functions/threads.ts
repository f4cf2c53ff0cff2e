import { availableParallelism } from 'node:os';

/**
 * Whether one process runs the whole store in two threads: where there are `processors` for them and no part of the store is named,
 * because then more orders are accepted and finished each second. One alone takes less of a processor for each order.
 */
export function hasSecondThread(
  args: readonly string[],
  { THREADS }: Readonly<Record<string, string | undefined>>,
  processors = availableParallelism(),
): boolean {
  const isLog = (arg: string, at: number) => arg.startsWith('--log=') || arg === '--log' || args[at - 1] === '--log';
  if (!args.every(isLog)) return false;
  return THREADS === undefined || THREADS === '' ? processors > 1 : THREADS === '2';
}
