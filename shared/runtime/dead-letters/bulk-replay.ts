import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../core/errors.ts';
import { type DeadLetterCode, type DeadLetterSummary, deadLetterSummaries } from '../../ports/tables/retry.ts';
import type { DeadLetterScope } from './dead-letter.ts';
import { replay, type Signed } from './resolve.ts';

/** The sizes of the first three waves; the next three are ten times as large, and so on. */
const FIRST_BATCHES = [1, 2, 5];
const SETTLE_MS_MAX = 10_000;
const LOOK_EVERY_MS = 20;
/** Letters are replayed for this long in one go, at most. What is left is for the next one. */
export const REPLAY_MS_MAX = 60_000;

/** Which open letters are replayed, and how many of them how fast. */
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
  /** Not tried in time. */
  readonly waiting: number;
}

export interface Replayed {
  readonly replayed: number;
  readonly passed: number;
  readonly failed: number;
  /** Letters whose replay was refused; they are as they were. */
  readonly skipped: number;
  /** Why it went no further, as a sentence; null when it went as far as it was asked to. */
  readonly stopped: string | null;
  readonly waves: readonly ReplayBatch[];
  /** Open letters of this kind that are there now. */
  readonly left: number;
}

type Filter = Pick<BulkReplayRequest, 'code' | 'fingerprint' | 'key'>;

/** How many letters each wave has, `total` in all: 1, 2, 5, 10, 20, 50, … */
export function batchSizes(total: number): readonly number[] {
  const sizes: number[] = [];
  for (let left = total; left > 0; left -= sizes.at(-1) ?? 0) {
    const size = (FIRST_BATCHES[sizes.length % FIRST_BATCHES.length] ?? 1) * 10 ** Math.floor(sizes.length / 3);
    sizes.push(Math.min(size, left));
  }
  return sizes;
}

export function countOpen({ context }: DeadLetterScope, filter: Filter): Promise<number> {
  return context.store.count(deadLetterSummaries, whereOpen(filter));
}

/**
 * Replays open letters, the oldest first, in waves that grow: each is looked at when it is through, and when a failure comes
 * back no more follow. So what is still broken costs one attempt, and what is mended is not flooded.
 */
export async function replayInBatches(scope: DeadLetterScope, request: BulkReplayRequest): Promise<Replayed> {
  const waves: ReplayBatch[] = [];
  const sum = { replayed: 0, skipped: 0 };
  const pace = paceOf(request.perSecond);
  const known = new Set<string>();
  const endMs = performance.now() + REPLAY_MS_MAX;
  let after: readonly number[] | undefined;
  let stopped: string | null = null;
  for (const size of batchSizes(request.max)) {
    const picked = await pick(scope, request, after, size);
    after = [picked.at(-1)?.sequence ?? 0];
    const sent: DeadLetterSummary[] = [];
    for (const head of picked) {
      await pace();
      if (scope.stopping.aborted) break;
      if (await tryReplay(scope, head, request)) sent.push(head);
      else sum.skipped += 1;
    }
    sum.replayed += sent.length;
    const through = await settled(scope, sent);
    if (sent.length > 0) waves.push(replayBatchOf(sent.length, through));
    stopped = reasonToStop(sent, through, known) ?? outsideReason(scope, endMs);
    if (stopped !== null || picked.length < size) break;
  }
  const total = (count: 'passed' | 'failed') => waves.reduce((all, wave) => all + wave[count], 0);
  const left = await countOpen(scope, request);
  return { ...sum, passed: total('passed'), failed: total('failed'), stopped, waves, left };
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

/** Waits until the next one may go, so that on average there are no more than `perSecond`. */
function paceOf(perSecond: number): () => Promise<void> {
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

interface Through {
  readonly passed: readonly DeadLetterSummary[];
  readonly failed: readonly DeadLetterSummary[];
  readonly waiting: readonly DeadLetterSummary[];
}

/** What became of a wave, when all of it was tried or the time is over. */
async function settled({ context, stopping }: DeadLetterScope, sent: readonly DeadLetterSummary[]): Promise<Through> {
  const passed: DeadLetterSummary[] = [];
  const failed: DeadLetterSummary[] = [];
  let waiting = sent;
  for (let waitedMs = 0; waiting.length > 0; waitedMs += LOOK_EVERY_MS) {
    const still: DeadLetterSummary[] = [];
    for (const head of waiting) {
      const [now] = await context.store.find({ table: deadLetterSummaries, where: { letter: head.letter }, limit: 1 });
      if (now?.status === 'replaying') still.push(head);
      else if (now?.status === 'open') failed.push(now);
      else passed.push(head);
    }
    waiting = still;
    if (waitedMs >= SETTLE_MS_MAX || stopping.aborted) break;
    if (waiting.length > 0) await sleep(LOOK_EVERY_MS);
  }
  return { passed, failed, waiting };
}

function replayBatchOf(count: number, { passed, failed, waiting }: Through): ReplayBatch {
  return { letters: count, passed: passed.length, failed: failed.length, waiting: waiting.length };
}

/** `known`: the fingerprints that came back or were seen before in this run. */
function reasonToStop(
  sent: readonly DeadLetterSummary[],
  { failed, waiting }: Through,
  known: Set<string>,
): string | null {
  for (const { fingerprint } of sent) known.add(fingerprint);
  const again = failed.find(({ fingerprint }) => known.has(fingerprint));
  for (const { fingerprint } of failed) known.add(fingerprint);
  if (again !== undefined) return `letter ${again.letter} has failed as before: ${again.detail.split('\n', 1)[0]}`;
  return waiting.length === 0 ? null : `${waiting.length} replayed letters were not tried within ${SETTLE_MS_MAX} ms`;
}

function outsideReason({ fn, stopping }: DeadLetterScope, endMs: number): string | null {
  if (stopping.aborted) return `${fn.name} is stopping`;
  return performance.now() > endMs ? `it has gone on for ${REPLAY_MS_MAX} ms` : null;
}
