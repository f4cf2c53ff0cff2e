import type { ReplayJobBody } from '../../../../../shared/runtime/dead-letters/replay-schemas.ts';

/** One batch of a bulk replay: tried, being tried, still planned, or no longer to come. */
export interface Batch {
  /** From 1. */
  readonly number: number;
  readonly size: number;
  readonly passed: number;
  readonly failed: number;
  readonly waiting: number;
  readonly state: 'passed' | 'failed' | 'waiting' | 'running' | 'planned' | 'dropped';
}

type Counts = ReplayJobBody['waves'][number];

/** All batches: those that were tried, then those that were planned at the start and are not tried yet. */
export function batchesOf({
  waves,
  planned,
  state,
}: Pick<ReplayJobBody, 'waves' | 'planned' | 'state'>): readonly Batch[] {
  const isOver = state === 'done' || state === 'stopped';
  const tried = waves.map((wave, n) => batchOf(wave, n, isOver));
  const rest = planned.slice(waves.length).map((size, n): Batch => {
    const next = !isOver && n === 0 && tried.every(({ state: each }) => each !== 'running') ? 'running' : 'planned';
    return {
      number: waves.length + n + 1,
      size,
      passed: 0,
      failed: 0,
      waiting: size,
      state: isOver ? 'dropped' : next,
    };
  });
  return [...tried, ...rest];
}

function batchOf({ letters, passed, failed, waiting }: Counts, n: number, isOver: boolean): Batch {
  const state = failed > 0 ? 'failed' : waiting === 0 ? 'passed' : isOver ? 'waiting' : 'running';
  return { number: n + 1, size: letters, passed, failed, waiting, state };
}
