import type { Config } from './settings.ts';

/**
 * In how many threads one process runs the whole store. On the embedded log one: an order is finished sooner, and the store is up
 * sooner. On Kafka two: sending and fetching take as much of a processor as the rules do.
 */
export function threadsOf({ THREADS, LOG }: Pick<Config, 'THREADS' | 'LOG'>): number {
  return THREADS ?? (LOG === 'embedded' ? 1 : 2);
}
