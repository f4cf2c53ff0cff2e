import { AppError } from '../../../core/errors.ts';
import type { LogRecord, Subscription } from '../../../ports/message-log.ts';
import { laneName, type Position } from '../../../ports/store.ts';
import { type Epoch, placeOf } from './epochs.ts';
import { LOCK_TIMEOUT_MS } from './topic-file.ts';
import type { TopicReader } from './topic-reader.ts';

const NONE: ReadonlySet<string> = new Set();
const NO_EPOCHS: readonly Epoch[] = [];

/** How far a subscription has read one topic. */
interface Cursor {
  readonly topic: string;
  readonly file: TopicReader;
  /** How far each epoch of the topic's writer was read. */
  readonly known: Map<string, number>;
  /** The epochs from which `position` was computed. */
  epochs: readonly Epoch[];
  /** Of the last acknowledged record. */
  position: number;
  /**
   * Of the last record that a poll returned; equal to `position` when no returned record awaits its acknowledgement.
   */
  polled: number;
  /** Why it cannot be read; null while it can. */
  problem: string | null;
  /** Whether there may be records after `position`. */
  isBehind: boolean;
  /** Whether it goes on where records that it has not read were pruned. */
  readonly mayMiss: boolean;
  /** Called with a sentence when records that were read are gone. */
  readonly onWarning?: ((sentence: string) => void) | undefined;
}

/** The first read of the file corrects its position. */
export function cursorOf(
  read: Pick<Cursor, 'topic' | 'file' | 'mayMiss' | 'onWarning'>,
  positions: readonly Position[],
): Cursor {
  const known = new Map<string, number>();
  const ofTopic = positions.filter(({ topic }) => topic === read.topic);
  for (const { position, epoch = '' } of ofTopic) if (!known.has(epoch)) known.set(epoch, position);
  const position = ofTopic[0]?.position ?? 0;
  return { ...read, known, epochs: NO_EPOCHS, position, polled: position, isBehind: true, problem: null };
}

/** Reads several topics for one group, each at its own pace. */
export class EmbeddedSubscription implements Subscription {
  readonly #cursors: Cursor[];
  readonly #wake: () => void;
  readonly #onClose: () => void;
  #first = 0;
  #retryTimer: NodeJS.Timeout | undefined;

  constructor(cursors: Cursor[], wake: () => void, onClose: () => void) {
    this.#cursors = cursors;
    this.#wake = wake;
    this.#onClose = onClose;
  }

  notify(topic: string): void {
    const cursor = this.#cursors.find((known) => known.topic === topic);
    if (cursor === undefined) return;
    cursor.isBehind = true;
    this.#wake();
  }

  async poll(max: number, paused: ReadonlySet<string> = NONE): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = [];
    // Each poll begins with another topic, so that a busy one does not starve the others.
    this.#first = (this.#first + 1) % this.#cursors.length;
    const inTurn = [...this.#cursors.slice(this.#first), ...this.#cursors.slice(0, this.#first)];
    const failures: unknown[] = [];
    for (const cursor of inTurn) {
      const room = max - records.length;
      const isRead = !cursor.isBehind && cursor.polled === cursor.position;
      if (isRead || room === 0 || paused.has(laneName({ topic: cursor.topic, partition: 0 }))) continue;
      try {
        records.push(...read(cursor, room));
      } catch (error) {
        failures.push(error);
      }
    }
    this.#retryWhileLocked();
    // A topic that cannot be read does not stop the others.
    if (records.length === 0 && failures.length > 0) throw failures[0];
    return records;
  }

  /** Polls again later, because the release of a lock causes no notification. */
  #retryWhileLocked(): void {
    clearTimeout(this.#retryTimer);
    if (this.#cursors.some(({ file }) => file.lockedReason !== null))
      this.#retryTimer = setTimeout(this.#wake, LOCK_TIMEOUT_MS).unref();
  }

  async acknowledge(positions: readonly Position[]): Promise<void> {
    for (const { topic, position, epoch = '' } of positions) {
      const cursor = this.#cursors.find((known) => known.topic === topic);
      if (cursor === undefined) continue;
      cursor.known.set(epoch, position);
      cursor.position = position;
      cursor.polled = Math.max(cursor.polled, position);
    }
  }

  async ends(): Promise<readonly Position[]> {
    return this.#cursors.map(({ file }) => file.end());
  }

  unavailableReason(): string | null {
    return this.#cursors.find((cursor) => cursor.problem !== null)?.problem ?? null;
  }

  async close(): Promise<void> {
    clearTimeout(this.#retryTimer);
    this.#onClose();
  }
}

function read(cursor: Cursor, max: number): readonly LogRecord[] {
  try {
    let records = readAfter(cursor, max);
    while (cursor.file.lockedReason === null && cursor.epochs !== cursor.file.epochs) {
      relocate(cursor);
      records = readAfter(cursor, max);
    }
    const { lockedReason } = cursor.file;
    cursor.problem = lockedReason === null ? null : `${cursor.topic} cannot be read: ${lockedReason}`;
    cursor.isBehind = records.length > 0 || lockedReason !== null;
    cursor.polled = records.at(-1)?.position ?? cursor.position;
    return records;
  } catch (error) {
    cursor.problem = `${cursor.topic} cannot be read: ${causeOf(error)}`;
    throw error;
  }
}

/** The shortest text that says why: what the system or SQLite said. */
function causeOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}

/**
 * Records are pruned when every reader has read them. A reader that has missed some was restored from a copy that is older than
 * the topic's oldest record. A group that runs for the first time begins with the oldest record.
 *
 * @throws {AppError} `unavailable`: the records are gone, and an operator has to decide
 */
function assertNoneMissed({ topic, file, mayMiss }: Cursor, position: number): void {
  if (mayMiss) return;
  const first = file.firstPosition();
  if (first === null || first <= position + 1) return;
  const missing = `records ${position + 1} to ${first - 1} of ${topic} were pruned before they were read`;
  const remedy = 'the data are restored from a copy that is too old: restore a newer one, or set SKIP_PRUNED_RECORDS';
  throw new AppError('unavailable', `${missing}; ${remedy}`, { retryAfterS: 60 });
}

/**
 * The records after `position`. Where all of them were returned before and not acknowledged, also those after `polled`.
 */
function readAfter({ file, position, polled }: Cursor, max: number): readonly LogRecord[] {
  const records = file.read(position, max);
  const areReturnedBefore = records.length > 0 && records.length < max && records.at(-1)?.position === polled;
  return areReturnedBefore ? [...records, ...file.read(polled, max - records.length)] : records;
}

/** Finds the position again after the topic's writer began another epoch, perhaps in a file restored from a copy. */
function relocate(cursor: Cursor): void {
  const { position: end } = cursor.file.end();
  const { epochs } = cursor.file;
  const position = placeOf(cursor.known, epochs, end);
  assertNoneMissed(cursor, position);
  if (position < cursor.position) {
    cursor.onWarning?.(`records of ${cursor.topic} that were read are gone: its file is an older copy, or a new one`);
  }
  cursor.epochs = epochs;
  cursor.position = position;
}
