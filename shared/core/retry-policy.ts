import { hash } from 'node:crypto';

/** When a message that could not be handled is tried again, and how often. */
export interface RetryPolicy {
  /** The longest wait before the second attempt, in milliseconds. */
  readonly firstMs: number;
  /** By how much the longest wait grows with each attempt. */
  readonly factor: number;
  /** No wait is longer than this, in milliseconds. */
  readonly longestMs: number;
  /** Attempts in all, the first included, for trouble that may pass. */
  readonly attempts: number;
  /** The same for what looks like a bug: the next attempt would most likely end as this one did. */
  readonly bugAttempts: number;
}

/** Attempts in all for a failure of this kind. */
export function attemptsFor({ attempts, bugAttempts }: RetryPolicy, isTransient: boolean): number {
  return isTransient ? attempts : bugAttempts;
}

/**
 * How long to wait after the `attempt`-th attempt (from 1), in milliseconds: exponential back-off with full jitter, a share
 * between 0 and 1 of min(longest, first × factor^(attempt − 1)) (Brooker, "Exponential Backoff And Jitter", 2015). The share
 * comes from the message's id and the attempt, so that it is the same wherever it is computed, and another for each message.
 */
export function retryDelayMs({ firstMs, factor, longestMs }: RetryPolicy, id: string, attempt: number): number {
  const longest = Math.min(longestMs, firstMs * factor ** (attempt - 1));
  const share = Number.parseInt(hash('sha1', `${id} ${attempt}`, 'hex').slice(0, 8), 16) / 2 ** 32;
  return Math.round(longest * share);
}

/** How long a message may wait in all between its first attempt and its last, at most, in milliseconds. */
export function longestRetryMs({ firstMs, factor, longestMs, attempts, bugAttempts }: RetryPolicy): number {
  let sum = 0;
  for (let attempt = 1; attempt < Math.max(attempts, bugAttempts); attempt++) {
    sum += Math.min(longestMs, firstMs * factor ** (attempt - 1));
  }
  return sum;
}
