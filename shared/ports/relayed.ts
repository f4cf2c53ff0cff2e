import type { SendMark } from './message-log.ts';

/** A message of the outbox that was not sent yet. */
export interface UnsentRow {
  readonly position: number;
  /** The epoch of the writer in which it was written. */
  readonly epoch: string;
  readonly topic: string;
  /** Decides the partition; messages of one key are sent in their order. */
  readonly partitionKey: string;
  /** The CloudEvents attributes except `data`, and `data`: JSON. */
  readonly attributes: string;
  readonly data: string;
}

/** Messages that one send has put into one partition, one behind the other. */
export interface SentPiece {
  readonly topic: string;
  readonly partition: number;
  /** The place of the first one in the partition. */
  readonly firstOffset: number;
  /** Their positions in the outbox, in their order. */
  readonly positions: readonly number[];
}

/** Where a lane ends: the place that its next message will have. */
export interface LaneEnd {
  readonly partition: number;
  readonly end: number;
}

/** What a relay needs of a store: the messages in its outbox that are not sent yet, in the order of their commits. */
export interface Relayed {
  /**
   * Begins a run of the relay. Returns its token, which is greater than all before and at least `nowMs`.
   */
  begin(nowMs: number): Promise<number>;

  /**
   * Compares what is marked as sent with where the lanes of a topic end now. Messages whose places are not there any more (the
   * topic was made anew, or the log has lost its end) count as unsent again, with all behind them.
   * Returns whether there were any.
   */
  recheck(topic: string, ends: readonly LaneEnd[]): Promise<boolean>;

  /** The oldest messages that are not sent, at most `limit`. */
  unsent(limit: number): Promise<readonly UnsentRow[]>;

  /**
   * Marks as sent what these pieces hold, up to the position `upTo` without a gap. Returns false, and changes nothing,
   * when another run has begun since `token` was given. What a power cut takes back is sent again by the next run.
   */
  settle(token: number, upTo: number, pieces: readonly SentPiece[]): Promise<boolean>;

  /** How many messages are not sent; counts no further than `atMost`. */
  countUnsent(atMost: number): Promise<number>;

  /** Up to which position of the outbox everything is sent. */
  sentUpTo(): Promise<number>;

  /** Forgets where messages up to this position lie: they are pruned. */
  forget(upTo: number): Promise<void>;

  /** Where a message of the outbox lies in the log; null while it is not sent, or where that is no longer known. */
  placeOf(topic: string, position: number): Promise<{ readonly partition: number; readonly offset: number } | null>;
}

/** The log as a relay sees it. */
export interface RelayTarget {
  /**
   * Sends messages, those of one key in their order, to the partitions that the log computes. Resolves when all replicas that
   * have to acknowledge them did, with the place of each. Rejects otherwise, and says nothing about what arrived.
   * @throws {AppError} `unavailable` when they may not have arrived
   */
  send(rows: readonly UnsentRow[], mark: SendMark): Promise<readonly SentPiece[]>;

  /** A send has resolved or rejected after so many milliseconds. */
  readonly sendMaxMs: number;

  /** Where each lane of a topic ends now. @throws {AppError} `unavailable` */
  laneEnds(topic: string): Promise<readonly LaneEnd[]>;
}
