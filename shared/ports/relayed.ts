import type { Origin } from '../core/read-marks.ts';
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

/** A message that is marked as sent, and the place in a topic that it has. */
export interface SentPlace extends Origin {
  readonly partition: number;
  readonly offset: number;
}

/** What became of a send. */
export type Settled =
  /** What it sent is marked as sent. */
  | 'marked'
  /** Another run has begun since its token was given, and nothing is changed. */
  | 'superseded'
  /** It took places that earlier messages had. So those are lost: they count as unsent, with all behind them, this send too. */
  | 'lost';

/** What a relay needs of a store: the messages in its outbox that are not sent yet, in the order of their commits. */
export interface Relayed {
  /**
   * Begins a run of the relay. Returns its token, which is greater than all before and at least `nowMs`.
   */
  begin(nowMs: number): Promise<number>;

  /** The newest message of each lane of a topic that is marked as sent; without those that are pruned, here. */
  newestSent(topic: string): Promise<readonly SentPlace[]>;

  /**
   * What these lanes of a topic had is lost (it was made anew, or the log has lost its end): it counts as unsent again, with all
   * behind it. Changes nothing where another run has begun since this token was given.
   */
  resend(token: number, topic: string, partitions: readonly number[]): Promise<void>;

  /** The oldest messages that are not sent, at most `limit`. */
  unsent(limit: number): Promise<readonly UnsentRow[]>;

  /**
   * Marks as sent what these pieces hold, up to the position `upTo` without a gap, unless {@link Settled} says otherwise. What a
   * power cut takes back is sent again by the next run.
   */
  settle(token: number, upTo: number, pieces: readonly SentPiece[]): Promise<Settled>;

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

  /**
   * Which of these messages are not in their places any more. One that the log has pruned by its age counts as there.
   * @throws {AppError} `unavailable`
   */
  missing(topic: string, places: readonly SentPlace[]): Promise<readonly SentPlace[]>;
}
