/** Where time comes from. Nothing else in the store asks the machine what time it is. */
export interface Clock {
  /** Milliseconds since 1970, UTC. It may jump in either direction: people set clocks. */
  nowMs(): number;
}
