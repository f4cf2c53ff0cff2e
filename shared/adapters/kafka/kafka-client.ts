import type { Lane } from '../../ports/store.ts';

export const CONNECT_MS = 3_000;
/** The longest wait for an answer to any request. */
export const REQUEST_MS = 10_000;
/** The longest send: it may have to connect, and to ask where the partitions are. */
export const SEND_MAX_MS = CONNECT_MS + 2 * REQUEST_MS;

/**
 * What the log needs of a client library for Kafka, so that another library is one file. Nothing here repeats anything on
 * its own: a send that fails has failed, and whether its messages arrived is not known.
 */
export interface KafkaClient {
  readonly admin: KafkaAdmin;
  /** Connects when it is first used. */
  producer(): KafkaProducer;
  /** Joins a group. Resolves when it has joined, which takes as long as its other members need, or has crashed. */
  consumer(options: ConsumerOptions): Promise<KafkaConsumer>;
  close(): Promise<void>;
}

export interface KafkaRecord {
  readonly offset: number;
  /** When the broker appended it, where the topic notes that; milliseconds since 1970. */
  readonly timestampMs: number;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer>>;
}

/** Messages for one partition, one behind the other. */
export interface KafkaPiece extends Lane {
  readonly messages: readonly KafkaMessage[];
}

export interface KafkaMessage {
  readonly key: string | null;
  readonly value: string | Buffer | null;
  readonly headers?: Readonly<Record<string, string | Buffer>>;
}

/** What the broker said of one piece; `errorCode` 0: all replicas that have to have it do. */
export interface KafkaReceipt extends Lane {
  readonly errorCode: number;
  /** The offset of the first message. */
  readonly baseOffset: number;
}

export interface KafkaProducer {
  /** Sends each piece once, one send after the other; over within {@link SEND_MAX_MS}. @throws where a broker refused it or did not answer */
  send(pieces: readonly KafkaPiece[]): Promise<readonly KafkaReceipt[]>;
}

/** Records of one lane that one fetch brought. */
export interface KafkaBatch {
  readonly records: readonly KafkaRecord[];
  /** The offset that was asked for; null where the records in it are none for readers. */
  readonly from: number | null;
  /** The offset that follows what the fetch brought. */
  readonly next: number;
}

export interface ConsumerOptions {
  readonly group: string;
  readonly topics: readonly string[];
  /** After so long without a heartbeat another member takes the lanes over; 10 s by default. */
  readonly sessionMs?: number;
  /** These lanes are this consumer's from now on, and no others. Called before any of their records is fetched. */
  readonly onAssigned: (lanes: readonly Lane[], consumer: KafkaConsumer) => void;
  /** Returns whether the records were taken. Others come again, unless the lane is paused or sought. */
  readonly onBatch: (lane: Lane, batch: KafkaBatch) => boolean;
  /** The consumer has ended, and has to be built anew. */
  readonly onCrash: (error: Error) => void;
  /** The group's coordinator has answered. */
  readonly onBeat: () => void;
}

export interface KafkaConsumer {
  pause(lanes: readonly Lane[]): void;
  resume(lanes: readonly Lane[]): void;
  /** The lane goes on at this offset. */
  seek(lane: Lane, offset: number): void;
  /** Notes for tools where the group goes on. */
  commit(offsets: readonly (Lane & { readonly offset: number; readonly note: string })[]): Promise<void>;
  /** Leaves the group. */
  close(): Promise<void>;
}

/** A topic as the broker has it. */
export interface TopicState {
  readonly partitions: number;
  /** Of the partition that has the fewest. */
  readonly replicas: number;
  readonly config: Readonly<Record<string, string>>;
}

export interface NewTopic {
  readonly name: string;
  readonly partitions: number;
  readonly replicas: number;
  readonly config: Readonly<Record<string, string>>;
}

/** The offsets of a partition: of its oldest record, and the one that the next record will have. */
export interface PartitionEnds {
  readonly partition: number;
  readonly low: number;
  readonly high: number;
}

/** Where a group goes on in a partition, as it noted; null where it noted nothing. */
export interface GroupOffset {
  readonly partition: number;
  readonly offset: number | null;
  /** What it noted beside; empty where that is nothing. */
  readonly note: string;
}

export interface KafkaAdmin {
  brokers(): Promise<number>;
  /** Does nothing where the topic exists. */
  createTopic(topic: NewTopic): Promise<void>;
  /** Null where there is no such topic. */
  topic(name: string): Promise<TopicState | null>;
  ends(topic: string): Promise<readonly PartitionEnds[]>;
  /** Of each partition the offset of the first record appended at this time or later; its end where there is none. */
  offsetsAt(topic: string, timeMs: number): Promise<readonly { readonly partition: number; readonly offset: number }[]>;
  /**
   * Records of one lane from this offset on, in its order, without a group: as many as one fetch brings, which takes no longer than
   * a fetch may wait. `next`: the offset that follows what it brought; the one that was asked for where it brought nothing.
   */
  records(lane: Lane, offset: number): Promise<{ readonly records: readonly KafkaRecord[]; readonly next: number }>;
  groupOffsets(group: string, topic: string): Promise<readonly GroupOffset[]>;
}
