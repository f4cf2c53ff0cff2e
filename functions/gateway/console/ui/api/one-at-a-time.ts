/** Runs a piece of work one time after the other, until it is stopped. The work handles its errors itself. */
export class OneAtATime {
  readonly #work: (stopped: AbortSignal) => Promise<void>;
  readonly #stopped = new AbortController();
  #isRunning = false;
  #isDue = false;

  constructor(work: (stopped: AbortSignal) => Promise<void>) {
    this.#work = work;
  }

  /** Runs it now, or once more after the run that goes on: what that one reads may be older than this call. */
  run(): void {
    this.#isDue = true;
    if (!this.#isRunning) void this.#runAll();
  }

  /** Runs it now, unless it runs: for timers, so that slow work is waited for and not asked for anew. */
  runIfIdle(): void {
    if (!this.#isRunning) this.run();
  }

  stop(): void {
    this.#stopped.abort();
  }

  async #runAll(): Promise<void> {
    this.#isRunning = true;
    while (this.#isDue && !this.#stopped.signal.aborted) {
      this.#isDue = false;
      await this.#work(this.#stopped.signal);
    }
    this.#isRunning = false;
  }
}
