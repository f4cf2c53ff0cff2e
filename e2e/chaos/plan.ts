/**
 * The plan of a run as a pure function of the seed: the faults and the actions of clients. Both lists are endless; the
 * caller decides when to stop. Times count from the start, so a plan is the same on every machine, and only its effects
 * differ.
 */
import { functionNames } from '../../saga/choreography.ts';
import type { DiskRule } from '../faults/disk-fault.ts';
import { type Chance, chanceFrom } from './chance.ts';

/** Each target is a process of its own. */
export const targets = ['gateway', ...functionNames] as const;
export type Target = (typeof targets)[number];

/**
 * `kill`: SIGKILL, then restart · `freeze`: SIGSTOP, then SIGCONT · `stop`: SIGTERM, then restart ·
 * `full`: the disk is full · `clock`: the clock is wrong · `poison`: messages about a share of all orders fail ·
 * `disk`: calls on the data fail.
 */
export const faultKinds = ['kill', 'freeze', 'stop', 'full', 'clock', 'poison', 'disk'] as const;
export type FaultKind = (typeof faultKinds)[number];
/** Faults that are switched on and off while the process keeps running. */
export type SwitchKind = Extract<FaultKind, 'full' | 'clock' | 'poison' | 'disk'>;

export interface Fault {
  readonly atMs: number;
  readonly kind: FaultKind;
  readonly target: Target;
  /** Time until the fault is cleared: the process is restarted or continued, or the fault is switched off. */
  readonly durationMs: number;
  /** How wrong the clock is; 0 for other faults. */
  readonly shiftMs: number;
  /** The calls that fail; null for other faults than `disk`. */
  readonly errors: DiskRule | null;
}

export interface OrderLine {
  readonly productId: string;
  readonly quantity: number;
}

/** What a client does. `duplicate` posts an earlier order again with the same key. */
export type Action =
  | { readonly atMs: number; readonly kind: 'order'; readonly orderId: string; readonly lines: readonly OrderLine[] }
  | { readonly atMs: number; readonly kind: 'duplicate' | 'cancel'; readonly orderId: string }
  | ({ readonly atMs: number; readonly kind: 'receipt' | 'correction'; readonly key: string } & OrderLine)
  | {
      readonly atMs: number;
      readonly kind: 'policy';
      readonly productId: string;
      readonly whenShort: 'wait' | 'reject';
    };

const products = ['BOLT', 'CLAMP', 'DRILL', 'LAMP', 'RASP', 'SAW'] as const;
/** Some orders ask for it; the store does not know it. */
const UNKNOWN_PRODUCT = 'UNICORN';

const FIRST_FAULT_MS = 1_000;
const GAP_MS = { min: 250, max: 1_800 };
/** The share of faults that may hit a target which has not recovered from the previous one. */
const REPEAT_SHARE = 1 / 6;
const SHIFT_MAX_MS = 600_000;
const INITIAL_STOCK = 120;

const durationsMs: Readonly<Record<FaultKind, { readonly min: number; readonly max: number }>> = {
  kill: { min: 0, max: 2_000 },
  freeze: { min: 200, max: 4_000 },
  stop: { min: 0, max: 1_000 },
  full: { min: 300, max: 3_000 },
  clock: { min: 500, max: 5_000 },
  poison: { min: 300, max: 3_000 },
  disk: { min: 300, max: 3_000 },
};
const kindWeights: Readonly<Record<FaultKind, number>> = {
  kill: 5,
  freeze: 3,
  stop: 2,
  full: 2,
  clock: 2,
  poison: 3,
  disk: 3,
};

const diskErrors: readonly DiskRule[] = [
  { operation: 'read', failure: 'EIO', share: 1 },
  { operation: 'read', failure: 'EIO', share: 0.3 },
  { operation: 'read', failure: 'short', share: 0.7 },
  { operation: 'read', failure: 'EINTR', share: 0.5 },
  { operation: 'write', failure: 'EIO', share: 1 },
  { operation: 'write', failure: 'EIO', share: 0.05 },
  { operation: 'write', failure: 'ENOSPC', share: 1 },
  { operation: 'write', failure: 'short', share: 0.7 },
  { operation: 'sync', failure: 'EIO', share: 1 },
  { operation: 'sync', failure: 'EIO', share: 0.3 },
  { operation: 'open', failure: 'EMFILE', share: 1 },
  { operation: 'truncate', failure: 'EIO', share: 1 },
];

/** The gateway is hit less often, because no request gets through while it is down. */
const targetWeights = Object.fromEntries(targets.map((target) => [target, target === 'gateway' ? 1 : 2])) as Readonly<
  Record<Target, number>
>;

/** The targets that can have this fault: the gateway writes no files, reads no clock and handles no messages. */
export function targetsOf(kind: FaultKind, wanted: readonly Target[]): readonly Target[] {
  return isSwitch(kind) ? wanted.filter((target) => target !== 'gateway') : wanted;
}

export function isSwitch(kind: FaultKind): kind is SwitchKind {
  return kind === 'full' || kind === 'clock' || kind === 'poison' || kind === 'disk';
}

export interface FaultChoice {
  readonly kinds: readonly FaultKind[];
  readonly targets: readonly Target[];
}

/** Faults, the earliest first. At least one of the kinds has to be possible at one of the targets. */
export function* faultsOf(seed: number, choice: FaultChoice): Generator<Fault, never> {
  const chance = chanceFrom(seed, 'faults');
  const kinds = choice.kinds.filter((kind) => targetsOf(kind, choice.targets).length > 0);
  const weighted = kinds.map((kind) => [kind, kindWeights[kind]] as const);
  const busyUntilMs = new Map<Target, number>();
  for (let atMs = FIRST_FAULT_MS; ; ) {
    atMs += chance.whole(GAP_MS.min, GAP_MS.max);
    const kind = chance.pick(weighted);
    const possible = targetsOf(kind, choice.targets);
    const free = possible.filter((target) => (busyUntilMs.get(target) ?? 0) <= atMs);
    const isRepeat = chance.next() < REPEAT_SHARE;
    const candidates = isRepeat || free.length === 0 ? possible : free;
    const target = chance.pick(candidates.map((each) => [each, targetWeights[each]]));
    const durationMs = chance.whole(durationsMs[kind].min, durationsMs[kind].max);
    const shiftMs = chance.whole(-SHIFT_MAX_MS, SHIFT_MAX_MS);
    const errors = kind === 'disk' ? chance.pick(diskErrors.map((each) => [each, 1])) : null;
    busyUntilMs.set(target, Math.max(busyUntilMs.get(target) ?? 0, atMs + durationMs));
    yield { atMs, kind, target, durationMs, shiftMs: kind === 'clock' ? shiftMs : 0, errors };
  }
}

const actionWeights = [
  ['order', 78],
  ['duplicate', 9],
  ['cancel', 6],
  ['receipt', 4],
  ['correction', 2],
  ['policy', 3],
] as const;
/** Duplicates and cancels pick from this many latest orders, so that the two often meet. */
const RECENT_ORDERS = 60;

/** Actions, the earliest first: the initial stock, then `ratePerS` actions per second on average. */
export function* actionsOf(seed: number, ratePerS: number): Generator<Action, never> {
  const chance = chanceFrom(seed, 'actions');
  for (const productId of products) {
    yield { atMs: 0, kind: 'receipt', key: `CHAOS-FIRST-${productId}`, productId, quantity: INITIAL_STOCK };
  }
  let orders = 0;
  let receipts = 0;
  for (let exactMs = 0; ; ) {
    exactMs += (0.2 + 1.6 * chance.next()) * (1_000 / ratePerS);
    const atMs = Math.round(exactMs);
    const kind = orders === 0 ? 'order' : chance.pick(actionWeights);
    if (kind === 'order') {
      orders += 1;
      yield { atMs, kind, orderId: orderIdOf(orders), lines: drawLines(chance) };
    } else if (kind === 'receipt') {
      receipts += 1;
      const productId = drawProduct(chance);
      yield { atMs, kind, key: `CHAOS-RECEIPT-${receipts}`, productId, quantity: chance.whole(40, 130) };
    } else if (kind === 'correction') {
      receipts += 1;
      const quantity = chance.whole(1, 5) * (chance.next() < 0.7 ? -1 : 1);
      yield { atMs, kind, key: `CHAOS-CORRECTION-${receipts}`, productId: drawProduct(chance), quantity };
    } else if (kind === 'policy') {
      const productId = drawProduct(chance);
      yield { atMs, kind, productId, whenShort: chance.next() < 0.7 ? 'wait' : 'reject' };
    } else {
      yield { atMs, kind, orderId: orderIdOf(chance.whole(Math.max(1, orders - RECENT_ORDERS), orders)) };
    }
  }
}

function orderIdOf(number: number): string {
  return `CHAOS-${String(number).padStart(6, '0')}`;
}

function drawProduct(chance: Chance): string {
  return chance.pick(products.map((product) => [product, 1]));
}

/** One to three products. One order in a hundred asks for an unknown product. */
function drawLines(chance: Chance): readonly OrderLine[] {
  const chosen = new Set([chance.next() < 0.01 ? UNKNOWN_PRODUCT : drawProduct(chance)]);
  for (let more = chance.whole(0, 2); more > 0; more--) chosen.add(drawProduct(chance));
  return [...chosen].map((productId) => ({ productId, quantity: chance.whole(1, 4) }));
}
