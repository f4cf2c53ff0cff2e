import { type DeadLetterSummary, deadLetterSummaries } from '../../ports/tables/retry.ts';
import type { DeadLetterScope } from './dead-letter.ts';
import type { GroupBody } from './schemas.ts';

const PAGE = 500;
/** The number of dead letters that are read, the newest first. */
const DEAD_LETTERS_MAX = 10_000;
const GROUPS_MAX = 200;

/** The open dead letters of a function grouped by cause, the largest group first. */
export async function groupsOf({ fn, context }: DeadLetterScope): Promise<{ groups: GroupBody[]; isWhole: boolean }> {
  const groups = new Map<string, GroupBody>();
  let after: readonly number[] | undefined;
  let isWhole = false;
  for (let seen = 0; seen < DEAD_LETTERS_MAX && !isWhole; seen += PAGE) {
    const page: readonly DeadLetterSummary[] = await context.store.find({
      table: deadLetterSummaries,
      where: { status: 'open' },
      orderBy: ['sequence'],
      descending: true,
      ...(after === undefined ? {} : { after }),
      limit: PAGE,
    });
    for (const summary of page) add(groups, fn.name, summary);
    isWhole = page.length < PAGE;
    after = [page.at(-1)?.sequence ?? 0];
  }
  const all = [...groups.values()].sort((one, other) => other.count - one.count);
  return { groups: all.slice(0, GROUPS_MAX), isWhole: isWhole && all.length <= GROUPS_MAX };
}

function add(groups: Map<string, GroupBody>, name: string, summary: DeadLetterSummary): void {
  const { fingerprint, code, diedAt, replays } = summary;
  const group = groups.get(fingerprint);
  if (group === undefined) {
    const detail = summary.detail.split('\n', 1)[0] ?? '';
    groups.set(fingerprint, {
      ...of(name, fingerprint, code),
      detail,
      count: 1,
      oldest: diedAt,
      newest: diedAt,
      replays,
    });
    return;
  }
  const oldest = diedAt < group.oldest ? diedAt : group.oldest;
  const newest = diedAt > group.newest ? diedAt : group.newest;
  groups.set(fingerprint, { ...group, count: group.count + 1, oldest, newest, replays: group.replays + replays });
}

function of(name: string, fingerprint: string, code: GroupBody['code']) {
  return { function: name, fingerprint, code };
}
