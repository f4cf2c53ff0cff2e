/** What happened when: the data behind the live line, the verdict and the page. */
import type { Fault, SwitchKind, Target } from './plan.ts';

/** `starting`: running, not ready yet · `stopping`: asked to end · `frozen`: gets no processor time. */
export type PartState = 'up' | 'starting' | 'frozen' | 'stopping' | 'down';

export interface StateChange {
  readonly target: Target;
  readonly atMs: number;
  readonly state: PartState;
}

/** A period in which a function has a full disk, a wrong clock, or fails on some orders. */
export interface FaultPeriod {
  readonly target: Target;
  readonly kind: SwitchKind;
  readonly fromMs: number;
  /** Null while it lasts. */
  readonly toMs: number | null;
  readonly shiftMs: number;
}

/** `missed`: the process was not available at that time. `unsupported`: there is no switch for the fault, in the store or on this machine. */
export type FaultOutcome = 'injected' | 'missed' | 'unsupported';

export interface Injection {
  readonly fault: Fault;
  readonly atMs: number;
  readonly outcome: FaultOutcome;
}

/** How an attempt of a client ended. */
export type AttemptOutcome =
  /** 2xx. */
  | 'acknowledged'
  /** 4xx: a retry would get the same answer. */
  | 'refused'
  /** 409 or 429: rejected for now. */
  | 'busy'
  /** 503: the function behind the gateway is unavailable. It may have received the request before. */
  | 'unavailable'
  /** 507: the disk is full. */
  | 'no room'
  /** The connection was refused, so the store did not receive the request. */
  | 'away'
  /** Sent without an answer: it may have taken effect. */
  | 'lost'
  /** An answer that no client should see. */
  | 'broken';

/** The store as seen from outside at one moment. */
export interface Sample {
  readonly atMs: number;
  readonly levels: Readonly<Record<string, { readonly onHand: number; readonly reserved: number }>>;
  /** Orders by status. */
  readonly orders: Readonly<Record<string, number>>;
  /** Parked messages in the retry queues, by function. A function that did not answer is missing. */
  readonly parked: Readonly<Partial<Record<Target, number>>>;
}

/** Attempts are counted per interval of this length. */
export const BUCKET_MS = 250;
/** Above this number, every second sample is dropped: a page has no more pixels. */
const SAMPLES_MAX = 4_000;

/** Times are milliseconds since the load began. */
export class FlightRecord {
  readonly changes: StateChange[] = [];
  readonly faultPeriods: FaultPeriod[] = [];
  readonly injections: Injection[] = [];
  readonly samples: Sample[] = [];
  /** By `atMs / BUCKET_MS`, rounded down. */
  readonly attempts = new Map<number, Partial<Record<AttemptOutcome, number>>>();
  /** When the load ended. */
  loadEndMs: number | null = null;
  /** When the store had settled. */
  restMs: number | null = null;
  #startMs = performance.now();
  #startedAtMs = Date.now();
  #skipped = 0;
  #everyNth = 1;

  /** Starts the time of the load. Changes before it are dropped. */
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

  beginFault(target: Target, kind: FaultPeriod['kind'], shiftMs: number): void {
    this.endFault(target, kind);
    this.faultPeriods.push({ target, kind, fromMs: this.nowMs(), toMs: null, shiftMs });
  }

  endFault(target: Target, kind?: FaultPeriod['kind']): void {
    for (const [index, period] of this.faultPeriods.entries()) {
      const isOpen = period.target === target && period.toMs === null && (kind ?? period.kind) === period.kind;
      if (isOpen) this.faultPeriods[index] = { ...period, toMs: this.nowMs() };
    }
  }

  addInjection(fault: Fault, outcome: FaultOutcome): void {
    this.injections.push({ fault, outcome, atMs: this.nowMs() });
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
    const remaining = this.samples.filter((_, index) => index % 2 === 0);
    this.samples.splice(0, this.samples.length, ...remaining);
    this.#everyNth *= 2;
  }
}

/** A period in which a function was in one state. */
export interface Span {
  readonly target: Target;
  readonly state: PartState;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The states of a function in order of time, up to `endMs`. */
export function spansOf(changes: readonly StateChange[], target: Target, endMs: number): readonly Span[] {
  const own = changes.filter((change) => change.target === target && change.atMs < endMs);
  return own.map(({ state, atMs }, index) => ({ target, state, fromMs: atMs, toMs: own[index + 1]?.atMs ?? endMs }));
}

export interface Outage {
  readonly target: Target;
  readonly fromMs: number;
  readonly lengthMs: number;
}

/** The longest period in which one function was not up; null when there was none. */
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
