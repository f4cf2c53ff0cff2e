/** The only source of time in the store. */
export interface Clock {
  /** Milliseconds since 1970, UTC. It may jump in either direction when the machine's clock is set. */
  nowMs(): number;
}
