/** The most batches of records for which timers wait after the start, */
const BATCHES_MAX = 400;
/** and the most reads that fail. */
const FAILURES_MAX = 10;

/**
 * Whether a function that has just started still reads what lies in its topics. Until then its timers wait, so that no deadline
 * overtakes an answer that came while the function was down. The wait is bounded: timers also fire while no topic can be read.
 */
export class CatchUp {
  #batches = BATCHES_MAX;

  get isOver(): boolean {
    return this.#batches === 0;
  }

  /** After each read; `isBehind`: there were records, or a topic could not be read now. Returns whether that was the end. */
  hasRead(isBehind: boolean): boolean {
    return this.#goOn(isBehind ? 1 : BATCHES_MAX);
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
