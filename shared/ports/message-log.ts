import type { Message } from '../core/message.ts';
import type { OutboxRow, Position } from './store.ts';

/**
 * A message as it lies in a topic. `attributes` are the CloudEvents attributes but `data`; nobody has checked them:
 * whoever writes to the topic may have put anything there.
 */
export interface LogRecord {
  readonly topic: string;
  readonly partition: number;
  /** Rises within a partition, with gaps. */
  readonly position: number;
  /** The life of the topic's writer in which it was written; absent where the log cannot lose what it has told. */
  readonly epoch?: string;
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The message's `data`, as text. */
  readonly value: string;
}

export interface LogFeatures {
  /**
   * True where the log remembers how far a group has read. Where it is false the reader commits positions to its own
   * store, together with the effects, and hands them to `subscribe` again.
   */
  readonly keepsPositions: boolean;
  /** Several processes of one consumer group may share a topic. */
  readonly severalInstances: boolean;
}

/**
 * Reads topics for one consumer group. Each record comes at least once; records of one partition key come in the order in
 * which they were written; a group that never read starts with the oldest record.
 */
export interface Subscription {
  /**
   * Up to `max` records that follow the last acknowledged one; none when there are none now. Does not wait. Nothing of the
   * topics in `paused`, which keep their place.
   */
  poll(max: number, paused?: ReadonlySet<string>): Promise<readonly LogRecord[]>;
  /** These records are dealt with and durable: later polls start behind them. */
  acknowledge(positions: readonly Position[]): Promise<void>;
  /** Where the topics end now, for a reader that wants to skip what is there. */
  ends(): Promise<readonly Position[]>;
  /** Null while the topics can be read, else a sentence about what is in the way. */
  unavailableReason(): string | null;
  close(): Promise<void>;
}

/** How far a group has read a topic. */
export interface Progress {
  readonly group: string;
  /** Of the last record that the group has dealt with; 0 before the first. */
  readonly position: number;
  /** Of the last record that was ever written; 0 before the first. */
  readonly end: number;
  /** Records that the group has yet to read. */
  readonly lag: number;
  /** When the first of them was written, as it says itself, ISO 8601; null where there is none, or it does not say. */
  readonly oldestUnreadAt: string | null;
}

export interface MessageLog {
  readonly features: LogFeatures;

  /**
   * `positions`: where the group has come, and behind that how far it had read earlier lives of the topics' writers. A reader
   * whose position the topic no longer has goes back to the last place that both know, else to the oldest record.
   *
   * `wake` is called, from no particular place and as often as it likes, when a poll may find something new.
   */
  subscribe(options: {
    readonly group: string;
    readonly topics: readonly string[];
    readonly positions: readonly Position[];
    readonly wake: () => void;
  }): Promise<Subscription>;

  /** How far each group that reads this topic has come, whether its process runs or not. */
  progress(topic: string): Promise<readonly Progress[]>;

  /**
   * Tells readers in this process that a store just committed messages for this topic. `rows`: what it committed, in its order;
   * where the store said how they lie there, the log may give them to readers without having them read again.
   */
  announce(topic: string, rows?: readonly OutboxRow[]): void;

  /** Appends from outside of any function. Durable when it resolves. Only for topics that no function writes. */
  append(topic: string, messages: readonly Message[]): Promise<void>;

  /**
   * Removes up to `limit` of the oldest records, by their own account written before `cutoffMs`, that every group has read;
   * never the newest. Gives how many went; 0 also where the log sees to it by itself. Only for topics that no function
   * writes. Milliseconds since 1970.
   */
  prune(
    topic: string,
    options: { readonly cutoffMs: number; readonly nowMs: number; readonly limit: number },
  ): Promise<number>;

  close(): Promise<void>;
}
