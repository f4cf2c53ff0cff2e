/** The most batches of records for which timers wait after the start, */
const BATCHES_MAX = 400;
/** the most reads that fail, */
const FAILURES_MAX = 10;
/** and the longest time for which a topic is not taken up yet, or cannot be read. A group of readers may take 20 s to form. */
const UNREADABLE_MAX_MS = 60_000;

/**
 * Whether a function that has just started still reads what lies in its topics. Until then its timers wait, so that no deadline
 * overtakes an answer that came while the function was down. The wait is bounded: timers also fire while no topic can be read.
 */
export class CatchUp {
  #batches = BATCHES_MAX;
  #unreadableSinceMs: number | null = null;

  get isOver(): boolean {
    return this.#batches === 0;
  }

  /** For how long it goes on at most if nothing is read any more; null where that is not known. */
  endsInMs(upMs: number): number | null {
    if (this.isOver || this.#unreadableSinceMs === null) return null;
    return Math.max(0, UNREADABLE_MAX_MS - (upMs - this.#unreadableSinceMs));
  }

  /**
   * After each read, with how many records came, and whether every topic could be read. Steps say nothing while one cannot: other work
   * makes many of them. Returns whether that was the end.
   */
  hasRead(records: number, isReadable: boolean, upMs: number): boolean {
    if (records > 0) return this.#goOn(1);
    if (isReadable) return this.#goOn(BATCHES_MAX);
    this.#unreadableSinceMs ??= upMs;
    return this.endsInMs(upMs) === 0 && this.#goOn(BATCHES_MAX);
  }

  hasFailed(): boolean {
    return this.#goOn(BATCHES_MAX / FAILURES_MAX);
  }

  #goOn(batches: number): boolean {
    if (this.isOver) return false;
    this.#batches = Math.max(0, this.#batches - batches);
    return this.isOver;
  }
}
