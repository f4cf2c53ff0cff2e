import { assert } from '../../../core/assert.ts';
import type { OutsideMessage } from '../../../core/message.ts';
import { writtenAt } from '../../../core/receipt.ts';
import { countOver, type LogCutoff } from '../../../core/retention.ts';
import type { Clock } from '../../../ports/clock.ts';
import type { Browse, LogRecord, MessageLog, Progress, Subscription } from '../../../ports/message-log.ts';
import type { OutboxRow, Position } from '../../../ports/store.ts';
import { cursorOf, EmbeddedSubscription } from './embedded-subscription.ts';
import { type EmbeddedReader, ReaderCheckpoint } from './reader-checkpoint.ts';
import { type Announcement, RecordBroadcast } from './record-broadcast.ts';
import { appendTo, type BegunFile, removeFrom } from './topic-appender.ts';
import { TopicReader } from './topic-reader.ts';

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
  readonly features = { keepsPositions: false, isOutbox: true, severalInstances: false, partitions: 1 };
  readonly #topics: Readonly<Record<string, EmbeddedTopic>>;
  readonly #readers: readonly EmbeddedReader[];
  readonly #files = new Map<string, TopicReader>();
  readonly #checkpoints = new Map<string, ReaderCheckpoint>();
  readonly #skipsPruned: boolean;
  readonly #subscriptions = new Set<EmbeddedSubscription>();
  readonly #clock: Clock | null;
  readonly #pollMs: number;
  /** Topics of other processes that have a reader here. */
  readonly #polled = new Set<string>();
  #pollTimer: NodeJS.Timeout | null = null;
  /** The files to which this log has appended, by topic. */
  readonly #begun = new Map<string, BegunFile>();
  readonly #broadcast = new RecordBroadcast((announcement) => this.#notifyReaders(announcement));

  /**
   * `pollMs`: how often the files of other processes that are read here are checked for changes. `readers`: those of all processes.
   * `skipsPruned`: a reader goes on although records that it has not read were pruned. `clock`: for the time at which messages
   * from outside are received; without it that is not noted.
   */
  constructor(options: {
    readonly topics: Readonly<Record<string, EmbeddedTopic>>;
    readonly readers?: readonly EmbeddedReader[];
    readonly pollMs: number;
    readonly skipsPruned?: boolean;
    readonly clock?: Clock;
  }) {
    this.#topics = options.topics;
    this.#clock = options.clock ?? null;
    this.#readers = options.readers ?? [];
    this.#skipsPruned = options.skipsPruned ?? false;
    this.#pollMs = options.pollMs;
  }

  async subscribe(options: {
    readonly group: string;
    readonly topics: readonly string[];
    readonly positions: () => Promise<readonly Position[]>;
    readonly hasRun?: boolean;
    readonly wake: () => void;
    readonly onWarning?: (sentence: string) => void;
  }): Promise<Subscription> {
    const positions = await options.positions();
    const cursors = options.topics.map((topic) => {
      const file = this.#fileOf(topic);
      // A new subscription reads the file: it may have missed broadcasts.
      file.receive(null);
      const isNewTopic = !positions.some((own) => own.topic === topic);
      const mayMiss = this.#skipsPruned || (isNewTopic && (positions.length > 0 || options.hasRun !== true));
      return cursorOf({ file, topic, mayMiss, onWarning: options.onWarning }, positions);
    });
    const subscription = new EmbeddedSubscription(cursors, options.wake, () =>
      this.#subscriptions.delete(subscription),
    );
    this.#subscriptions.add(subscription);
    this.#poll(options.topics);
    return subscription;
  }

  #poll(topics: readonly string[]): void {
    for (const topic of topics) if (!this.#topicOf(topic).writtenHere) this.#polled.add(topic);
    if (this.#polled.size > 0) this.#pollTimer ??= setInterval(() => this.#checkFiles(), this.#pollMs);
  }

  async progress(topic: string): Promise<readonly Progress[]> {
    return this.#readers
      .filter(({ topics }) => topics.includes(topic))
      .map(({ group, file }) => {
        return { group, partition: 0, ...this.#fileOf(topic).progressOf(this.#checkpointIn(file).knownOf(topic)) };
      });
  }

  async browse(topic: string, { partition, ...browse }: Browse): Promise<readonly LogRecord[]> {
    return partition === 0 ? this.#fileOf(topic).browse(browse) : [];
  }

  announce(topic: string, rows: readonly OutboxRow[] = []): void {
    this.#broadcast.send(topic, rows);
  }

  #notifyReaders({ topic, records }: Announcement): void {
    this.#files.get(topic)?.receive(records);
    for (const subscription of this.#subscriptions) subscription.notify(topic);
  }

  async append(topic: string, messages: readonly OutsideMessage[]): Promise<void> {
    const { file, isPublic } = this.#topicOf(topic);
    assert(isPublic, `only its own function writes to ${topic}`);
    const received = this.#clock === null ? null : new Date(this.#clock.nowMs()).toISOString();
    this.#begun.set(topic, appendTo(file, topic, messages, { begun: this.#begun.get(topic), received }));
    this.announce(topic);
  }

  async prune(topic: string, { limit, ...cutoff }: LogCutoff & { readonly limit: number }): Promise<number> {
    const { file, isPublic } = this.#topicOf(topic);
    assert(isPublic, `only its own function removes what is in ${topic}`);
    const readByAll = Math.min(...(await this.progress(topic)).map(({ position }) => position));
    const last = Math.min(readByAll, this.#fileOf(topic).end().position - 1);
    const records = this.#fileOf(topic)
      .oldest(limit)
      .filter(({ position }) => position <= last);
    const dated = records.map(({ position, attributes }) => ({ position, time: writtenAt(attributes) }));
    const over = records.slice(0, countOver(dated, cutoff));
    const newest = over.at(-1);
    if (newest !== undefined) removeFrom(file, newest.position);
    return over.length;
  }

  async close(): Promise<void> {
    if (this.#pollTimer !== null) clearInterval(this.#pollTimer);
    this.#broadcast.close();
    for (const file of [...this.#files.values(), ...this.#checkpoints.values()]) file.close();
  }

  #checkFiles(): void {
    for (const topic of this.#polled) {
      if (this.#files.get(topic)?.changed() === true) this.#notifyReaders({ topic, records: null });
    }
  }

  #fileOf(topic: string): TopicReader {
    let file = this.#files.get(topic);
    if (file === undefined) {
      const { file: path, isPublic } = this.#topicOf(topic);
      file = new TopicReader(topic, path, isPublic);
      this.#files.set(topic, file);
    }
    return file;
  }

  #checkpointIn(path: string): ReaderCheckpoint {
    let checkpoint = this.#checkpoints.get(path);
    if (checkpoint === undefined) {
      checkpoint = new ReaderCheckpoint(path);
      this.#checkpoints.set(path, checkpoint);
    }
    return checkpoint;
  }

  #topicOf(topic: string): EmbeddedTopic {
    const known = this.#topics[topic];
    assert(known !== undefined, `there is no topic ${topic}`);
    return known;
  }
}
