/** Topics that are not read because their next message would have to be parked and there is no room. */
export class PausedTopics {
  readonly #topics = new Set<string>();

  pause(topics: readonly string[]): void {
    for (const topic of topics) this.#topics.add(topic);
  }

  /** There is room again. */
  resumeAll(): void {
    this.#topics.clear();
  }

  /** For `Subscription.poll`, which leaves them out. */
  get names(): ReadonlySet<string> {
    return this.#topics;
  }

  /** Why they are not read, as a sentence; null when no topic is paused. */
  reason(
    parked: number,
    { parkedMax, parkedPerKeyMax }: { parkedMax: number; parkedPerKeyMax: number },
  ): string | null {
    if (this.#topics.size === 0) return null;
    const most = `${parkedMax} at most, ${parkedPerKeyMax} of one key`;
    return `${[...this.#topics].join(', ')} is not read on: ${parked} messages are parked (${most})`;
  }
}
