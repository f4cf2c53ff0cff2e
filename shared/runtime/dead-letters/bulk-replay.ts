import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../core/errors.ts';
import { type DeadLetterCode, type DeadLetterSummary, deadLetterSummaries } from '../../ports/tables/retry.ts';
import type { DeadLetterScope } from './dead-letter.ts';
import { replay, type Signed } from './resolve.ts';

/** The sizes of the first three batches; the next three are ten times as large, and so on. */
const FIRST_BATCHES = [1, 2, 5];
/** No batch is larger: a failure that recurs is noticed at its end. */
const BATCH_MAX = 500;
const SETTLE_MS_MAX = 10_000;
const POLL_MS = 20;
/** The longest time of a bulk replay that a caller waits for. What is left needs another one. */
export const REPLAY_MS_MAX = 60_000;

/** Which open dead letters are replayed, how many and how fast. */
export interface BulkReplayRequest extends Signed {
  readonly code?: DeadLetterCode | undefined;
  readonly fingerprint?: string | undefined;
  readonly key?: string | undefined;
  readonly max: number;
  readonly perSecond: number;
  readonly force: boolean;
}

export interface ReplayBatch {
  readonly letters: number;
  readonly passed: number;
  readonly failed: number;
  /** Not yet tried when the time was over. */
  readonly waiting: number;
}

export interface Replayed {
  readonly replayed: number;
  readonly passed: number;
  readonly failed: number;
  /** Dead letters whose replay was refused; they are unchanged. */
  readonly skipped: number;
  /** Why the replay stopped early, as a sentence; null when it did all it was asked to. */
  readonly stopped: string | null;
  readonly waves: readonly ReplayBatch[];
  /** Open dead letters that match and remain. */
  readonly left: number;
}

/** How a bulk replay runs. */
export interface ReplayOptions {
  /** After which time it begins no further batch; null: never. */
  readonly msMax: number | null;
  /** Ends it after the dead letters that are replayed already; the reason says why, as a sentence. */
  readonly stop?: AbortSignal;
  /** Called with each change. */
  readonly report?: (progress: ReplayProgress) => void;
}

export type ReplayProgress = Omit<Replayed, 'left' | 'stopped'>;

type Filter = Pick<BulkReplayRequest, 'code' | 'fingerprint' | 'key'>;

/** The number of dead letters in each batch, `total` in all: 1, 2, 5, 10, 20, 50, … up to 500. */
export function batchSizes(total: number): readonly number[] {
  const sizes: number[] = [];
  for (let left = total; left > 0; left -= sizes.at(-1) ?? 0) {
    const size = (FIRST_BATCHES[sizes.length % FIRST_BATCHES.length] ?? 1) * 10 ** Math.floor(sizes.length / 3);
    sizes.push(Math.min(size, left, BATCH_MAX));
  }
  return sizes;
}

export function countOpen({ context }: DeadLetterScope, filter: Filter): Promise<number> {
  return context.store.count(deadLetterSummaries, whereOpen(filter));
}

/**
 * Replays open dead letters, the oldest first, in growing batches. Each batch is checked when it is done, and a failure
 * that recurs ends the replay. So a bug that is still there costs one attempt, and a recovered dependency is not
 * flooded.
 */
export async function replayInBatches(
  scope: DeadLetterScope,
  request: BulkReplayRequest,
  options: ReplayOptions = { msMax: REPLAY_MS_MAX },
): Promise<Replayed> {
  const batches: ReplayBatch[] = [];
  const sum = { replayed: 0, skipped: 0 };
  const waitForTurn = rateLimiter(request.perSecond);
  const known = new Set<string>();
  const endMs = options.msMax === null ? null : performance.now() + options.msMax;
  let after: readonly number[] | undefined;
  let stopped: string | null = null;
  for (const size of batchSizes(request.max)) {
    const picked = await pick(scope, request, after, size);
    after = [picked.at(-1)?.sequence ?? 0];
    const report = (batch: ReplayBatch) => {
      const replayed = sum.replayed + batch.letters;
      options.report?.(progressOf({ replayed, skipped: sum.skipped }, [...batches, batch]));
    };
    const sent: DeadLetterSummary[] = [];
    for (const summary of picked) {
      await waitForTurn();
      if (scope.stopping.aborted || options.stop?.aborted === true) break;
      if (await tryReplay(scope, summary, request)) sent.push(summary);
      else sum.skipped += 1;
      report({ letters: sent.length, passed: 0, failed: 0, waiting: sent.length });
    }
    const results = await settled(scope, sent, (soFar) => report(replayBatchOf(sent.length, soFar)));
    sum.replayed += sent.length;
    if (sent.length > 0) batches.push(replayBatchOf(sent.length, results));
    stopped =
      recurringFailure(sent, results, known) ?? reasonToEnd(scope, options.stop) ?? untried(results) ?? timeIsUp(endMs);
    if (stopped !== null || picked.length < size) break;
  }
  return { ...progressOf(sum, batches), stopped, left: await countOpen(scope, request) };
}

function progressOf(
  sum: { readonly replayed: number; readonly skipped: number },
  waves: readonly ReplayBatch[],
): ReplayProgress {
  const total = (count: 'passed' | 'failed') => waves.reduce((all, batch) => all + batch[count], 0);
  return { ...sum, passed: total('passed'), failed: total('failed'), waves };
}

function whereOpen({ code, fingerprint, key }: Filter): Partial<DeadLetterSummary> {
  return {
    status: 'open',
    ...(code === undefined ? {} : { code }),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(key === undefined ? {} : { key }),
  };
}

function pick({ context }: DeadLetterScope, filter: Filter, after: readonly number[] | undefined, limit: number) {
  const from = after === undefined ? {} : { after };
  return context.store.find({
    table: deadLetterSummaries,
    where: whereOpen(filter),
    orderBy: ['sequence'],
    ...from,
    limit,
  });
}

/** Waits until the next replay may start, so that the average rate stays within `perSecond`. */
function rateLimiter(perSecond: number): () => Promise<void> {
  const startMs = performance.now();
  let count = 0;
  return async () => {
    const waitMs = startMs + (count++ * 1000) / perSecond - performance.now();
    if (waitMs > 0) await sleep(waitMs);
  };
}

async function tryReplay(
  scope: DeadLetterScope,
  { letter }: DeadLetterSummary,
  { who, reason, force }: BulkReplayRequest,
) {
  try {
    await replay(scope, letter, { who, reason }, { force });
    return true;
  } catch (error) {
    if (error instanceof AppError && (error.code === 'conflict' || error.code === 'not_found')) return false;
    throw error;
  }
}

interface BatchResults {
  readonly passed: readonly DeadLetterSummary[];
  readonly failed: readonly DeadLetterSummary[];
  readonly waiting: readonly DeadLetterSummary[];
}

/** The results of a batch, once all of it was tried or the time is over. */
async function settled(
  { context, stopping }: DeadLetterScope,
  sent: readonly DeadLetterSummary[],
  report: (soFar: BatchResults) => void,
): Promise<BatchResults> {
  const passed: DeadLetterSummary[] = [];
  const failed: DeadLetterSummary[] = [];
  let waiting = sent;
  for (let waitedMs = 0; waiting.length > 0; waitedMs += POLL_MS) {
    const still: DeadLetterSummary[] = [];
    for (const summary of waiting) {
      const [now] = await context.store.find({
        table: deadLetterSummaries,
        where: { letter: summary.letter },
        limit: 1,
      });
      if (now?.status === 'replaying') still.push(summary);
      else if (now?.status === 'open') failed.push(now);
      else passed.push(summary);
    }
    waiting = still;
    report({ passed, failed, waiting });
    if (waitedMs >= SETTLE_MS_MAX || stopping.aborted) break;
    if (waiting.length > 0) await sleep(POLL_MS);
  }
  return { passed, failed, waiting };
}

function replayBatchOf(count: number, { passed, failed, waiting }: BatchResults): ReplayBatch {
  return { letters: count, passed: passed.length, failed: failed.length, waiting: waiting.length };
}

/** `known`: the fingerprints seen so far in this bulk replay. */
function recurringFailure(
  sent: readonly DeadLetterSummary[],
  { failed }: BatchResults,
  known: Set<string>,
): string | null {
  for (const { fingerprint } of sent) known.add(fingerprint);
  const again = failed.find(({ fingerprint }) => known.has(fingerprint));
  for (const { fingerprint } of failed) known.add(fingerprint);
  return again === undefined ? null : `dead letter ${again.letter} failed as before: ${again.detail.split('\n', 1)[0]}`;
}

function reasonToEnd({ fn, stopping }: DeadLetterScope, stop?: AbortSignal): string | null {
  if (stopping.aborted) return `${fn.name} is stopping`;
  return stop?.aborted === true ? String(stop.reason) : null;
}

function untried({ waiting }: BatchResults): string | null {
  return waiting.length === 0
    ? null
    : `${waiting.length} replayed dead letters were not tried within ${SETTLE_MS_MAX} ms`;
}

function timeIsUp(endMs: number | null): string | null {
  return endMs !== null && performance.now() > endMs ? `it has taken ${REPLAY_MS_MAX} ms` : null;
}
