/** Lanes that are not read because their next message would have to be parked and there is no room. */
export class PausedLanes {
  readonly #lanes = new Set<string>();

  /** @param lanes by their `laneName` */
  pause(lanes: readonly string[]): void {
    for (const lane of lanes) this.#lanes.add(lane);
  }

  /** There is room again. */
  resumeAll(): void {
    this.#lanes.clear();
  }

  /** For `Subscription.poll`, which leaves them out. */
  get names(): ReadonlySet<string> {
    return this.#lanes;
  }

  /** The topics that they are parts of. */
  get topics(): readonly string[] {
    return [...new Set([...this.#lanes].map((lane) => lane.slice(0, lane.lastIndexOf('/'))))];
  }

  /** Why they are not read, as a sentence; null when no lane is paused. */
  reason(
    parked: number,
    { parkedMax, parkedPerKeyMax }: { parkedMax: number; parkedPerKeyMax: number },
  ): string | null {
    if (this.#lanes.size === 0) return null;
    const most = `${parkedMax} at most, ${parkedPerKeyMax} of one key`;
    return `${this.topics.join(', ')} is not read on: ${parked} messages are parked (${most})`;
  }
}
