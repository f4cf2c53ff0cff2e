import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { attemptsFor, type RetryPolicy, retryDelayMs } from './retry-policy.ts';

const policy: RetryPolicy = { firstMs: 100, factor: 2, longestMs: 1_000, attempts: 10, bugAttempts: 3 };

describe('the delay after an attempt', () => {
  it('never exceeds the maximum of its attempt, and is the same each time it is computed', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.integer({ min: 1, max: 60 }), (id, attempt) => {
        const wait = retryDelayMs(policy, id, attempt);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(Math.min(1_000, 100 * 2 ** (attempt - 1)));
        expect(retryDelayMs({ ...policy }, id, attempt)).toBe(wait);
      }),
    );
  });

  it('is spread over its whole range, so that messages that failed together are not retried together', () => {
    const waits = Array.from({ length: 1_000 }, (_, index) => retryDelayMs(policy, `message ${index}`, 5));
    const tenths = new Set(waits.map((wait) => Math.min(9, Math.floor(wait / 100))));

    expect([tenths.size, Math.round(waits.reduce((sum, wait) => sum + wait, 0) / 100_000)]).toEqual([10, 5]);
  });
});

describe('attempts', () => {
  it('are fewer for a bug than for a transient error', () => {
    expect([attemptsFor(policy, true), attemptsFor(policy, false)]).toEqual([10, 3]);
  });
});
