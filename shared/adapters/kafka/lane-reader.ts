import type { LogRecord } from '../../ports/message-log.ts';
import type { Lane } from '../../ports/store.ts';
import { proofOf, readEvent } from './event-format.ts';
import type { KafkaBatch, KafkaConsumer, KafkaRecord } from './kafka-client.ts';
import { type Buffered, LaneBuffer } from './lane-buffer.ts';
import type { LaneStart } from './lane-start.ts';

/** What became of a batch. `lost`: it is not what was asked for, so the lane has to be taken up again. */
export type Taken = 'taken' | 'sought' | 'lost';

export interface LaneOptions {
  readonly lane: Lane;
  readonly consumer: KafkaConsumer;
  readonly start: LaneStart;
  /** The ends of the partition when it was taken up. */
  readonly low: number;
  readonly high: number;
  /** How many partitions the topic has. */
  readonly lanes: number;
  readonly writer: string | null;
  readonly newEpoch: () => string;
  /** Called when records that were read are gone. */
  readonly onLost: () => void;
}

/**
 * One assigned lane: proves that its topic is the one that was read before, then buffers what is fetched. The library is told
 * where to go on and is not believed: a batch from anywhere else is not taken.
 */
export class LaneReader {
  readonly #options: LaneOptions;
  #buffer: LaneBuffer;
  #epoch: string;
  /** What the record before the first one to be read has to say; null where nothing is to be proved any more. */
  #proof: string | null;
  #isPaused = false;

  constructor(options: LaneOptions) {
    const { position, epoch, proof } = options.start;
    this.#options = options;
    this.#epoch = epoch;
    this.#proof = proof;
    this.#buffer = new LaneBuffer(position);
    options.consumer.seek(options.lane, proof === null ? position : position - 1);
  }

  get lane(): Lane {
    return this.#options.lane;
  }

  get epoch(): string {
    return this.#epoch;
  }

  /** How far it was read: behind the last record there may be marks of transactions, which no reader gets. */
  get position(): number {
    return this.#buffer.first === null ? this.#buffer.next : this.#buffer.position;
  }

  /** The offset that the next fetch is to begin with; null while the lane is full. */
  get wanted(): number | null {
    if (this.#isPaused) return null;
    return this.#proof === null ? this.#buffer.next : this.#buffer.next - 1;
  }

  /** When the first record that is not acknowledged was appended; null where none is fetched. */
  get oldestMs(): number | null {
    return this.#buffer.first?.timestampMs ?? null;
  }

  /** Whether a poll returns records now, or none because there were none when the lane was taken up. */
  get isReady(): boolean {
    if (this.#proof !== null) return false;
    return this.#buffer.first !== null || this.#buffer.next >= this.#options.high;
  }

  take({ records, from, next }: KafkaBatch): Taken {
    if (this.#proof !== null) return this.#prove(records, from, next);
    if (from !== null && from !== this.#buffer.next) return 'lost';
    this.#add(records, next);
    return 'taken';
  }

  poll(max: number): readonly LogRecord[] {
    return this.#buffer.poll(max);
  }

  acknowledge(position: number): void {
    const { lane, consumer } = this.#options;
    if (this.#buffer.acknowledge(position)) {
      this.#proof = null;
      consumer.seek(lane, position);
    }
    if (!this.#isPaused || !this.#buffer.isHalfEmpty) return;
    this.#isPaused = false;
    consumer.resume([lane]);
  }

  /** The record at the position that was read last has to be the same one. */
  #prove(records: readonly KafkaRecord[], from: number | null, next: number): Taken {
    const offset = this.#buffer.next - 1;
    if (from !== null && from !== offset) return 'lost';
    const [first, ...others] = records;
    if (first === undefined || first.offset !== offset || this.#proofOf(first) !== this.#proof) {
      this.#beginAnew();
      return 'sought';
    }
    this.#proof = null;
    this.#add(others, next);
    return 'taken';
  }

  /** It is another topic under the same name, or was cut: everything in it is read, as if for the first time. */
  #beginAnew(): void {
    const { lane, low, consumer, newEpoch, onLost } = this.#options;
    this.#epoch = newEpoch();
    this.#proof = null;
    this.#buffer = new LaneBuffer(low);
    consumer.seek(lane, low);
    onLost();
  }

  #add(records: readonly KafkaRecord[], next: number): void {
    this.#buffer.add(
      records.map((record) => this.#buffered(record)),
      next,
    );
    if (!this.#buffer.isFull || this.#isPaused) return;
    this.#isPaused = true;
    this.#options.consumer.pause([this.lane]);
  }

  #buffered(record: KafkaRecord): Buffered {
    const { lanes, writer } = this.#options;
    const { attributes, value, sent } = readEvent(record, writer);
    const { topic, partition } = this.lane;
    const place = { topic, partition, position: record.offset + 1, epoch: this.#epoch };
    const read = { ...place, attributes, value, proof: proofOf(record, attributes) };
    return {
      record: sent === undefined ? read : { ...read, sent: { ...sent, lanes } },
      bytes: record.value?.length ?? 0,
      timestampMs: record.timestampMs,
    };
  }

  #proofOf(record: KafkaRecord): string {
    return proofOf(record, readEvent(record, this.#options.writer).attributes);
  }
}
