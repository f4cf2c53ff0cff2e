/** A reason that stays is logged again after this time. */
const REPEAT_MS = 600_000;

/** Tells a reason that is worth a line in the log from one that was logged already and stays. */
export class RepeatedReason {
  #logged: string | null = null;
  #loggedMs = 0;

  /** Whether it is to be logged now. */
  isNews(reason: string): boolean {
    const nowMs = performance.now();
    if (reason === this.#logged && nowMs - this.#loggedMs < REPEAT_MS) return false;
    this.#logged = reason;
    this.#loggedMs = nowMs;
    return true;
  }

  /** It is over: when it comes again, it is news. Returns whether there was one. */
  end(): boolean {
    const was = this.#logged !== null;
    this.#logged = null;
    return was;
  }
}
