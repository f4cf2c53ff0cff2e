import { assert } from '../../../core/assert.ts';
import type { Message } from '../../../core/message.ts';
import { countOver } from '../../../core/retention.ts';
import type { LogRecord, MessageLog, Progress, Subscription } from '../../../ports/message-log.ts';
import type { OutboxRow, Position } from '../../../ports/store.ts';
import { type Epoch, placeOf } from './epochs.ts';
import { type EmbeddedReader, knownOf } from './reader-checkpoint.ts';
import { type Announcement, RecordBroadcast } from './record-broadcast.ts';
import { appendTo, removeFrom } from './topic-appender.ts';
import { LOCK_TIMEOUT_MS, TopicReader } from './topic-reader.ts';

export interface EmbeddedTopic {
  /** The SQLite file with the outbox that is this topic. */
  readonly file: string;
  /** Whether its writer runs in a thread of this process and announces its commits. Other files are polled. */
  readonly writtenHere: boolean;
  /** Whether callers outside a function may append to it. */
  readonly isPublic: boolean;
}

/** The log without a broker: a topic is the outbox in its writer's file, and readers store their own positions. */
export class EmbeddedLog implements MessageLog {
  readonly features = { keepsPositions: false, severalInstances: false };
  readonly #topics: Readonly<Record<string, EmbeddedTopic>>;
  readonly #readers: readonly EmbeddedReader[];
  readonly #files = new Map<string, TopicReader>();
  readonly #subscriptions = new Set<EmbeddedSubscription>();
  readonly #pollTimer: NodeJS.Timeout | null;
  /** Topics to which this log has appended: it has begun its epoch there. */
  readonly #topicsBegun = new Set<string>();
  readonly #broadcast = new RecordBroadcast((announcement) => this.#notifyReaders(announcement));

  /** `pollMs`: how often the files of other processes are checked for changes. `readers`: those of all processes. */
  constructor(options: {
    readonly topics: Readonly<Record<string, EmbeddedTopic>>;
    readonly readers?: readonly EmbeddedReader[];
    readonly pollMs: number;
  }) {
    this.#topics = options.topics;
    this.#readers = options.readers ?? [];
    const polled = Object.keys(options.topics).filter((topic) => options.topics[topic]?.writtenHere !== true);
    this.#pollTimer = polled.length === 0 ? null : setInterval(() => this.#checkFiles(polled), options.pollMs);
  }

  async subscribe(options: {
    readonly group: string;
    readonly topics: readonly string[];
    readonly positions: readonly Position[];
    readonly wake: () => void;
  }): Promise<Subscription> {
    const cursors = options.topics.map((topic) => {
      const file = this.#fileOf(topic);
      // A new subscription reads the file: it may have missed broadcasts.
      file.receive(null);
      return cursorOf(file, topic, options.positions);
    });
    const subscription = new EmbeddedSubscription(cursors, options.wake, () =>
      this.#subscriptions.delete(subscription),
    );
    this.#subscriptions.add(subscription);
    return subscription;
  }

  async progress(topic: string): Promise<readonly Progress[]> {
    return this.#readers
      .filter(({ topics }) => topics.includes(topic))
      .map(({ group, file }) => {
        return { group, ...this.#fileOf(topic).progressOf(knownOf(file, topic)) };
      });
  }

  announce(topic: string, rows: readonly OutboxRow[] = []): void {
    this.#broadcast.send(topic, rows);
  }

  #notifyReaders({ topic, records }: Announcement): void {
    this.#files.get(topic)?.receive(records);
    for (const subscription of this.#subscriptions) subscription.notify(topic);
  }

  async append(topic: string, messages: readonly Message[]): Promise<void> {
    const { file, isPublic } = this.#topicOf(topic);
    assert(isPublic, `only its own function writes to ${topic}`);
    appendTo(file, topic, messages, { begin: !this.#topicsBegun.has(topic) });
    this.#topicsBegun.add(topic);
    this.announce(topic);
  }

  async prune(
    topic: string,
    { cutoffMs, nowMs, limit }: { readonly cutoffMs: number; readonly nowMs: number; readonly limit: number },
  ): Promise<number> {
    const { file, isPublic } = this.#topicOf(topic);
    assert(isPublic, `only its own function removes what is in ${topic}`);
    const readByAll = Math.min(...(await this.progress(topic)).map(({ position }) => position));
    const last = Math.min(readByAll, this.#fileOf(topic).end().position - 1);
    const records = this.#fileOf(topic)
      .oldest(limit)
      .filter(({ position }) => position <= last);
    const times = records.map(({ attributes }) => attributes['time']);
    const over = records.slice(0, countOver(times, cutoffMs, nowMs));
    const newest = over.at(-1);
    if (newest !== undefined) removeFrom(file, newest.position);
    return over.length;
  }

  async close(): Promise<void> {
    if (this.#pollTimer !== null) clearInterval(this.#pollTimer);
    this.#broadcast.close();
    for (const file of this.#files.values()) file.close();
  }

  #checkFiles(topics: readonly string[]): void {
    for (const topic of topics) {
      if (this.#files.get(topic)?.changed() === true) this.#notifyReaders({ topic, records: null });
    }
  }

  #fileOf(topic: string): TopicReader {
    let file = this.#files.get(topic);
    if (file === undefined) {
      file = new TopicReader(topic, this.#topicOf(topic).file);
      this.#files.set(topic, file);
    }
    return file;
  }

  #topicOf(topic: string): EmbeddedTopic {
    const known = this.#topics[topic];
    assert(known !== undefined, `there is no topic ${topic}`);
    return known;
  }
}

const NONE: ReadonlySet<string> = new Set();
const NO_EPOCHS: readonly Epoch[] = [];

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
}

/** The first read of the file corrects its position. */
function cursorOf(file: TopicReader, topic: string, positions: readonly Position[]): Cursor {
  const known = new Map<string, number>();
  for (const { topic: name, position, epoch = '' } of positions) {
    if (name === topic && !known.has(epoch)) known.set(epoch, position);
  }
  const position = positions.find((own) => own.topic === topic)?.position ?? 0;
  return { topic, file, known, epochs: NO_EPOCHS, position, polled: position, isBehind: true, problem: null };
}

class EmbeddedSubscription implements Subscription {
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
      if (isRead || room === 0 || paused.has(cursor.topic)) continue;
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
    if (this.#cursors.some(({ file }) => file.isLocked))
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
    while (!cursor.file.isLocked && cursor.epochs !== cursor.file.epochs) {
      relocate(cursor);
      records = readAfter(cursor, max);
    }
    const { isLocked } = cursor.file;
    cursor.problem = isLocked ? `${cursor.topic} cannot be read: its file is locked` : null;
    cursor.isBehind = records.length > 0 || isLocked;
    cursor.polled = records.at(-1)?.position ?? cursor.position;
    return records;
  } catch (error) {
    cursor.problem = `${cursor.topic} cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    throw error;
  }
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
  cursor.epochs = cursor.file.epochs;
  cursor.position = placeOf(cursor.known, cursor.epochs, end);
}
