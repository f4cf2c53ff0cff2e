/** One writer, its relay, a topic and a reader, as values: for a test of what a reader may forget. */
import { partitionOf } from '../core/partition.ts';
import {
  isBehindMarks,
  isLateCopy,
  markAfter,
  type Origin,
  type ReadCopy,
  type ReadMark,
  watermarksBefore,
} from '../core/read-marks.ts';
import { outboxWatermark, Watermarks } from '../runtime/worker/watermarks.ts';

/** For how many days the reader keeps what it has seen. */
export const KEPT_DAYS = 3;
const TOPIC = 'events';
/** The clock goes on by one at each start. */
const DAY_TOKENS = 1_000;

/** What the reader decides; a test plants its bugs here. */
export const readerRules = {
  isBehindMarks,
  isLateCopy,
  markAfter,
  watermarksBefore,
  /** What it takes a copy for, and which lane's marks it looks at. */
  readAs: (copy: ReadCopy): ReadCopy => copy,
  laneOf: (partition: number) => partition,
  /** How old marks must be to vouch, and whether nothing is forgotten while a message is parked. */
  markDays: KEPT_DAYS,
  waitsForParked: true,
};
export type ReaderRules = typeof readerRules;

interface OutboxRow extends Origin {
  readonly id: string;
  readonly key: string;
}
interface Copy extends OutboxRow {
  readonly token: number;
}
interface Writer {
  readonly rows: readonly OutboxRow[];
  readonly sentUpTo: number;
  readonly token: number;
  /** Which of the topics under the name it has sent to. */
  readonly topic: number;
}
export class RelayModel {
  #day = 100;
  #ids = 0;
  #epochs = 0;
  /** By how much the writer's clock is behind, in days. */
  #behindDays = 0;
  #writer: Writer = { rows: [], sentUpTo: 0, token: 0, topic: 0 };
  #epoch = '';
  #copy: { readonly writer: Writer; readonly day: number } | null = null;
  /** Sends whose relays are frozen before the broker has them. */
  #frozen: (readonly Copy[])[] = [];
  /** Up to where the outbox was written before the clock was set back: a late copy of it may wait for an operator. */
  #keptUpTo = 0;
  #lanes: Copy[][] = [[], [], []];
  #topic = 0;
  readonly #reader: Reader;

  constructor(rules: ReaderRules) {
    this.#reader = new Reader(rules);
    this.restart();
  }

  publish(key: string): void {
    this.#ids += 1;
    this.#write(key, `m${this.#ids}`);
  }

  #write(key: string, id: string): void {
    const { rows } = this.#writer;
    const row = { id, key, epoch: this.#epoch, position: rows.length + 1 };
    this.#writer = { ...this.#writer, rows: [...rows, row] };
  }

  /**
   * Another process, or the same one again: another epoch of the writer and another run of the relay. What it has sent to a topic
   * that is not there any more is to be sent again.
   */
  restart(): void {
    this.#epoch = `e${++this.#epochs}`;
    const clock = (this.#day - this.#behindDays) * DAY_TOKENS + this.#epochs;
    const { token, topic, sentUpTo } = this.#writer;
    const isThere = topic === this.#topic;
    this.#writer = {
      ...this.#writer,
      token: Math.max(token + 1, clock),
      topic: this.#topic,
      sentUpTo: isThere ? sentUpTo : 0,
    };
  }

  /** `lost`: a bit for each lane that gets nothing of it; then the send has failed. */
  send(max: number, lost = 0): void {
    const copies = this.#unsent(max);
    this.#arrive(copies, lost);
    if (lost === 0) this.#writer = { ...this.#writer, sentUpTo: copies.at(-1)?.position ?? this.#writer.sentUpTo };
  }

  /** The process dies between a send and its mark. */
  die(max: number, lost: number): void {
    this.#arrive(this.#unsent(max), lost);
    this.restart();
  }

  /** The relay freezes before its send, and another one takes over. */
  freeze(max: number): void {
    this.#frozen.push(this.#unsent(max));
    this.restart();
  }

  thaw(lost = 0): void {
    this.#arrive(this.#frozen.shift() ?? [], lost);
  }

  backUp(): void {
    this.#copy = { writer: this.#writer, day: this.#day };
  }

  /**
   * The writer goes on from its copy, and writes again under the same ids what it has lost, if it does. Who restores it has ended
   * the processes that had its data.
   */
  restore(behindDays: number, repeats: boolean): void {
    if (this.#copy === null || this.#day - this.#copy.day >= KEPT_DAYS) return;
    const lost = this.#writer.rows.slice(this.#copy.writer.rows.length);
    this.#writer = this.#copy.writer;
    this.#behindDays = behindDays;
    if (behindDays > 0) this.#keptUpTo = this.#writer.rows.length;
    this.#frozen = [];
    this.restart();
    if (!repeats) return;
    for (const { key, id } of lost) this.#write(key, id);
    this.drain();
  }

  /** The topic is deleted and made anew: the next start of the writer sends everything again. */
  makeAnew(lanes: number): void {
    this.#lanes = Array.from({ length: lanes }, () => []);
    this.#frozen = [];
    this.#topic += 1;
    this.#reader.beginAnew();
    this.restart();
  }

  read(lane: number, max: number): void {
    const partition = lane % this.#lanes.length;
    this.#reader.read(partition, this.#lanes[partition] ?? [], this.#lanes.length, max, this.#day);
  }

  /** The reader begins with the oldest records again. */
  readAgain(): void {
    this.#reader.beginAnew();
  }

  park(): void {
    this.#reader.isFailing = true;
  }

  /** The oldest parked messages are tried again, and succeed. */
  retry(max: number): void {
    this.#reader.retry(max, this.#day);
  }

  pass(days: number): void {
    this.#day += days;
  }

  prune(): void {
    this.#reader.prune(this.#day);
  }

  /** Everything is sent and read, and nothing is parked. */
  drain(): void {
    this.retry(Number.MAX_SAFE_INTEGER);
    while (this.#unsent(1).length > 0) this.send(100);
    for (let lane = 0; lane < this.#lanes.length; lane++) this.read(lane, Number.MAX_SAFE_INTEGER);
  }

  /** What is wrong, as a sentence; null where each message of the outbox had its effect once. */
  problem(): string | null {
    const { effects, late } = this.#reader;
    for (const [id, times] of effects) if (times > 1) return `${id} had its effect ${times} times`;
    for (const { id, position } of this.#writer.rows) {
      const isKept = position <= this.#keptUpTo && late.has(id);
      if (!effects.has(id) && !isKept) return `${id} had no effect`;
    }
    return null;
  }

  #unsent(max: number): readonly Copy[] {
    const { rows, sentUpTo, token } = this.#writer;
    return rows.slice(sentUpTo, sentUpTo + max).map((row) => ({ ...row, token }));
  }

  #arrive(copies: readonly Copy[], lost: number): void {
    for (const copy of copies) {
      const lane = partitionOf(copy.key, this.#lanes.length);
      if ((lost & (1 << lane)) === 0) this.#lanes[lane]?.push(copy);
    }
  }
}

class Reader {
  isFailing = false;
  /** How often each message had its effect, and which ones were kept as late copies. */
  readonly effects = new Map<string, number>();
  readonly late = new Set<string>();
  readonly #rules: ReaderRules;
  readonly #inbox = new Map<string, number>();
  readonly #parked: Copy[] = [];
  readonly #marks = new Map<number, readonly ReadMark[]>();
  readonly #watermarks = new Watermarks({ find: async () => [] });
  #positions = new Map<number, number>();

  constructor(rules: ReaderRules) {
    this.#rules = rules;
  }

  beginAnew(): void {
    this.#positions = new Map();
  }

  read(partition: number, log: readonly Copy[], lanes: number, max: number, day: number): void {
    const from = this.#positions.get(partition) ?? 0;
    const copies = log.slice(from, from + max);
    for (const copy of copies) this.#take(copy, partition, lanes, day);
    this.#positions.set(partition, from + copies.length);
  }

  retry(max: number, day: number): void {
    for (const { id } of this.#parked.splice(0, max)) this.#handle(id, day);
    this.isFailing = this.#parked.length > 0;
  }

  prune(day: number): void {
    const { watermarksBefore: vouched, markDays, waitsForParked } = this.#rules;
    if (this.#parked.length > 0 && waitsForParked) return;
    for (const [id, seenDay] of this.#inbox) if (seenDay < day - KEPT_DAYS) this.#inbox.delete(id);
    const before = day - markDays;
    for (const [partition, marks] of this.#marks) {
      for (const found of vouched(marks, before))
        this.#watermarks.raise(outboxWatermark({ topic: TOPIC, partition }, found));
      this.#marks.set(
        partition,
        marks.filter((mark) => mark.day >= before),
      );
    }
  }

  #take(copy: Copy, arrivedIn: number, lanes: number, day: number): void {
    const partition = this.#rules.laneOf(arrivedIn);
    const marks = this.#marks.get(partition) ?? [];
    const { epoch, position, token } = copy;
    const sent = this.#rules.readAs({ epoch, position, token, lanes });
    const record = { topic: TOPIC, partition, position: 0, attributes: { partitionkey: copy.key }, value: '', sent };
    const isVouchedFor = this.#watermarks.has(record);
    if (!isVouchedFor && this.#inbox.has(copy.id)) {
      if (this.#rules.isBehindMarks(marks, sent)) this.#inbox.set(copy.id, day);
    } else if (!isVouchedFor) {
      if (this.#rules.isLateCopy(marks, sent)) {
        this.late.add(copy.id);
        return;
      }
      if (this.isFailing) this.#parked.push(copy);
      else this.#handle(copy.id, day);
    }
    const mark = this.#rules.markAfter(marks, sent, day);
    if (mark === null) return;
    const isSame = (other: ReadMark) =>
      other.epoch === mark.epoch && other.lanes === mark.lanes && other.day === mark.day;
    this.#marks.set(partition, [...marks.filter((other) => !isSame(other)), mark]);
  }

  #handle(id: string, day: number): void {
    if (this.#inbox.has(id)) return;
    this.effects.set(id, (this.effects.get(id) ?? 0) + 1);
    this.#inbox.set(id, day);
  }
}
