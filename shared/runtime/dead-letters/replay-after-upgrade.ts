import { AppError } from '../../core/errors.ts';
import { type DeadLetterCode, type DeadLetterSummary, deadLetterSummaries } from '../../ports/tables/retry.ts';
import { type DeadLetterScope, existingDeadLetter, parseDeadLetter } from './dead-letter.ts';
import { close, replay } from './resolve.ts';

const PAGE = 200;
/** The codes of records that an older program could not read. */
const UNREAD: readonly DeadLetterCode[] = ['newer_version', 'unknown_type'];
const WHO = 'saga-store';

/**
 * How many dead letters were replayed, and how many were discarded because the function does not consume their type.
 */
export interface Upgraded {
  readonly replayed: number;
  readonly discarded: number;
}

/**
 * Replays the dead letters that an older program could not read and this one can, in their order. Call it before the
 * loop starts, so that no message overtakes them; a second call does the rest.
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
    for (const { letter: id, code } of page) {
      if (!UNREAD.includes(code)) continue;
      const done = await resolveOne(scope, id);
      if (done !== null) sum[done] += 1;
    }
    if (page.length < PAGE) return sum;
    after = [page.at(-1)?.sequence ?? 0];
  }
}

async function resolveOne(scope: DeadLetterScope, id: string): Promise<keyof Upgraded | null> {
  const { kind } = parseDeadLetter(scope.fn, await existingDeadLetter(scope, id));
  if (kind === 'rejected') return null;
  try {
    if (kind === 'skipped') {
      await close(scope, id, 'upgrade', {
        who: WHO,
        reason: 'this program knows its type and does not consume it',
      });
      return 'discarded';
    }
    const reason = 'this program can read it';
    await replay(scope, id, { who: WHO, reason }, { force: true, action: 'upgrade' });
    return 'replayed';
  } catch (error) {
    // It still waits for an operator; the others do not wait for it.
    if (error instanceof AppError && error.code === 'conflict') return null;
    throw error;
  }
}
