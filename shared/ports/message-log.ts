import type { OutsideMessage } from '../core/message.ts';
import type { ReadCopy } from '../core/read-marks.ts';
import type { LogCutoff } from '../core/retention.ts';
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
  /** What tells it from any other record; stored with the position of its reader. Absent where the log can do without. */
  readonly proof?: string;
  /** Which message of its writer's outbox it is a copy of, and who sent it; absent where the outbox is the log. */
  readonly sent?: ReadCopy;
}

/** What a relay says of a send. */
export interface SendMark {
  /** Of the relay's run: greater than those of all runs before. Each record says it, so that a reader can tell a late copy. */
  readonly token: number;
  /** The number of the send within that run, from 1. All sends before it are marked as sent at the writer. */
  readonly send: number;
}

export interface LogFeatures {
  /**
   * True where the log stores how far a group has read. Where it is false, the reader commits positions to its own
   * store, together with the effects, and passes them to `subscribe`.
   */
  readonly keepsPositions: boolean;
  /**
   * True where the outboxes of the functions are the log: a message has one place for ever, a repeat lies at the same one, and
   * rows stay until every group has read them. Where it is false, a relay sends what the outbox has.
   */
  readonly isOutbox: boolean;
  /** Several processes of one consumer group may share a topic. */
  readonly severalInstances: boolean;
  /** How many partitions each topic has; messages of one key are in one, as `partitionOf` computes it. */
  readonly partitions: number;
}

/** Which records to look at, of one partition of a topic. */
export interface Browse {
  readonly partition: number;
  /** The position to begin at, that record with it; null for the end where the order begins. */
  readonly from: number | null;
  /** From there to older records, and in that order. */
  readonly isBackwards: boolean;
  readonly max: number;
}

/**
 * Reads topics for one consumer group. Each record is delivered at least once. Records of one partition key are
 * delivered in the order in which they were written. A group that never read starts with the oldest record.
 */
export interface Subscription {
  /**
   * Up to `max` records that follow the last acknowledged one; empty when there are none now. Does not wait. Lanes in
   * `paused`, by their {@link laneName}, return nothing and do not lose their position.
   */
  poll(max: number, paused?: ReadonlySet<string>): Promise<readonly LogRecord[]>;
  /** The effects of records up to these positions are durable: later polls start after them. */
  acknowledge(positions: readonly Position[]): Promise<void>;
  /** The end of each lane now, for a reader that skips the records there are. */
  ends(): Promise<readonly Position[]>;
  /** Null while the topics can be read, else a sentence that says why not. */
  unavailableReason(): string | null;
  close(): Promise<void>;
}

/** How far a group has read one partition of a topic. */
export interface Progress {
  readonly group: string;
  readonly partition: number;
  /** Of the last record that the group has processed; 0 before the first. */
  readonly position: number;
  /** Of the last record ever written; 0 before the first. */
  readonly end: number;
  /** Records that the group has not read yet. */
  readonly lag: number;
  /**
   * When the first unread record was received, or where that is not noted its `time`, ISO 8601; null where there is no
   * such record or no such time.
   */
  readonly oldestUnreadAt: string | null;
}

export interface MessageLog {
  readonly features: LogFeatures;

  /**
   * `positions`: how far the group has read, followed by how far it had read earlier epochs of the topics' writers. Asked
   * each time when lanes are assigned to this reader. A reader whose position no longer exists in the topic goes back to the
   * last one that both know, or to the oldest.
   *
   * `wake` is called when a poll may find new records. It may be called at any time and any number of times. `onWarning` is
   * called with a sentence when records that the group has read are gone from a topic.
   */
  subscribe(options: {
    readonly group: string;
    readonly topics: readonly string[];
    readonly positions: () => Promise<readonly Position[]>;
    /** Whether the group ran before; then it misses no record, even where it has read none yet. */
    readonly hasRun?: boolean;
    readonly wake: () => void;
    readonly onWarning?: (sentence: string) => void;
  }): Promise<Subscription>;

  /** How far each group that reads this topic has read each of its partitions, whether its process runs or not. */
  progress(topic: string): Promise<readonly Progress[]>;

  /**
   * Reads records beside all readers, for people who look at a topic: up to `max`, and none only where there are no more.
   * @throws {AppError} `unavailable` when the log cannot be read.
   */
  browse(topic: string, browse: Browse): Promise<readonly LogRecord[]>;

  /**
   * Notifies readers in this process that a store committed messages for this topic. `rows`: the committed messages, in
   * their order. Where the store set `written`, the log may broadcast them to readers, which then do not read the file.
   */
  announce(topic: string, rows?: readonly OutboxRow[]): void;

  /**
   * Appends from outside any function, as the sender wrote it, and notes when it was received: the sender may give any
   * `time`, or none. Durable when it resolves; where it fails, some may be there. Only for topics that no function writes.
   */
  append(topic: string, messages: readonly OutsideMessage[]): Promise<void>;

  /**
   * Removes up to `limit` of the oldest records that are over and that every group has read; never the newest. Returns
   * how many were removed; 0 also where the log prunes by itself. Only for topics that no function writes.
   */
  prune(topic: string, options: LogCutoff & { readonly limit: number }): Promise<number>;

  close(): Promise<void>;
}
