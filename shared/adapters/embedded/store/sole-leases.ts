import type { Lease, Leases } from '../../../ports/leases.ts';
import type { GuardedSession } from './guarded-session.ts';

/** Each start begins an epoch; numbers are not used twice, also where epochs are pruned. */
const LIFE_SQL = `SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'topic_epoch'), 0)`;

/** The leases of a file that one process holds: it has all of them, for as long as it runs. Nothing is written. */
export class SoleLeases implements Leases {
  readonly #guarded: GuardedSession;

  constructor(guarded: GuardedSession) {
    this.#guarded = guarded;
  }

  async take(): Promise<Lease> {
    const token = this.#guarded.use(({ db }) => Number(db.prepare(LIFE_SQL).pluck().get()));
    return { token, validMs: Number.POSITIVE_INFINITY };
  }

  async release(): Promise<void> {}
}
