/** A lease, as the instance that holds it knows it. */
export interface Lease {
  /**
   * Never less than before. Greater where another instance has held the lease since, or where this one has started anew; the
   * same where its holder renews it.
   */
  readonly token: number;
  /** For how long it is held, in milliseconds from before it was asked for; infinite where there is one instance. */
  readonly validMs: number;
}

/**
 * What one instance of a function does for all of them. At most one holds a lease at a time, by the engine's clock: the one
 * clock that all of them share. An instance that was frozen may believe that it holds one that has passed on, so no
 * promise rests on a lease alone.
 */
export interface Leases {
  /**
   * Takes a lease for `ttlMs`, or renews it; null while another instance holds it.
   * @throws {AppError} `unavailable` when that cannot be said now
   */
  take(name: string, ttlMs: number): Promise<Lease | null>;

  /** Gives it up where this instance holds it: another one can take it at once. */
  release(name: string): Promise<void>;
}
