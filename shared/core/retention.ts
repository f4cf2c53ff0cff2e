/** How many days each kind of row is retained. */
export interface RetentionDays {
  readonly log: number;
  readonly inbox: number;
  /** What a function that writes a topic alone has published; after that a watermark remembers it. */
  readonly watermark: number;
  readonly deadLetters: number;
}

/** Which records of a log are over. Times are milliseconds since 1970. */
export interface LogCutoff {
  readonly cutoffMs: number;
  readonly nowMs: number;
  /** Records up to this position were there before the cutoff, whatever their times say. */
  readonly oldUpTo?: number;
  /** Records after this position came after the cutoff, whatever their times say. */
  readonly youngAfter?: number;
}

/**
 * How many records to prune, counted from the oldest, in log order. Pruning stops at the first record written after the
 * cutoff. Where the log's order does not say when a record was written, its time does. A time that is invalid or later
 * than now is ignored: such a record is pruned only together with a later record that is old enough.
 */
export function countOver(
  records: readonly { readonly position: number; readonly time: unknown }[],
  { cutoffMs, nowMs, oldUpTo = 0, youngAfter = Number.POSITIVE_INFINITY }: LogCutoff,
): number {
  let over = 0;
  for (const [index, { position, time }] of records.entries()) {
    if (position > youngAfter) break;
    const ms = typeof time === 'string' ? Date.parse(time) : Number.NaN;
    const isOld = position <= oldUpTo;
    if (!isOld && (Number.isNaN(ms) || ms > nowMs)) continue;
    if (!isOld && ms > cutoffMs) break;
    over = index + 1;
  }
  return over;
}
