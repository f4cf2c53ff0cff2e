import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 10;
const POLL_LONGEST_MS = 1_000;
/** Far more than a busy machine needs: a limit that is near what it waits for says nothing but how busy the machine is. */
const TIMEOUT_MS = 45_000;

/**
 * Polls until a condition holds. It rests as long as a look took, so that an expensive look does not hold up what it waits for.
 * @throws when it does not hold at a look that began after `timeoutMs`, with `what` and the error of that look
 */
export async function waitUntil(
  condition: () => boolean | Promise<boolean>,
  { timeoutMs = TIMEOUT_MS, what = 'a condition' }: { timeoutMs?: number; what?: string } = {},
): Promise<void> {
  const beganMs = performance.now();
  for (;;) {
    const lookMs = performance.now();
    let last: unknown;
    try {
      if (await condition()) return;
    } catch (error) {
      last = error;
    }
    if (lookMs - beganMs >= timeoutMs) throw new Error(`waited ${timeoutMs} ms in vain for ${what}`, { cause: last });
    await sleep(Math.min(Math.max(POLL_MS, performance.now() - lookMs), POLL_LONGEST_MS));
  }
}
