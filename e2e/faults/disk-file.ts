/** One file of a disk that may lose its power: what is on it for good, and what was written since. */
import type { Chance } from '../chaos/chance.ts';

/** What a disk writes in one go. */
const SECTOR_BYTES = 512;

/** Bytes that grow. What was never written is 0. */
class Bytes {
  #buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  write(at: number, data: Buffer): void {
    this.extend(at + data.length);
    data.copy(this.#buffer, at);
  }

  extend(length: number): void {
    if (length > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(length, 2 * this.#buffer.length));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    this.#length = Math.max(this.#length, length);
  }

  truncate(length: number): void {
    if (length < this.#length) this.#buffer.fill(0, length, this.#length);
    else this.extend(length);
    this.#length = length;
  }

  copy(): Bytes {
    const copy = new Bytes();
    copy.write(0, this.buffer());
    return copy;
  }

  buffer(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }
}

/** A change of the contents. `data` is null for a truncation to `at`. */
export interface ContentChange {
  /** Its place among all changes of the disk. */
  readonly number: number;
  readonly at: number;
  readonly data: Buffer | null;
  readonly endedNs: bigint;
}

/** What becomes of a change that was not synced: all of it, nothing, only the new size, or some of its sectors. */
export type Fate = 'kept' | 'lost' | 'only its size' | 'torn';

interface KnownChange extends ContentChange {
  isLasting: boolean;
  /** A sync that failed covered it. The system may count it as written, and a later sync then leaves it out. */
  isForgotten: boolean;
}

/** A file, whatever its name. */
export class DiskFile {
  readonly #lasting = new Bytes();
  /** In order. Changes that are lasting stay here while an earlier one is not. */
  readonly #changes: KnownChange[] = [];

  change(change: ContentChange): void {
    this.#changes.push({ ...change, isLasting: false, isForgotten: false });
  }

  /** What ended before `beganNs` is on the disk for good, unless an earlier sync of it has failed. */
  synced(beganNs: bigint): void {
    for (const change of this.#changes) change.isLasting ||= change.endedNs <= beganNs && !change.isForgotten;
    const first = this.#changes.findIndex(({ isLasting }) => !isLasting);
    const done = this.#changes.splice(0, first < 0 ? this.#changes.length : first);
    for (const change of done) apply(this.#lasting, change);
  }

  syncFailed(): void {
    for (const change of this.#changes) change.isForgotten ||= !change.isLasting;
  }

  /** The numbers of the changes that a cut may lose. */
  unsynced(): readonly number[] {
    return this.#changes.flatMap(({ number, isLasting }) => (isLasting ? [] : [number]));
  }

  /** The contents after a cut. */
  after(fateOf: (number: number) => Fate, chance: Chance): Buffer {
    if (this.#changes.length === 0) return this.#lasting.buffer();
    const contents = this.#lasting.copy();
    for (const change of this.#changes) {
      const fate = change.isLasting ? 'kept' : fateOf(change.number);
      if (fate === 'kept') apply(contents, change);
      else if (fate === 'torn') applySectors(contents, change, chance);
      else if (fate === 'only its size' && change.data !== null) contents.extend(change.at + change.data.length);
    }
    return contents.buffer();
  }
}

function apply(contents: Bytes, { at, data }: ContentChange): void {
  if (data === null) contents.truncate(at);
  else contents.write(at, data);
}

/** Each sector is written or not. */
function applySectors(contents: Bytes, { at, data }: ContentChange, chance: Chance): void {
  if (data === null) return;
  for (let from = 0; from < data.length; ) {
    const to = Math.min(data.length, from + SECTOR_BYTES - ((at + from) % SECTOR_BYTES));
    if (chance.next() < 0.5) contents.write(at + from, data.subarray(from, to));
    from = to;
  }
}
