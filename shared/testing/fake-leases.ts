import { AppError } from '../core/errors.ts';
import type { Lease, Leases } from '../ports/leases.ts';

interface Held {
  readonly holder: string;
  readonly token: number;
  readonly untilMs: number;
}

/** Leases in memory that several instances contend for, by a clock that the test sets. */
export class FakeLeases {
  nowMs = 0;
  /** Whether they cannot be reached. */
  isAway = false;
  /** How often any of them was asked for. */
  asked = 0;
  #token = 0;
  readonly #held = new Map<string, Held>();

  /** As one instance sees them. */
  of(holder: string): Leases {
    return {
      take: async (name, ttlMs) => this.#take(holder, name, ttlMs),
      release: async (name) => this.#release(holder, name),
    };
  }

  #take(holder: string, name: string, ttlMs: number): Lease | null {
    this.asked += 1;
    if (this.isAway) throw new AppError('unavailable', 'the leases are away');
    const held = this.#held.get(name);
    const isOwn = held?.holder === holder;
    if (held !== undefined && !isOwn && this.nowMs < held.untilMs) return null;
    const token = held !== undefined && isOwn ? held.token : ++this.#token;
    this.#held.set(name, { holder, token, untilMs: this.nowMs + ttlMs });
    return { token, validMs: ttlMs };
  }

  #release(holder: string, name: string): void {
    const held = this.#held.get(name);
    if (held?.holder === holder) this.#held.set(name, { ...held, untilMs: Number.NEGATIVE_INFINITY });
  }
}
