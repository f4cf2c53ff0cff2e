/** How long and how often the bench measures: `QUICK` for daily use, `FULL` for published figures. */
export interface Plan {
  readonly rounds: number;
  /** For each kind of load, before the first round: the compiler needs thousands of orders to warm up. */
  readonly warmUpMs: number;
  readonly measureMs: number;
  readonly latencyMs: number;
  readonly slowMeasureMs: number;
  readonly largeMeasureMs: number;
  /** Rounds with a poisoned order, and the duration of each. */
  readonly poisonRounds: number;
  readonly poisonMs: number;
  /** The number of orders in the large store. */
  readonly storedOrders: number;
  readonly starts: number;
}

export const FULL: Plan = {
  rounds: 5,
  warmUpMs: 4000,
  measureMs: 4000,
  latencyMs: 6000,
  slowMeasureMs: 3000,
  largeMeasureMs: 4000,
  poisonRounds: 5,
  poisonMs: 5000,
  storedOrders: 1_000_000,
  starts: 5,
};

export const QUICK: Plan = {
  rounds: 2,
  warmUpMs: 1000,
  measureMs: 1200,
  latencyMs: 1500,
  slowMeasureMs: 1000,
  largeMeasureMs: 1000,
  poisonRounds: 2,
  poisonMs: 2000,
  storedOrders: 100_000,
  starts: 3,
};

/** Target ratios, from the issue that asked for the bench: ours to the reference, or large to empty store. */
export const AIMS = {
  finished: { ratio: 0.4, atLeast: true },
  accepted: { ratio: 0.5, atLeast: true },
  latencyP50: { ratio: 3, atLeast: false },
  slowFlushFinished: { ratio: 0.5, atLeast: true },
  poisonedP99: { ratio: 1.2, atLeast: false },
  largeStore: { ratio: 0.9, atLeast: true },
} as const;
