import type { Message } from '../core/message.ts';
import type { OutboxRow, Position } from './store.ts';

/**
 * A message as stored in a topic. `attributes` are the CloudEvents attributes except `data`. They are not validated: a
 * writer to the topic may have put anything there.
 */
export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  /** Increases within a partition, with gaps. */
  readonly position: number;
  /** The epoch of the topic's writer in which it was written; absent where the log cannot lose published records. */
  readonly epoch?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The message's `data`, as text. */
  readonly value: string;
}

export interface LogFeatures {
  /**
   * True where the log stores how far a group has read. Where it is false, the reader commits positions to its own
   * store, together with the effects, and passes them to `subscribe`.
   */
  readonly keepsPositions: boolean;
  /** Several processes of one consumer group may share a topic. */
  readonly severalInstances: boolean;
}

/**
 * Reads topics for one consumer group. Each record is delivered at least once. Records of one partition key are
 * delivered in the order in which they were written. A group that never read starts with the oldest record.
 */
export interface Subscription {
  /**
   * Up to `max` records that follow the last acknowledged one; empty when there are none now. Does not wait. Topics in
   * `paused` return nothing and do not lose their position.
   */
  poll(max: number, paused?: ReadonlySet<string>): Promise<readonly LogRecord[]>;
  /** The effects of records up to these positions are durable: later polls start after them. */
  acknowledge(positions: readonly Position[]): Promise<void>;
  /** The end of each topic now, for a reader that skips the records there are. */
  ends(): Promise<readonly Position[]>;
  /** Null while the topics can be read, else a sentence that says why not. */
  unavailableReason(): string | null;
  close(): Promise<void>;
}

/** How far a group has read a topic. */
export interface Progress {
  readonly group: string;
  /** Of the last record that the group has processed; 0 before the first. */
  readonly position: number;
  /** Of the last record ever written; 0 before the first. */
  readonly end: number;
  /** Records that the group has not read yet. */
  readonly lag: number;
  /** The `time` of the first unread record, ISO 8601; null where there is none, or where it has no valid `time`. */
  readonly oldestUnreadAt: string | null;
}

export interface MessageLog {
  readonly features: LogFeatures;

  /**
   * `positions`: how far the group has read, followed by how far it had read earlier epochs of the topics' writers. A
   * reader whose position no longer exists in the topic goes back to the last one that both know, or to the oldest.
   *
   * `wake` is called when a poll may find new records. It may be called at any time and any number of times.
   */
  subscribe(options: {
    readonly group: string;
    readonly topics: readonly string[];
    readonly positions: readonly Position[];
    readonly wake: () => void;
  }): Promise<Subscription>;

  /** How far each group that reads this topic has read, whether its process runs or not. */
  progress(topic: string): Promise<readonly Progress[]>;

  /**
   * Notifies readers in this process that a store committed messages for this topic. `rows`: the committed messages, in
   * their order. Where the store set `written`, the log may broadcast them to readers, which then do not read the file.
   */
  announce(topic: string, rows?: readonly OutboxRow[]): void;

  /** Appends from outside any function. Durable when it resolves. Only for topics that no function writes. */
  append(topic: string, messages: readonly Message[]): Promise<void>;

  /**
   * Removes up to `limit` of the oldest records whose `time` is before `cutoffMs` and that every group has read; never
   * the newest. Returns how many were removed; 0 also where the log prunes by itself. Only for topics that no function
   * writes. Times are milliseconds since 1970.
   */
  prune(
    topic: string,
    options: { readonly cutoffMs: number; readonly nowMs: number; readonly limit: number },
  ): Promise<number>;

  close(): Promise<void>;
}
