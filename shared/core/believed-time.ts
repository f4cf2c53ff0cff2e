import { DAY_MS } from './days.ts';

/** By how much the clock and the believed time may differ before that counts: clocks are corrected all the time. */
const SLACK_MS = 60_000;
/**
 * For how long a function runs, and its clock stays ahead, until the clock is believed: longer than a weekend on which
 * no operator sees that the clock is wrong.
 */
export const AHEAD_STANDS_MS = 3 * DAY_MS;
/** The same for a clock that is behind: then it was the believed time that was wrong. */
export const BEHIND_STANDS_MS = 30 * DAY_MS;

/** What a function believes of the time. Times are milliseconds since 1970. */
export interface Belief {
  readonly believedMs: number;
  /** What the clock read when it was first seen to be ahead; null while it is not. */
  readonly aheadFromMs: number | null;
  /** For how long the function has run since, while the clock stayed ahead, or stayed behind. */
  readonly waitedMs: number;
}

/** `ahead`, `behind`: where the clock stands against the believed time. */
export type ClockState = 'agrees' | 'ahead' | 'behind';

export function clockStateOf({ believedMs }: Pick<Belief, 'believedMs'>, nowMs: number): ClockState {
  if (nowMs - believedMs > SLACK_MS) return 'ahead';
  return believedMs - nowMs > SLACK_MS ? 'behind' : 'agrees';
}

/**
 * What a function believes after `elapsedMs` more of running, when its clock reads `nowMs`.
 *
 * The believed time follows the clock as far as time was seen to pass. A clock that is ahead of that has leapt, or the
 * function did not run meanwhile; which of the two, only time can tell. It is believed once the function has run for
 * {@link AHEAD_STANDS_MS} without the clock reading less. A restart gives nothing: what counts is running.
 */
export function believe(belief: Belief, nowMs: number, elapsedMs: number): Belief {
  const passed = Math.max(0, elapsedMs);
  const believedMs = Math.max(belief.believedMs, Math.min(nowMs, belief.believedMs + passed));
  const waitedMs = belief.waitedMs + passed;
  const { aheadFromMs } = belief;
  switch (clockStateOf({ believedMs }, nowMs)) {
    case 'agrees':
      return { believedMs, aheadFromMs: null, waitedMs: 0 };
    case 'behind':
      if (aheadFromMs !== null) return { believedMs, aheadFromMs: null, waitedMs: passed };
      return waitedMs < BEHIND_STANDS_MS
        ? { believedMs, aheadFromMs: null, waitedMs }
        : { believedMs: nowMs, aheadFromMs: null, waitedMs: 0 };
    case 'ahead':
      if (aheadFromMs === null || nowMs < aheadFromMs) return { believedMs, aheadFromMs: nowMs, waitedMs: 0 };
      return waitedMs < AHEAD_STANDS_MS
        ? { believedMs, aheadFromMs, waitedMs }
        : { believedMs: Math.min(nowMs, aheadFromMs + waitedMs), aheadFromMs: null, waitedMs: 0 };
  }
}
