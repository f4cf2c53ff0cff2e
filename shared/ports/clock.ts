/** The only source of time in the store. */
export interface Clock {
  /** Milliseconds since 1970, UTC. It may jump in either direction when the machine's clock is set. */
  nowMs(): number;
  /**
   * Milliseconds since some moment of this run of the process. It only rises, as time passes, and no setting of the
   * machine's clock moves it. Time during which the process did not run, or the machine was suspended, may be missing.
   */
  upMs(): number;
}
