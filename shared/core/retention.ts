/** For how many days each kind of row is kept. */
export interface RetentionDays {
  readonly log: number;
  readonly inbox: number;
  /** What a function that writes a topic alone has said; after that a position remembers it. */
  readonly watermark: number;
  readonly deadLetters: number;
}

/**
 * How many of these records may go, counted from the oldest: `times` say when each was written, by its own account, in the
 * order in which they lie. None goes from the first on that was written after `cutoffMs`. A time that cannot be, because it
 * is no time or later than now, says nothing: such a record goes with one behind it whose time does.
 */
export function countOver(times: readonly unknown[], cutoffMs: number, nowMs: number): number {
  let over = 0;
  for (const [index, time] of times.entries()) {
    const ms = typeof time === 'string' ? Date.parse(time) : Number.NaN;
    if (Number.isNaN(ms) || ms > nowMs) continue;
    if (ms > cutoffMs) break;
    over = index + 1;
  }
  return over;
}
