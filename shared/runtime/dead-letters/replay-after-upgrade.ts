import { AppError } from '../../core/errors.ts';
import { type LetterCode, type LetterHead, letterHeads } from '../../ports/tables/retry.ts';
import { existingLetter, type LetterDesk, readLetter } from './dead-letter.ts';
import { close, replay } from './resolve.ts';

const PAGE = 200;
/** What an older program could not read. */
const UNREAD: readonly LetterCode[] = ['newer_version', 'unknown_type'];
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
export async function readAgain(desk: LetterDesk): Promise<Upgraded> {
  const sum = { replayed: 0, discarded: 0 };
  let after: readonly number[] | undefined;
  for (;;) {
    const page: readonly LetterHead[] = await desk.context.store.find({
      table: letterHeads,
      where: { status: 'open' },
      orderBy: ['sequence'],
      ...(after === undefined ? {} : { after }),
      limit: PAGE,
    });
    for (const { letter, code } of page) {
      if (!UNREAD.includes(code)) continue;
      const done = await takeUp(desk, letter);
      if (done !== null) sum[done] += 1;
    }
    if (page.length < PAGE) return sum;
    after = [page.at(-1)?.sequence ?? 0];
  }
}

async function takeUp(desk: LetterDesk, letter: string): Promise<keyof Upgraded | null> {
  const { kind } = readLetter(desk.fn, await existingLetter(desk, letter));
  if (kind === 'unfit') return null;
  try {
    if (kind === 'skipped') {
      await close(desk, letter, 'upgrade', {
        who: WHO,
        reason: 'this program knows it, and it is none of its business',
      });
      return 'discarded';
    }
    const reason = 'this program can read it';
    await replay(desk, letter, { who: WHO, reason }, { force: true, action: 'upgrade' });
    return 'replayed';
  } catch (error) {
    // It waits for a person, as before; the others do not wait for it.
    if (error instanceof AppError && error.code === 'conflict') return null;
    throw error;
  }
}
