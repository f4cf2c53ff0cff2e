import type { Store } from '../ports/store.ts';

/**
 * Runs the work of each transaction twice, each time from the start on what is loaded then, and throws the first result away: as
 * where another instance came in between. Whatever the work does besides its result is done twice.
 */
export function repeatedWork(transact: Store['transact']): Store['transact'] {
  return async (unit, work) => {
    const cameBetween = new Error('another instance came in between');
    const first = transact(unit, (loaded) => {
      attempt(() => work(loaded));
      throw cameBetween;
    });
    await first.catch((error: unknown) => {
      if (error !== cameBetween) throw error;
    });
    return transact(unit, work);
  };
}

/** What it throws is thrown again by the second run, unless the first one did something to prevent it. */
function attempt(work: () => unknown): void {
  try {
    work();
  } catch {
    // See above.
  }
}
