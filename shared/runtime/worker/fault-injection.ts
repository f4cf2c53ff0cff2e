import { AppError, TransientError } from '../../core/errors.ts';
import { shortHash } from '../../core/hash.ts';
import type { Message } from '../../core/message.ts';
import type { Clock } from '../../ports/clock.ts';
import type { StoreFunction } from '../function.ts';
import { AWAY_S_DEFAULT, type FailingCalls, type FaultsBody, type Poison } from './fault-representation.ts';
import type { Role } from './held-lease.ts';

/** The faults that a test can inject; {@link FaultsBody} documents them. */
type Faults = Omit<FaultsBody, 'function' | 'away'>;

/** Some of the faults: what is left out, or undefined, stays as it is. */
export type FaultChanges = {
  readonly [Name in 'noRoom' | 'clockShiftMs' | 'poison' | 'calls' | 'away']?: FaultsBody[Name] | undefined;
} & { readonly forS?: number | undefined };

/** What a fault is injected into. */
export interface FaultTargets {
  setRoom(noRoom: boolean): void;
  /** A function that is away reads nothing; the sentence says why, null lets it read again. */
  setAway(why: string | null): void;
}

const NO_FAULTS: Faults = { noRoom: false, clockShiftMs: 0, poison: null, calls: null, until: null };

/**
 * A clock that can be shifted, a store whose disk can be simulated as full, rules and calls to the outside world that can
 * fail, and a function that can be away for a while. A restart clears all faults.
 */
export class FaultInjection {
  readonly clock: Clock;
  readonly name: string;
  readonly #real: Clock;
  readonly #targets: FaultTargets;
  readonly #onBack = new Set<() => void>();
  #faults: Faults = NO_FAULTS;
  #comesBack: NodeJS.Timeout | undefined;
  #leaving = new AbortController();

  constructor(name: string, clock: Clock, targets: FaultTargets) {
    this.name = name;
    this.clock = { nowMs: () => clock.nowMs() + this.#faults.clockShiftMs, upMs: () => clock.upMs() };
    this.#real = clock;
    this.#targets = targets;
  }

  get current(): FaultsBody {
    return { function: this.name, ...this.#faults, away: this.isAway };
  }

  get isAway(): boolean {
    return this.#faults.until !== null;
  }

  /** Aborts when the function goes away the next time. */
  get leaving(): AbortSignal {
    return this.#leaving.signal;
  }

  /** Changes some faults. Returns all current faults. */
  set({ away, forS = AWAY_S_DEFAULT, ...changes }: FaultChanges): FaultsBody {
    const { noRoom = this.#faults.noRoom, clockShiftMs = this.#faults.clockShiftMs } = changes;
    const { poison = this.#faults.poison, calls = this.#faults.calls } = changes;
    this.#targets.setRoom(noRoom);
    this.#faults = { noRoom, clockShiftMs, poison, calls, until: this.#faults.until };
    if (away === true) this.#leave(forS);
    if (away === false) this.#comeBack();
    return this.current;
  }

  /** Clears all faults. */
  heal(): FaultsBody {
    return this.set({ ...NO_FAULTS, away: false });
  }

  /** What a function that is away answers. */
  awayProblem(): AppError {
    const leftMs = Date.parse(this.#faults.until ?? '') - this.#real.nowMs();
    return new AppError('unavailable', this.#sentence(), { retryAfterS: Math.max(1, Math.ceil(leftMs / 1000)) });
  }

  /** The role as loops see it that do nothing while the function is away. */
  present(role: Pick<Role, 'isHeld' | 'onGranted'>): Pick<Role, 'isHeld' | 'onGranted'> {
    const isHeld = () => role.isHeld && !this.isAway;
    return {
      get isHeld() {
        return isHeld();
      },
      onGranted: (listener) => {
        this.#onBack.add(listener);
        role.onGranted(listener);
      },
    };
  }

  /** To be awaited before a call to the outside world. Rejects, or never resolves, where such calls fail. */
  async beforeCall(subject: string): Promise<void> {
    const { calls } = this.#faults;
    if (calls === null || !isAbout(calls, subject)) return;
    if (calls.as === 'silent') return new Promise(() => undefined);
    throw callFailure(calls, subject);
  }

  /** The function with rules that fail on poisoned messages. */
  poisoned(fn: StoreFunction): StoreFunction {
    const { rules } = fn;
    const decide: StoreFunction['rules']['decide'] = (state, message) => {
      const { poison } = this.#faults;
      if (poison !== null && isAbout(poison, message.subject)) throw failureOf(poison, message);
      return rules.decide(state, message);
    };
    return { ...fn, rules: { decide, evolve: (state, event) => rules.evolve(state, event) } };
  }

  #leave(forS: number): void {
    clearTimeout(this.#comesBack);
    const until = new Date(this.#real.nowMs() + forS * 1000).toISOString();
    this.#faults = { ...this.#faults, until };
    this.#comesBack = setTimeout(() => this.#comeBack(), forS * 1000).unref();
    this.#targets.setAway(this.#sentence());
    this.#leaving.abort();
  }

  #comeBack(): void {
    if (!this.isAway) return;
    clearTimeout(this.#comesBack);
    this.#faults = { ...this.#faults, until: null };
    this.#leaving = new AbortController();
    this.#targets.setAway(null);
    for (const listener of this.#onBack) listener();
  }

  #sentence(): string {
    return `${this.name} is away until ${this.#faults.until}, because a test asked for it; healing its faults ends it`;
  }
}

/** A share always selects the same subjects. */
function isAbout(fault: { readonly subject: string } | { readonly share: number }, subject: string): boolean {
  if ('subject' in fault) return fault.subject === subject;
  return Number.parseInt(shortHash(subject).slice(0, 8), 16) < fault.share * 2 ** 32;
}

function callFailure({ as }: FailingCalls, subject: string): Error {
  const text = `calls about ${subject} are refused by a test`;
  return as === 'terminal' ? new AppError('invalid_request', text) : new TransientError(text);
}

function failureOf({ as }: Poison, { type, subject }: Message): Error {
  const text = `${type} of ${subject} was poisoned by a test`;
  return as === 'bug' ? new TypeError(text) : new TransientError(text);
}
