import type { Signal } from './signal.ts';

const RETRY_FIRST_MS = 50;
const RETRY_LONGEST_MS = 2_000;

/**
 * Calls a bounded `step` until `signal` aborts: again at once while there is work (after letting input and output have
 * their turn), else when woken. After an error it waits a little longer each time, or until woken.
 */
export async function runLoop(options: {
  readonly step: () => Promise<boolean>;
  readonly wake: Signal;
  readonly signal: AbortSignal;
  readonly onError: (error: unknown) => void;
}): Promise<void> {
  const { step, wake, signal, onError } = options;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const worked = await step();
      failures = 0;
      if (!worked) await wake.wait();
    } catch (error) {
      onError(error);
      await wake.wait(Math.min(RETRY_FIRST_MS * 2 ** failures, RETRY_LONGEST_MS));
      failures += 1;
    }
    await turnOfTheEventLoop();
  }
}

/** Lets sockets be read: requests that have arrived by now share the next commit. */
function turnOfTheEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
