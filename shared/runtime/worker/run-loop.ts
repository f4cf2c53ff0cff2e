import { setTimeout as sleep } from 'node:timers/promises';
import type { WakeSignal } from './wake-signal.ts';

const RETRY_FIRST_MS = 50;
const RETRY_LONGEST_MS = 2_000;
/** The longest rest after a step. */
const REST_LONGEST_MS = 100;
const INPUT_TURNS_MAX = 20;

/**
 * Calls a bounded `step` until `signal` aborts: again at once while there is work (after pending input and output),
 * else when woken. After an error it waits, longer with each error in a row, or until woken.
 */
export async function runLoop(options: {
  readonly step: () => Promise<boolean>;
  readonly wake: WakeSignal;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
  /**
   * How much waits for the next step; while it grows, the step waits another turn of the event loop. Null: it waits for no turn,
   * since work that comes meanwhile shares the step after it.
   */
  readonly waiting?: (() => number) | null;
  /** The longest sleep before the next step, in milliseconds. */
  readonly sleepMs?: () => number | undefined;
  /**
   * How long the loop rests after a step, in times of what the step took, unless there is work at once: work that comes
   * meanwhile shares the next step, and the loop takes no more than its share of the processor and the disk.
   */
  readonly restTimes?: number;
  /** How long it waits after it was woken, so that what else was woken goes first. */
  readonly lingerMs?: number;
}): Promise<void> {
  const { step, wake, signal, onError, waiting = () => 0, sleepMs = () => undefined } = options;
  const { restTimes = 0, lingerMs = 0 } = options;
  let failures = 0;
  while (!signal.aborted) {
    const startedMs = performance.now();
    try {
      const worked = await step();
      failures = 0;
      if (!worked) {
        const endedMs = performance.now();
        const restMs = Math.min(restTimes * (endedMs - startedMs), REST_LONGEST_MS);
        await wake.wait(sleepMs());
        await rest(Math.max(lingerMs, endedMs + restMs - performance.now()), wake, signal);
      }
    } catch (error) {
      onError(error);
      await wake.wait(Math.min(RETRY_FIRST_MS * 2 ** failures, RETRY_LONGEST_MS));
      failures += 1;
    }
    if (waiting !== null) await awaitInput(waiting);
  }
}

/** What wakes the loop meanwhile is there for the next step. */
async function rest(ms: number, wake: WakeSignal, signal: AbortSignal): Promise<void> {
  if (ms <= 0 || signal.aborted) return;
  await sleep(ms, undefined, { signal }).catch(() => undefined);
  wake.lower();
}

/**
 * Lets sockets be read until a turn of the event loop brings nothing new, so that requests that arrive together share a
 * commit. A single request waits two turns, some microseconds.
 */
async function awaitInput(waiting: () => number): Promise<void> {
  let before = -1;
  for (let turn = 0; turn < INPUT_TURNS_MAX && waiting() > before; turn++) {
    before = waiting();
    await eventLoopTurn();
  }
}

function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
