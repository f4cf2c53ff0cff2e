import { BroadcastChannel } from 'node:worker_threads';
import type { OutboxRow } from '../../../ports/store.ts';

/** Larger commits are read from the file, so that little waits for a busy thread. In characters. */
export const BROADCAST_CHARS_MAX = 131_072;

/** Committed records for readers in all threads of this process. Their positions have no gaps. */
export interface BroadcastRecords {
  /** The epoch of the writer in which they were written. */
  readonly epoch: string;
  /** The position of the first. */
  readonly first: number;
  /** Two texts for each record: its attributes, then its value. */
  readonly texts: readonly string[];
}

/** A commit's notification to the readers of its topic: its records, or null where they have to read the file. */
export interface Announcement {
  readonly topic: string;
  readonly records: BroadcastRecords | null;
}

/** Tells the readers of a topic in all threads of this process what was committed to it. */
export class RecordBroadcast {
  readonly #threads = new BroadcastChannel('saga-store/embedded-log');
  readonly #receive: (announcement: Announcement) => void;

  /** `receive` is called for each commit of this thread and of the others. */
  constructor(receive: (announcement: Announcement) => void) {
    this.#receive = receive;
    this.#threads.unref();
    this.#threads.onmessage = (event) => receive((event as MessageEvent).data as Announcement);
  }

  send(topic: string, rows: readonly OutboxRow[]): void {
    const announcement: Announcement = { topic, records: recordsToBroadcast(topic, rows) };
    // Other threads first, as they may have to wake up.
    this.#threads.postMessage(announcement);
    this.#receive(announcement);
  }

  close(): void {
    this.#threads.close();
  }
}

/** The records of a commit; null where not all of them can be broadcast. */
function recordsToBroadcast(topic: string, rows: readonly OutboxRow[]): BroadcastRecords | null {
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
