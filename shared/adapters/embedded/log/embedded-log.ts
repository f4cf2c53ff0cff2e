import { BroadcastChannel } from 'node:worker_threads';
import { assert } from '../../../core/assert.ts';
import type { Message } from '../../../core/message.ts';
import { countOver } from '../../../core/retention.ts';
import type { LogRecord, MessageLog, Progress, Subscription } from '../../../ports/message-log.ts';
import type { OutboxRow, Position } from '../../../ports/store.ts';
import { type Epoch, placeOf } from './epochs.ts';
import { type EmbeddedReader, knownOf } from './reader-checkpoint.ts';
import { type Announcement, recordsToBroadcast } from './record-broadcast.ts';
import { appendTo, removeFrom } from './topic-appender.ts';
import { LOCK_TIMEOUT_MS, TopicReader } from './topic-reader.ts';

export interface EmbeddedTopic {
  /** The SQLite file with the outbox that is this topic. */
  readonly file: string;
  /** Whether its writer runs in this process, in whatever thread, and announces its commits. Other files are watched. */
  readonly writtenHere: boolean;
  /** Whether anybody may append to it from outside. */
  readonly isPublic: boolean;
}

/** The log without a broker: a topic is the outbox in its writer's file, and readers keep their own position. */
export class EmbeddedLog implements MessageLog {
  readonly features = { keepsPositions: false, severalInstances: false };
  readonly #topics: Readonly<Record<string, EmbeddedTopic>>;
  readonly #readers: readonly EmbeddedReader[];
  readonly #files = new Map<string, TopicReader>();
  readonly #subscriptions = new Set<EmbeddedSubscription>();
  readonly #watch: NodeJS.Timeout | null;
  /** Topics to which this log has appended: its life as a writer of them has begun. */
  readonly #begun = new Set<string>();
  /** To the logs in the other threads of this process. */
  readonly #threads = new BroadcastChannel('saga-store/embedded-log');

  /** `pollMs`: how often the files of other processes are asked for changes. `readers`: all there are, wherever they run. */
  constructor(options: {
    readonly topics: Readonly<Record<string, EmbeddedTopic>>;
    readonly readers?: readonly EmbeddedReader[];
    readonly pollMs: number;
  }) {
    this.#topics = options.topics;
    this.#readers = options.readers ?? [];
    this.#threads.unref();
    this.#threads.onmessage = (event) => this.#tellReaders((event as MessageEvent).data as Announcement);
    const watched = Object.keys(options.topics).filter((topic) => options.topics[topic]?.writtenHere !== true);
    this.#watch = watched.length === 0 ? null : setInterval(() => this.#look(watched), options.pollMs);
  }

  async subscribe(options: {
    readonly group: string;
    readonly topics: readonly string[];
    readonly positions: readonly Position[];
    readonly wake: () => void;
  }): Promise<Subscription> {
    const cursors = options.topics.map((topic) => {
      const file = this.#fileOf(topic);
      // Whoever starts trusts the file alone: nobody knows what he was not told while he was away.
      file.hear(null);
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
    const announcement: Announcement = { topic, records: recordsToBroadcast(topic, rows) };
    // The other threads first: they may have to wake up.
    this.#threads.postMessage(announcement);
    this.#tellReaders(announcement);
  }

  #tellReaders({ topic, records }: Announcement): void {
    this.#files.get(topic)?.hear(records);
    for (const subscription of this.#subscriptions) subscription.hear(topic);
  }

  async append(topic: string, messages: readonly Message[]): Promise<void> {
    const { file, isPublic } = this.#topicOf(topic);
    assert(isPublic, `only its own function writes to ${topic}`);
    appendTo(file, topic, messages, { begin: !this.#begun.has(topic) });
    this.#begun.add(topic);
    this.announce(topic);
  }

  async prune(
    topic: string,
    { cutoffMs, nowMs, limit }: { readonly cutoffMs: number; readonly nowMs: number; readonly limit: number },
  ): Promise<number> {
    const { file, isPublic } = this.#topicOf(topic);
    assert(isPublic, `only its own function removes what is in ${topic}`);
    const read = Math.min(...(await this.progress(topic)).map(({ position }) => position));
    const last = Math.min(read, this.#fileOf(topic).end().position - 1);
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
    if (this.#watch !== null) clearInterval(this.#watch);
    this.#threads.close();
    for (const file of this.#files.values()) file.close();
  }

  #look(topics: readonly string[]): void {
    for (const topic of topics) {
      if (this.#files.get(topic)?.changed() === true) this.#tellReaders({ topic, records: null });
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
const NOWHERE: readonly Epoch[] = [];

interface Cursor {
  readonly topic: string;
  readonly file: TopicReader;
  /** How far each life of the topic's writer was read, and the lives for which `position` was found. */
  readonly known: Map<string, number>;
  epochs: readonly Epoch[];
  /** Of the last acknowledged record. */
  position: number;
  /** Of the last record that a poll gave; behind `position` there is nothing that still has to be given again. */
  polled: number;
  /** Why it cannot be read; null while it can. */
  problem: string | null;
  /** Whether there may be records behind the position. */
  isBehind: boolean;
}

/** It finds its place with the first look into the file. */
function cursorOf(file: TopicReader, topic: string, positions: readonly Position[]): Cursor {
  const known = new Map<string, number>();
  for (const { topic: of, position, epoch = '' } of positions) {
    if (of === topic && !known.has(epoch)) known.set(epoch, position);
  }
  const position = positions.find((own) => own.topic === topic)?.position ?? 0;
  return { topic, file, known, epochs: NOWHERE, position, polled: position, isBehind: true, problem: null };
}

class EmbeddedSubscription implements Subscription {
  readonly #cursors: Cursor[];
  readonly #wake: () => void;
  readonly #left: () => void;
  #first = 0;
  #again: NodeJS.Timeout | undefined;

  constructor(cursors: Cursor[], wake: () => void, left: () => void) {
    this.#cursors = cursors;
    this.#wake = wake;
    this.#left = left;
  }

  hear(topic: string): void {
    const cursor = this.#cursors.find((known) => known.topic === topic);
    if (cursor === undefined) return;
    cursor.isBehind = true;
    this.#wake();
  }

  async poll(max: number, paused: ReadonlySet<string> = NONE): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = [];
    // Each poll begins with another topic, so that a full one does not keep the others waiting.
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
    this.#comeAgain();
    // A topic that cannot be read does not keep the others waiting.
    if (records.length === 0 && failures.length > 0) throw failures[0];
    return records;
  }

  /** Nobody tells when a file is no longer held. */
  #comeAgain(): void {
    clearTimeout(this.#again);
    if (this.#cursors.some(({ file }) => file.isLocked)) this.#again = setTimeout(this.#wake, LOCK_TIMEOUT_MS).unref();
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
    clearTimeout(this.#again);
    this.#left();
  }
}

function read(cursor: Cursor, max: number): readonly LogRecord[] {
  try {
    let records = readOn(cursor, max);
    while (!cursor.file.isLocked && cursor.epochs !== cursor.file.epochs) {
      place(cursor);
      records = readOn(cursor, max);
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

/** Where all there is was given before, and not yet acknowledged, also what has come since. */
function readOn({ file, position, polled }: Cursor, max: number): readonly LogRecord[] {
  const records = file.read(position, max);
  const isOld = records.length > 0 && records.length < max && records.at(-1)?.position === polled;
  return isOld ? [...records, ...file.read(polled, max - records.length)] : records;
}

/** The topic's writer has begun a life that the cursor does not know yet; perhaps in a file that was restored from a copy. */
function place(cursor: Cursor): void {
  const { position: end } = cursor.file.end();
  cursor.epochs = cursor.file.epochs;
  cursor.position = placeOf(cursor.known, cursor.epochs, end);
}
