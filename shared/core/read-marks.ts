/** Where a message lies in the outbox of its writer: every copy of it says the same, wherever it was sent. */
export interface Origin {
  /** The epoch of the writer in which the message was written. */
  readonly epoch: string;
  readonly position: number;
}

/** A copy of a message, as it was read from a lane of its topic. */
export interface ReadCopy extends Origin {
  /** Of the run of the relay that sent it: greater than those of all runs before. */
  readonly token: number;
  /** How many partitions the topic has. */
  readonly lanes: number;
}

/**
 * How far a lane was read until the end of a day, by the positions that its messages have in the outbox.
 *
 * The relay sends in the order of the positions, one send at a time, and begins each send with what is not marked as sent. So a
 * lane always has its messages up to some position, and perhaps some of them again behind it: whoever has read one has read all
 * that lie before it in the outbox and belong into this lane.
 *
 * There is one exception: a topic that is made anew while its writer runs may begin with a newer message. What lies before it follows
 * with the next sends, so a reader that goes on has it days before its marks vouch for it.
 */
export interface ReadMark extends ReadCopy {
  /** Days since 1970. */
  readonly day: number;
}

/** How far messages are vouched for: a copy at or below it was read before, wherever it lies. */
export interface Watermark {
  readonly lanes: number;
  readonly epoch: string;
  readonly position: number;
}

/**
 * Whether a copy is of an earlier run of the relay than one of the same epoch that was read in its lane. The later run began
 * with everything that was unsent, so the message has come or comes again.
 *
 * Runs are compared within an epoch of the writer, because a writer that was restored from a copy may have a clock that was set
 * back: its tokens are smaller, and its messages are new all the same.
 */
export function isLateCopy(marks: readonly ReadMark[], { epoch, token }: ReadCopy): boolean {
  return marks.some((mark) => mark.epoch === epoch && mark.token > token);
}

/**
 * Whether a message lies further in its outbox than any that was read in this lane before. One that the inbox knows all the same
 * was written again, by a writer that was restored from a copy.
 */
export function isBehindMarks(marks: readonly ReadMark[], { epoch, lanes, position }: ReadCopy): boolean {
  return marks.every((mark) => mark.epoch !== epoch || mark.lanes !== lanes || mark.position < position);
}

/** The mark of its lane after this copy was read; null where it changes nothing. */
export function markAfter(
  marks: readonly ReadMark[],
  { epoch, position, token, lanes }: ReadCopy,
  day: number,
): ReadMark | null {
  const known = marks.find((mark) => mark.epoch === epoch && mark.lanes === lanes && mark.day === day);
  if (known === undefined) return { epoch, position, token, lanes, day };
  if (known.position >= position && known.token >= token) return null;
  return { epoch, lanes, day, position: Math.max(known.position, position), token: Math.max(known.token, token) };
}

/** What the marks of a lane vouch for that were made before a day: all of its messages that were handled or kept until then. */
export function watermarksBefore(marks: readonly ReadMark[], day: number): readonly Watermark[] {
  const found = new Map<string, Watermark>();
  for (const mark of marks) {
    if (mark.day >= day) continue;
    const { lanes, epoch, position } = mark;
    const name = `${epoch}/${lanes}`;
    if (position > (found.get(name)?.position ?? 0)) found.set(name, { lanes, epoch, position });
  }
  return [...found.values()];
}
