import type { OutboxRow } from '../../../ports/store.ts';

/** More is left to the file: what waits for a thread that is held up must stay small. In characters. */
export const BROADCAST_CHARS_MAX = 131_072;

/** Committed records on their way to readers in this process, in whatever thread: they lie without a gap behind another. */
export interface BroadcastRecords {
  /** The life of the writer in which they were written. */
  readonly epoch: string;
  /** The position of the first. */
  readonly first: number;
  /** For each the text of its attributes, and that of its value. */
  readonly texts: readonly string[];
}

/** What a commit tells the readers of its topic: its records, or null where they have to look into the file. */
export interface Announcement {
  readonly topic: string;
  readonly records: BroadcastRecords | null;
}

/** The records of a commit; null where not all of them can be handed over. */
export function recordsToBroadcast(topic: string, rows: readonly OutboxRow[]): BroadcastRecords | null {
  const start = rows[0]?.written;
  if (start === undefined) return null;
  const { epoch, position: first } = start;
  const texts: string[] = [];
  let chars = 0;
  for (const { topic: to, written } of rows) {
    if (written === undefined || to !== topic || written.epoch !== epoch) return null;
    if (written.position !== first + texts.length / 2) return null;
    chars += written.attributes.length + written.value.length;
    if (chars > BROADCAST_CHARS_MAX) return null;
    texts.push(written.attributes, written.value);
  }
  return { epoch, first, texts };
}
