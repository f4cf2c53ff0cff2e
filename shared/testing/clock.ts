import type { Clock } from '../ports/clock.ts';

/** A clock whose time is seen to pass as it is set: it moves, and does not leap. */
export function passing(nowMs: () => number): Clock {
  return { nowMs, upMs: nowMs };
}
