import type { WakeSignal } from './wake-signal.ts';

const RETRY_FIRST_MS = 50;
const RETRY_LONGEST_MS = 2_000;
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
  /** How much waits for the next step; while it grows, the step waits another turn of the event loop. */
  readonly waiting?: () => number;
  /** The longest sleep before the next step, in milliseconds. */
  readonly sleepMs?: () => number | undefined;
}): Promise<void> {
  const { step, wake, signal, onError, waiting = () => 0, sleepMs = () => undefined } = options;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const worked = await step();
      failures = 0;
      if (!worked) await wake.wait(sleepMs());
    } catch (error) {
      onError(error);
      await wake.wait(Math.min(RETRY_FIRST_MS * 2 ** failures, RETRY_LONGEST_MS));
      failures += 1;
    }
    await awaitInput(waiting);
  }
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
