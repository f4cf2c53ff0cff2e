import type { Outcome } from '../handle/outcome.ts';
import type { FunctionContext } from './function-context.ts';
import type { Role } from './held-lease.ts';
import { runLoop } from './run-loop.ts';
import { WakeSignal } from './wake-signal.ts';

/** A loop beside the batches of a function: runs at start, and again after commits with an outcome that wakes it. */
export interface FunctionLoop {
  /** One bounded step. Returns whether there may be more to do at once. `wake` asks for another step later. */
  readonly step: (wake: () => void) => Promise<boolean>;
  readonly wakes: (outcome: Outcome) => boolean;
  /** The longest sleep before the next step, in milliseconds. Where absent, the loop sleeps until it is woken. */
  readonly sleepMs?: () => number;
  /** How long the loop rests after a step, in times of what the step took, unless there is more at once. */
  readonly restTimes?: number;
  /** How long the loop waits after it was woken, so that what else was woken goes first. */
  readonly lingerMs?: number;
  /** Called once after the last step, while commands can still be submitted. To be short. */
  readonly finish?: () => Promise<void>;
  /** What the log says when a step fails; it is tried again. */
  readonly failure: string;
}

/** How long a loop sleeps at most where other instances commit, too: their commits do not wake it. */
const SLEEP_MAX_MS = 500;

/**
 * Calls `step` until `signal` aborts: at once, and again after commits with an outcome that `wakes`. It runs where the keeper of
 * the function is; a step that has begun when the role is lost is finished.
 */
export async function wokenLoop(
  context: Pick<FunctionContext, 'onCommit' | 'store'>,
  keeper: Pick<Role, 'isHeld' | 'onGranted'>,
  signal: AbortSignal,
  { step, wakes, sleepMs, restTimes = 0, lingerMs = 0, finish }: Omit<FunctionLoop, 'failure'>,
  onError: (error: unknown) => void,
): Promise<void> {
  const wake = new WakeSignal();
  const longestMs = context.store.features.severalInstances ? SLEEP_MAX_MS : undefined;
  keeper.onGranted(() => wake.raise());
  context.onCommit((outcomes) => {
    if (outcomes.some(wakes)) wake.raise();
  });
  signal.addEventListener('abort', () => wake.raise());
  await runLoop({
    step: async () => keeper.isHeld && step(() => wake.raise()),
    wake,
    signal,
    onError,
    sleepMs: () => atMost(longestMs, sleepMs?.()),
    restTimes,
    lingerMs,
  });
  await finish?.().catch(onError);
}

function atMost(longestMs: number | undefined, ms: number | undefined): number | undefined {
  return longestMs === undefined ? ms : Math.min(longestMs, ms ?? longestMs);
}
