/** Runs a piece of work one time after the other, until it is stopped. The work handles its errors itself. */
export class OneAtATime {
  readonly #work: (stopped: AbortSignal) => Promise<void>;
  readonly #stopped = new AbortController();
  /** Those who wait for the run that is due. */
  readonly #waiting: (() => void)[] = [];
  #isRunning = false;
  #isDue = false;

  constructor(work: (stopped: AbortSignal) => Promise<void>) {
    this.#work = work;
  }

  /**
   * Runs it now, or once more after the run that goes on: what that one reads may be older than this call.
   * @returns when the run that began after this call has ended, or when it is stopped
   */
  run(): Promise<void> {
    this.#isDue = true;
    const ended = new Promise<void>((resolve) => this.#waiting.push(resolve));
    if (!this.#isRunning) void this.#runAll();
    return ended;
  }

  /** Runs it now, unless it runs: for timers, so that slow work is waited for and not asked for anew. */
  runIfIdle(): void {
    if (!this.#isRunning) void this.run();
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #runAll(): Promise<void> {
    this.#isRunning = true;
    while (this.#isDue && !this.#stopped.signal.aborted) {
      this.#isDue = false;
      const waiting = this.#waiting.splice(0);
      await this.#work(this.#stopped.signal);
      for (const end of waiting) end();
    }
    this.#isRunning = false;
    for (const end of this.#waiting.splice(0)) end();
  }
}
