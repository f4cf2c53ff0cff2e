/** What happened when: the data that the live line, the verdict and the page are made of. */
import type { Fault, SwitchKind, Target } from './plan.ts';

/** `starting`: it runs and is not ready · `stopping`: it was asked to end · `frozen`: it has a process and no time. */
export type PartState = 'up' | 'starting' | 'frozen' | 'stopping' | 'down';

export interface StateChange {
  readonly target: Target;
  readonly atMs: number;
  readonly state: PartState;
}

/** A time in which a function has no room, a wrong clock, or fails on some orders. */
export interface Trouble {
  readonly target: Target;
  readonly kind: SwitchKind;
  readonly fromMs: number;
  /** Null while it lasts. */
  readonly toMs: number | null;
  readonly shiftMs: number;
}

/** `missed`: it could not be done then, because nobody was there. `unsupported`: the store has no such switch. */
export type FaultOutcome = 'injected' | 'missed' | 'unsupported';

export interface Strike {
  readonly fault: Fault;
  readonly atMs: number;
  readonly outcome: FaultOutcome;
}

/** How an attempt of a client ended. */
export type AttemptOutcome =
  /** 2xx. */
  | 'acknowledged'
  /** 4xx: asked again, the answer would be the same. */
  | 'refused'
  /** 409 or 429: not now. */
  | 'busy'
  /** 503: the function behind the gateway is away. It may have got the request before. */
  | 'unavailable'
  /** 507. */
  | 'no room'
  /** Nobody listens, so nobody heard it. */
  | 'away'
  /** Sent, and no answer: it may have happened. */
  | 'lost'
  /** An answer that no client should see. */
  | 'broken';

/** What was seen of the store from outside at one moment. */
export interface Sample {
  readonly atMs: number;
  readonly levels: Readonly<Record<string, { readonly onHand: number; readonly reserved: number }>>;
  /** Orders by status. */
  readonly orders: Readonly<Record<string, number>>;
  /** Messages that wait in retry queues, by function; a function that did not answer is missing. */
  readonly parked: Readonly<Partial<Record<Target, number>>>;
}

/** Attempts are counted by this much time. */
export const BUCKET_MS = 250;
/** More samples are thinned out: a page has no more pixels. */
const SAMPLES_MAX = 4_000;

/** Times are milliseconds since the load began. */
export class FlightRecord {
  readonly changes: StateChange[] = [];
  readonly troubles: Trouble[] = [];
  readonly strikes: Strike[] = [];
  readonly samples: Sample[] = [];
  /** By `atMs / BUCKET_MS`, rounded down. */
  readonly attempts = new Map<number, Partial<Record<AttemptOutcome, number>>>();
  /** When the plan was over, and when the store had come to rest. */
  loadEndMs: number | null = null;
  restMs: number | null = null;
  #startMs = performance.now();
  #startedAtMs = Date.now();
  #skipped = 0;
  #everyNth = 1;

  /** The load begins now. What happened before belongs to the start. */
  begin(): void {
    this.#startMs = performance.now();
    this.#startedAtMs = Date.now();
    this.changes.length = 0;
    for (const target of this.#known) this.changes.push({ target, atMs: 0, state: 'up' });
  }

  nowMs(): number {
    return performance.now() - this.#startMs;
  }

  /** The time of day when the load began, in milliseconds since 1970. */
  get startedAtMs(): number {
    return this.#startedAtMs;
  }

  readonly #known = new Set<Target>();

  change(target: Target, state: PartState): void {
    this.#known.add(target);
    const last = this.changes.findLast((change) => change.target === target);
    if (last?.state !== state) this.changes.push({ target, atMs: this.nowMs(), state });
  }

  stateOf(target: Target): PartState {
    return this.changes.findLast((change) => change.target === target)?.state ?? 'down';
  }

  beginTrouble(target: Target, kind: Trouble['kind'], shiftMs: number): void {
    this.endTrouble(target, kind);
    this.troubles.push({ target, kind, fromMs: this.nowMs(), toMs: null, shiftMs });
  }

  endTrouble(target: Target, kind?: Trouble['kind']): void {
    for (const [index, trouble] of this.troubles.entries()) {
      const isIt = trouble.target === target && trouble.toMs === null && (kind ?? trouble.kind) === trouble.kind;
      if (isIt) this.troubles[index] = { ...trouble, toMs: this.nowMs() };
    }
  }

  strike(fault: Fault, outcome: FaultOutcome): void {
    this.strikes.push({ fault, outcome, atMs: this.nowMs() });
  }

  attempt(outcome: AttemptOutcome): void {
    const bucket = Math.floor(this.nowMs() / BUCKET_MS);
    const counts = this.attempts.get(bucket) ?? {};
    counts[outcome] = (counts[outcome] ?? 0) + 1;
    this.attempts.set(bucket, counts);
  }

  sample(sample: Omit<Sample, 'atMs'>): void {
    this.#skipped += 1;
    if (this.#skipped < this.#everyNth) return;
    this.#skipped = 0;
    this.samples.push({ atMs: this.nowMs(), ...sample });
    if (this.samples.length < SAMPLES_MAX) return;
    const kept = this.samples.filter((_, index) => index % 2 === 0);
    this.samples.splice(0, this.samples.length, ...kept);
    this.#everyNth *= 2;
  }
}

/** A time in which a function was in one state. */
export interface Span {
  readonly target: Target;
  readonly state: PartState;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The states of a function, one after the other, up to `endMs`. */
export function spansOf(changes: readonly StateChange[], target: Target, endMs: number): readonly Span[] {
  const own = changes.filter((change) => change.target === target && change.atMs < endMs);
  return own.map(({ state, atMs }, index) => ({ target, state, fromMs: atMs, toMs: own[index + 1]?.atMs ?? endMs }));
}

export interface Outage {
  readonly target: Target;
  readonly fromMs: number;
  readonly lengthMs: number;
}

/** The longest time in which one function could not work; null where there was none. */
export function longestOutage(changes: readonly StateChange[], endMs: number): Outage | null {
  const outages = [...new Set(changes.map(({ target }) => target))].flatMap((target) => {
    const found: { fromMs: number; toMs: number }[] = [];
    for (const { state, fromMs, toMs } of spansOf(changes, target, endMs)) {
      const last = found.at(-1);
      if (state === 'up') continue;
      if (last?.toMs === fromMs) last.toMs = toMs;
      else found.push({ fromMs, toMs });
    }
    return found.map(({ fromMs, toMs }) => ({ target, fromMs, lengthMs: toMs - fromMs }));
  });
  return outages.sort((a, b) => b.lengthMs - a.lengthMs)[0] ?? null;
}
