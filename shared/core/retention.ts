/** How many days each kind of row is retained. */
export interface RetentionDays {
  readonly log: number;
  readonly inbox: number;
  /** What a function that writes a topic alone has said; after that a position remembers it. */
  readonly watermark: number;
  readonly deadLetters: number;
}

/**
 * How many records to prune, counted from the oldest. `times` has the `time` of each record, in log order. Pruning
 * stops at the first record written after `cutoffMs`. A time that is invalid or later than now is ignored: such a
 * record is pruned only together with a later record whose time is valid and old enough.
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
