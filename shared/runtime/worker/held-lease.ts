import type { Clock } from '../../ports/clock.ts';
import type { Lease, Leases } from '../../ports/leases.ts';

/** For how long a lease is taken unless another time is given. An instance that is killed is replaced after it. */
const TTL_MS = 10_000;
/** The part of that time after which the holder renews it, and after which it does not count on it any more. */
const RENEWED_AFTER = 1 / 3;
const TRUSTED_FOR = 2 / 3;
/** How long an instance waits until it asks again for what another one holds, or what could not be asked for. */
const AGAIN_MS = 1_000;

/** What one instance of a function does for all of them, as the parts of this one see it. */
export interface Role {
  /** Whether it is this instance's now. */
  readonly isHeld: boolean;
  /** Tells the times that it was this instance's apart; null while it is not. */
  readonly token: number | null;
  /** `listener` is called each time it is granted to this instance. */
  onGranted(listener: () => void): void;
  /** Takes it, or renews it, where it is time to. Returns whether it is held. @throws {AppError} `unavailable` */
  hold(): Promise<boolean>;
}

/** The role of an instance that is alone. */
export const soleRole: Role = { isHeld: true, token: 0, onGranted: () => undefined, hold: async () => true };

/**
 * A lease that this instance holds, or waits for. Its time counts from before it was asked for, by a clock that only rises: a
 * holder gives up early, and the next one begins late. Where it is granted for ever it is asked for once.
 */
export class HeldLease implements Role {
  readonly #leases: Leases;
  readonly #name: string;
  readonly #clock: Pick<Clock, 'upMs'>;
  readonly #ttlMs: number;
  readonly #listeners: (() => void)[] = [];
  #lease: (Lease & { readonly askedMs: number }) | null = null;
  /** It is not asked for again before this. */
  #againMs = Number.NEGATIVE_INFINITY;
  #asking: Promise<boolean> | null = null;

  constructor(leases: Leases, name: string, clock: Pick<Clock, 'upMs'>, ttlMs: number = TTL_MS) {
    this.#leases = leases;
    this.#name = name;
    this.#clock = clock;
    this.#ttlMs = ttlMs;
  }

  get isHeld(): boolean {
    return this.leftMs > 0;
  }

  get token(): number | null {
    return this.isHeld ? (this.#lease?.token ?? null) : null;
  }

  /** For how much longer it can be counted on, in milliseconds. */
  get leftMs(): number {
    const lease = this.#lease;
    if (lease === null) return 0;
    if (lease.validMs === Number.POSITIVE_INFINITY) return lease.validMs;
    return Math.max(0, lease.askedMs + lease.validMs * TRUSTED_FOR - this.#clock.upMs());
  }

  onGranted(listener: () => void): void {
    this.#listeners.push(listener);
  }

  hold(): Promise<boolean> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  async #ask(): Promise<boolean> {
    const lease = this.#lease;
    if (lease?.validMs === Number.POSITIVE_INFINITY) return true;
    const nowMs = this.#clock.upMs();
    const isYoung = lease !== null && nowMs < lease.askedMs + lease.validMs * RENEWED_AFTER;
    if (isYoung || nowMs < this.#againMs) return this.isHeld;
    this.#againMs = nowMs + AGAIN_MS;
    const former = this.token;
    const taken = await this.#leases.take(this.#name, this.#ttlMs);
    this.#lease = taken === null ? null : { ...taken, askedMs: nowMs };
    if (taken !== null && taken.token !== former) for (const listener of this.#listeners) listener();
    return this.isHeld;
  }

  /** It turned out that another instance has it, or had it since. It may be asked for again at once. */
  lose(): void {
    this.#lease = null;
    this.#againMs = Number.NEGATIVE_INFINITY;
  }

  /** Gives it up, so that another instance need not wait for its end. */
  async release(): Promise<void> {
    const wasHeld = this.#lease !== null;
    this.#lease = null;
    if (wasHeld) await this.#leases.release(this.#name);
  }
}
