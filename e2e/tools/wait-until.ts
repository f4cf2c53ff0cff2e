import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 10;

/**
 * Polls until a condition holds.
 * @throws when it does not hold within `timeoutMs`, with `what` and the last error of `condition`
 */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  { timeoutMs = 15_000, what = 'a condition' }: { timeoutMs?: number; what?: string } = {},
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < deadlineMs) {
    try {
      if (await condition()) return;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await sleep(POLL_MS);
  }
  throw new Error(`waited ${timeoutMs} ms in vain for ${what}`, { cause: last });
}
