/** Lets a loop sleep until there is work. A signal raised while the loop does not wait is remembered. */
export class WakeSignal {
  #raised = false;
  #resolve: (() => void) | null = null;

  raise(): void {
    this.#raised = true;
    this.#resolve?.();
  }

  /** Forgets that the signal was raised: to be called right before a step that finds whatever raised it. */
  lower(): void {
    this.#raised = false;
  }

  /** Resolves with true when the signal is or was raised, and lowers it; with false after `timeoutMs`. */
  async wait(timeoutMs?: number): Promise<boolean> {
    if (!this.#raised) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.#resolve = resolve;
        if (timeoutMs !== undefined) timer = setTimeout(resolve, timeoutMs);
      });
      clearTimeout(timer);
      this.#resolve = null;
    }
    const wasRaised = this.#raised;
    this.#raised = false;
    return wasRaised;
  }
}
