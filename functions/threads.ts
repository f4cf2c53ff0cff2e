import { availableParallelism } from 'node:os';
import type { Config } from './settings.ts';

/**
 * In how many threads one process runs the whole store: in two where there are `processors` for them, because then more orders are
 * accepted and finished each second. One alone takes less of a processor for each order, and is up sooner.
 */
export function threadsOf({ THREADS }: Pick<Config, 'THREADS'>, processors = availableParallelism()): number {
  return THREADS ?? Math.min(processors, 2);
}
