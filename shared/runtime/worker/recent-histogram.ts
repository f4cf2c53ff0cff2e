/** Null while there is nothing to count. `count`: how many values they are of. */
export interface Percentiles {
  readonly p50: number | null;
  readonly p99: number | null;
  readonly count: number;
}

/** Each bucket ends this many times further than the one before: a percentile is at most 5 % off. */
const GROWTH = 1.1;
const LOG_GROWTH = Math.log(GROWTH);
/** The first bucket holds everything up to this. */
const LEAST = 0.01;
/** Up to some 100 days, where values are milliseconds. */
const BUCKETS = 290;

/** Counts of values of the last `windowMs`, which end in steps of a part of it. Adding a value costs next to nothing. */
export class RecentHistogram {
  readonly #slots: readonly { number: number; readonly counts: Uint32Array }[];
  readonly #slotMs: number;
  readonly #upMs: () => number;

  constructor(windowMs: number, { slots = 12, upMs = () => performance.now() } = {}) {
    this.#slotMs = windowMs / slots;
    this.#upMs = upMs;
    this.#slots = Array.from({ length: slots }, () => ({ number: -1, counts: new Uint32Array(BUCKETS) }));
  }

  add(value: number): void {
    const number = this.#now();
    const slot = this.#slots[number % this.#slots.length];
    if (slot === undefined) return;
    if (slot.number !== number) {
      slot.counts.fill(0);
      slot.number = number;
    }
    const bucket = value <= LEAST ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log(value / LEAST) / LOG_GROWTH));
    slot.counts[bucket] = (slot.counts[bucket] ?? 0) + 1;
  }

  percentiles(): Percentiles {
    const oldest = this.#now() - this.#slots.length + 1;
    const counts = new Uint32Array(BUCKETS);
    let count = 0;
    for (const slot of this.#slots) {
      if (slot.number < oldest) continue;
      // Without arrays in between: percentiles are asked for several times a second while somebody watches.
      for (let bucket = 0; bucket < BUCKETS; bucket += 1) {
        const values = slot.counts[bucket] ?? 0;
        counts[bucket] = (counts[bucket] ?? 0) + values;
        count += values;
      }
    }
    return { p50: percentileOf(counts, count, 0.5), p99: percentileOf(counts, count, 0.99), count };
  }

  #now(): number {
    return Math.floor(this.#upMs() / this.#slotMs);
  }
}

/** The middle of the bucket that holds this share of the values, to three digits; null where there are none. */
function percentileOf(counts: Uint32Array, count: number, share: number): number | null {
  if (count === 0) return null;
  let below = Math.ceil(count * share);
  const bucket = counts.findIndex((each) => {
    below -= each;
    return below <= 0;
  });
  const end = LEAST * GROWTH ** bucket;
  return Number((bucket === 0 ? end : end / Math.sqrt(GROWTH)).toPrecision(3));
}
