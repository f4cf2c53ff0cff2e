import { AppError } from '../../../core/errors.ts';
import { RAW } from '../../../core/raw-record.ts';
import { writtenAt } from '../../../core/receipt.ts';
import type { Browse, LogRecord, Progress } from '../../../ports/message-log.ts';
import type { Position } from '../../../ports/store.ts';
import { attributesOf } from '../compact-message.ts';
import { type Epoch, epochAt, placeOf } from './epochs.ts';
import { outsideRecord } from './outside-record.ts';
import type { BroadcastRecords } from './record-broadcast.ts';
import { type OpenFile, TopicFile } from './topic-file.ts';

/** Records cached for other readers. */
const TAIL_MAX = 1_024;

type ReadRow = [position: number, attributes: string, data: string, newest: string | null];

/**
 * Reads one topic from the outbox in its writer's file, over a read-only connection. The topic is empty while the file
 * does not exist because its writer has never started.
 */
export class TopicReader {
  readonly #topic: string;
  readonly #file: TopicFile;
  readonly #isPublic: boolean;
  /** The file as it was last read; null before. */
  #last: OpenFile | null = null;
  #version: unknown = undefined;
  #epochs: readonly Epoch[] = [];
  #newest: string | null = null;
  /** All records after `#tailStart`, up to the last that was read or received by broadcast. */
  #tail: LogRecord[] = [];
  /** Null while there is no tail. */
  #tailStart: number | null = null;
  /** Whether the file has no announced records after the tail. */
  #isTailComplete = false;

  /** `isPublic`: whether callers outside a function write to it. */
  constructor(topic: string, file: string, isPublic: boolean) {
    this.#topic = topic;
    this.#isPublic = isPublic;
    this.#file = new TopicFile(file);
  }

  /** The epochs of the writer, oldest first. The array stays the same until a read finds a new epoch. */
  get epochs(): readonly Epoch[] {
    return this.#epochs;
  }

  /** Why the contents of the file were unknown when it was last opened; null when they were known. */
  get lockedReason(): string | null {
    return this.#file.lockedReason;
  }

  /**
   * Up to `max` records after `position`, in the order in which they were committed; empty only when there are none.
   * The newest are cached, and every reader in this thread gets the same objects, so that they are parsed once.
   */
  read(position: number, max: number): readonly LogRecord[] {
    if (this.#tailStart !== null && position < this.#tailStart) return this.#readFile(position, max);
    // A reader ahead of all others skips the records in between: the tail starts again at its position.
    if (this.#tailStart === null || position > this.#tailEnd(this.#tailStart)) this.#beginTail(position);
    if (!this.#isTailComplete && position === this.#tailEnd(position)) {
      const tail = this.#tail;
      const fresh = this.#readFile(position, max);
      if (tail !== this.#tail) return fresh;
      this.#isTailComplete = fresh.length < max && this.lockedReason === null;
      this.#extendTail(fresh);
    }
    const first = this.#tail.findLastIndex((record) => record.position <= position) + 1;
    return this.#tail.slice(first, first + max);
  }

  /**
   * Takes the records of a commit to the topic. They are not read from the file where they are of the known epoch and
   * follow the tail without a gap: positions increase one by one. Otherwise the next read uses the file.
   */
  receive(records: BroadcastRecords | null): void {
    if (records === null || this.#tailStart === null || records.epoch !== this.#newest) {
      this.#isTailComplete = false;
      return;
    }
    const { epoch, first, texts } = records;
    const known = this.#tailEnd(this.#tailStart) - first + 1;
    if (known < 0) {
      this.#isTailComplete = false;
      return;
    }
    const fresh: LogRecord[] = [];
    for (let at = known; at < texts.length / 2; at += 1) {
      fresh.push(this.#recordOf(first + at, epoch, String(texts[2 * at]), String(texts[2 * at + 1])));
    }
    this.#extendTail(fresh);
  }

  /**
   * Whether the file has changed since the last call. Costs one read of the file's change counter. Also true, once,
   * when the counter becomes unreadable: a reader of the topic then meets the error, reports it and tries again.
   */
  changed(): boolean {
    const wasReadable = this.#version !== null;
    try {
      const version = this.#file.use(() => this.#opened()?.version.get());
      if (version === this.#version) return false;
      this.#version = version;
      return true;
    } catch {
      this.#version = null;
      return wasReadable;
    }
  }

  /**
   * The position of the last record ever written; 0 before the first.
   * @throws {AppError} `unavailable` while the file cannot be read.
   */
  end(): Position & { readonly epoch: string } {
    const position = this.#file.use(() => {
      const last = this.#opened()?.seq.get() as number | undefined;
      if (this.lockedReason === null) this.#updateEpochs(this.#newestNow());
      return last ?? 0;
    });
    if (this.lockedReason !== null) {
      throw new AppError('unavailable', `${this.#topic} cannot be read now: ${this.lockedReason}`, { retryAfterS: 1 });
    }
    return { topic: this.#topic, partition: 0, position, epoch: epochAt(this.#epochs, position) };
  }

  /**
   * The progress of a reader that has read each epoch up to a position. A file holds one topic, so the lag is a
   * difference of positions.
   */
  progressOf(known: ReadonlyMap<string, number>): Omit<Progress, 'group' | 'partition'> {
    const { position: end } = this.end();
    const position = placeOf(known, this.#epochs, end);
    const [first] = this.#readFile(position, 1);
    return {
      position,
      end,
      lag: first === undefined ? 0 : end - first.position + 1,
      oldestUnreadAt: first === undefined ? null : writtenAt(first.attributes),
    };
  }

  /** The position of the oldest record that is still stored, of any topic; null where none is. */
  firstPosition(): number | null {
    return this.#file.use(() => (this.#opened()?.first.get() as number | null | undefined) ?? null);
  }

  /** Up to `max` of the oldest records. */
  oldest(max: number): readonly LogRecord[] {
    return this.#readFile(0, max);
  }

  /** Records for people to look at: nothing is cached, so that they take no room from those who read the topic. */
  browse({ from, isBackwards, max }: Pick<Browse, 'from' | 'isBackwards' | 'max'>): readonly LogRecord[] {
    if (!isBackwards) return this.#readFile((from ?? 1) - 1, max);
    const rows = this.#file.use(() => {
      const open = this.#opened();
      this.#updateEpochs(this.#newestNow());
      return (open?.back.all(from ?? Number.MAX_SAFE_INTEGER, this.#topic, max) ?? []) as ReadRow[];
    });
    return rows.map(([position, attributes, value]) =>
      this.#recordOf(position, epochAt(this.#epochs, position), attributes, value),
    );
  }

  close(): void {
    this.#file.close();
    this.#version = undefined;
  }

  /** The last position in the tail; `start` where it is empty. */
  #tailEnd(start: number): number {
    return this.#tail.at(-1)?.position ?? start;
  }

  #beginTail(start: number): void {
    this.#tail = [];
    this.#tailStart = start;
    this.#isTailComplete = false;
  }

  #extendTail(records: readonly LogRecord[]): void {
    this.#tail.push(...records);
    if (this.#tail.length > TAIL_MAX) this.#tailStart = this.#tail.splice(0, TAIL_MAX / 2).at(-1)?.position ?? null;
  }

  #readFile(position: number, max: number): readonly LogRecord[] {
    const rows = this.#file.use(() => {
      const found = (this.#opened()?.read.all(position, this.#topic, max) ?? []) as ReadRow[];
      this.#updateEpochs(found[0] === undefined ? this.#newestNow() : found[0][3]);
      return found;
    });
    return rows.map(([position, attributes, value]) =>
      this.#recordOf(position, epochAt(this.#epochs, position), attributes, value),
    );
  }

  #recordOf(position: number, epoch: string, attributes: string, value: string): LogRecord {
    const topic = this.#topic;
    // One literal: spreading costs as much as reading the row.
    if (!this.#isPublic) return { topic, partition: 0, position, epoch, attributes: readAttributes(attributes), value };
    const place = { topic, partition: 0, position, epoch };
    return { ...place, ...outsideRecord(attributes, value, () => this.#bytesOf(position, attributes, value)) };
  }

  /** The columns as they lie in the file. A record that was pruned since it was read is taken as it was read. */
  #bytesOf(position: number, attributes: string, value: string): [Buffer, Buffer] {
    const row = this.#file.use(() => this.#opened()?.bytes.get(position)) as [Buffer, Buffer] | undefined;
    return row ?? [Buffer.from(attributes), Buffer.from(value)];
  }

  #newestNow(): string | null {
    return (this.#opened()?.epochs?.newest.get() as string | undefined) ?? null;
  }

  /** Drops the tail when the writer has begun another epoch: the cached records may be in none of its epochs. */
  #updateEpochs(newest: string | null): void {
    if (newest === this.#newest) return;
    this.#epochs = (this.#opened()?.epochs?.all.all() ?? []) as Epoch[];
    this.#newest = newest;
    this.#dropTail();
  }

  #dropTail(): void {
    this.#tail = [];
    this.#tailStart = null;
  }

  /** The cached records may not be in a file that is opened again. */
  #opened(): OpenFile | null {
    const open = this.#file.opened();
    if (open !== this.#last && open !== null) {
      if (this.#last !== null) {
        this.#version = undefined;
        this.#dropTail();
      }
      this.#last = open;
    }
    return open;
  }
}

/** Text that holds no attributes is passed on as `raw`, for the reader to dead-letter: it does not stop the topic. */
function readAttributes(text: string): LogRecord['attributes'] {
  try {
    const attributes = attributesOf(JSON.parse(text));
    if (attributes !== null) return attributes;
  } catch {
    // Same as for JSON that holds no attributes.
  }
  return { [RAW]: text };
}
