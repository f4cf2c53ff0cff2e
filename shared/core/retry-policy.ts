import { hash } from 'node:crypto';

/** When a message that failed is tried again, and how often. */
export interface RetryPolicy {
  /** The longest delay before the second attempt, in milliseconds. */
  readonly firstMs: number;
  /** The factor by which the longest delay grows with each attempt. */
  readonly factor: number;
  /** The limit of every delay, in milliseconds. */
  readonly longestMs: number;
  /** Attempts in total, including the first, for a transient error. */
  readonly attempts: number;
  /** The same for an error that looks like a bug: the next attempt would most likely fail too. */
  readonly bugAttempts: number;
}

/** Attempts in total for a failure of this kind. */
export function attemptsFor({ attempts, bugAttempts }: RetryPolicy, isTransient: boolean): number {
  return isTransient ? attempts : bugAttempts;
}

/**
 * The delay after the `attempt`-th attempt (from 1), in milliseconds: exponential backoff with full jitter, a share
 * between 0 and 1 of min(longest, first × factor^(attempt − 1)) (Brooker, "Exponential Backoff And Jitter", 2015). The
 * share is derived from the message's id and the attempt, so it is the same each time, and differs by message.
 */
export function retryDelayMs({ firstMs, factor, longestMs }: RetryPolicy, id: string, attempt: number): number {
  const longest = Math.min(longestMs, firstMs * factor ** (attempt - 1));
  const share = Number.parseInt(hash('sha1', `${id} ${attempt}`, 'hex').slice(0, 8), 16) / 2 ** 32;
  return Math.round(longest * share);
}

/** The longest possible time between the first and the last attempt of a message, in milliseconds. */
export function longestRetryMs({ firstMs, factor, longestMs, attempts, bugAttempts }: RetryPolicy): number {
  let sum = 0;
  for (let attempt = 1; attempt < Math.max(attempts, bugAttempts); attempt++) {
    sum += Math.min(longestMs, firstMs * factor ** (attempt - 1));
  }
  return sum;
}
