import type { End } from './client.ts';

/** Orders at a time in a closed loop, or a second in an open one. The names stand in the reports of progress. */
export const LOADS = {
  finished: { inFlight: 64, end: 'notice' },
  'finished of many': { inFlight: 256, end: 'notice' },
  answered: { inFlight: 64, end: 'outcome' },
  accepted: { inFlight: 64, end: 'accepted' },
  quiet: { perS: 50 },
  busy: { perS: 500 },
} as const satisfies Record<string, { readonly inFlight: number; readonly end: End } | { readonly perS: number }>;
export type Load = keyof typeof LOADS;

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
  /** Records that a relay sends in each round. */
  readonly relayRecords: number;
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
  relayRecords: 100_000,
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
  relayRecords: 20_000,
};

/** A target for a ratio. */
export interface Aim {
  readonly ratio: number;
  readonly atLeast: boolean;
  /** Better than the target, and not required. */
  readonly hoped?: number;
}

/** Target ratios of the store to the reference. */
export interface SideAims {
  readonly finished: Aim;
  readonly accepted: Aim | null;
  readonly quietP50: Aim;
  readonly slowFlushFinished: Aim | null;
}

export const SIDE_AIMS = {
  embedded: {
    finished: { ratio: 0.4, atLeast: true },
    accepted: { ratio: 0.5, atLeast: true },
    quietP50: { ratio: 3, atLeast: false },
    slowFlushFinished: { ratio: 0.5, atLeast: true },
  },
  kafka: {
    finished: { ratio: 0.5, atLeast: true, hoped: 0.7 },
    accepted: null,
    quietP50: { ratio: 2, atLeast: false },
    slowFlushFinished: null,
  },
} as const satisfies Record<'embedded' | 'kafka', SideAims>;

/** Of the store to itself under other circumstances, or of a part of it to the bare thing. */
export const AIMS = {
  poisonedP99: { ratio: 1.2, atLeast: false },
  largeStore: { ratio: 0.9, atLeast: true },
  relay: { ratio: 0.6, atLeast: true },
  watched: { ratio: 0.97, atLeast: true },
} as const satisfies Record<string, Aim>;
