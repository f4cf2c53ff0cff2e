import { AppError } from '../../core/errors.ts';
import { type DeadLetterCode, type DeadLetterSummary, deadLetterSummaries } from '../../ports/tables/retry.ts';
import { type DeadLetterScope, existingDeadLetter, parseDeadLetter } from './dead-letter.ts';
import { close, replay } from './resolve.ts';

const PAGE = 200;
/** What an older program could not read. */
const UNREAD: readonly DeadLetterCode[] = ['newer_version', 'unknown_type'];
const WHO = 'saga-store';

/** How many letters were taken up again, and how many were none of its business after all. */
export interface Upgraded {
  readonly replayed: number;
  readonly discarded: number;
}

/**
 * What an older program could not read and this one can is replayed, in the order in which it came. To be called before
 * the loop starts, so that nothing overtakes it; called again, it does the rest.
 */
export async function replayAfterUpgrade(scope: DeadLetterScope): Promise<Upgraded> {
  const sum = { replayed: 0, discarded: 0 };
  let after: readonly number[] | undefined;
  for (;;) {
    const page: readonly DeadLetterSummary[] = await scope.context.store.find({
      table: deadLetterSummaries,
      where: { status: 'open' },
      orderBy: ['sequence'],
      ...(after === undefined ? {} : { after }),
      limit: PAGE,
    });
    for (const { letter, code } of page) {
      if (!UNREAD.includes(code)) continue;
      const done = await takeUp(scope, letter);
      if (done !== null) sum[done] += 1;
    }
    if (page.length < PAGE) return sum;
    after = [page.at(-1)?.sequence ?? 0];
  }
}

async function takeUp(scope: DeadLetterScope, letter: string): Promise<keyof Upgraded | null> {
  const { kind } = parseDeadLetter(scope.fn, await existingDeadLetter(scope, letter));
  if (kind === 'rejected') return null;
  try {
    if (kind === 'skipped') {
      await close(scope, letter, 'upgrade', {
        who: WHO,
        reason: 'this program knows it, and it is none of its business',
      });
      return 'discarded';
    }
    const reason = 'this program can read it';
    await replay(scope, letter, { who: WHO, reason }, { force: true, action: 'upgrade' });
    return 'replayed';
  } catch (error) {
    // It waits for a person, as before; the others do not wait for it.
    if (error instanceof AppError && error.code === 'conflict') return null;
    throw error;
  }
}
