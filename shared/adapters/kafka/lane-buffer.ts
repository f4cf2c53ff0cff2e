import { assert } from '../../core/assert.ts';
import type { LogRecord } from '../../ports/message-log.ts';

/** A lane with more than this waiting is not fetched any further, */
export const RECORDS_MAX = 2_048;
export const BYTES_MAX = 8 * 1024 * 1024;

export interface Buffered {
  readonly record: LogRecord;
  readonly bytes: number;
  /** When the broker appended it; milliseconds since 1970. */
  readonly timestampMs: number;
}

/**
 * What was fetched of one lane and is not acknowledged yet. A client library pushes records, and a reader takes them when it can:
 * the buffer lies between, and says when it is full.
 */
export class LaneBuffer {
  readonly #waiting: Buffered[] = [];
  #bytes = 0;
  #position: number;
  #next: number;

  /** @param position of the last record that was processed; the record behind it comes first */
  constructor(position: number) {
    this.#position = position;
    this.#next = position;
  }

  /** Of the last acknowledged record; 0 before the first. */
  get position(): number {
    return this.#position;
  }

  /** The offset that the next fetch begins with. */
  get next(): number {
    return this.#next;
  }

  get first(): Buffered | null {
    return this.#waiting[0] ?? null;
  }

  get isFull(): boolean {
    return this.#waiting.length >= RECORDS_MAX || this.#bytes >= BYTES_MAX;
  }

  /** A full lane is fetched again from half on, so that it does not stop and go with each record. */
  get isHalfEmpty(): boolean {
    return this.#waiting.length <= RECORDS_MAX / 2 && this.#bytes <= BYTES_MAX / 2;
  }

  /** Adds what one fetch brought, in order. `next`: the offset behind it; there may be gaps between records. */
  add(fetched: readonly Buffered[], next: number): void {
    assert(next >= this.#next, `a lane goes from offset ${this.#next} back to ${next}`);
    for (const each of fetched) {
      if (each.record.position <= this.#next) continue;
      this.#waiting.push(each);
      this.#bytes += each.bytes;
    }
    this.#next = next;
  }

  /** Up to `max` records behind the last acknowledged one. */
  poll(max: number): readonly LogRecord[] {
    return this.#waiting.slice(0, max).map(({ record }) => record);
  }

  /**
   * Everything up to this position is processed. Returns true when that is beyond what was fetched: the lane has to be sought
   * there.
   */
  acknowledge(position: number): boolean {
    this.#position = Math.max(this.#position, position);
    const rest = this.#waiting.findIndex(({ record }) => record.position > position);
    const done = this.#waiting.splice(0, rest < 0 ? this.#waiting.length : rest);
    for (const { bytes } of done) this.#bytes -= bytes;
    if (position <= this.#next) return false;
    this.#next = position;
    return true;
  }
}
