import { describe, expect, it } from 'vitest';
import { chanceFrom } from '../chaos/chance.ts';
import type { Acknowledged } from './acknowledged.ts';
import { cutDisks, type Place, places, planCuts } from './cuts.ts';
import type { DiskChange } from './record.ts';

/** A file that is created, and then written and synced, again and again. Each change takes one nanosecond. */
const changes: readonly DiskChange[] = Array.from({ length: 1_000 }, (_, n) => ({
  kind: n === 0 ? 'create' : n === 1 || n % 4 === 3 ? 'sync' : 'write',
  path: n === 1 ? '' : pathOf(n),
  other: '',
  inode: 1,
  number: 8 * n,
  data: Buffer.from(n < 2 ? '' : `change${n % 10} `),
  beganNs: BigInt(2 * n),
  endedNs: BigInt(2 * n + 1),
}));
function pathOf(n: number): string {
  if (n < 900) return 'order.db-wal';
  return n < 950 ? 'order.db' : 'data/topics/order-commands.db';
}

const promises: readonly Acknowledged[] = [100n, 500n, 1_500n].map((atNs) => ({ kind: 'topic', orderId: 'A', atNs }));
const counts = Object.fromEntries(places.map((place) => [place, 10])) as Record<Place, number>;

describe('the cuts of a run', () => {
  it('are so many of each place, in the order of the run', () => {
    const cuts = planCuts(changes, promises, counts, chanceFrom(1, 'plan'));
    const after = cuts.map((cut) => cut.after);

    expect(places.map((place) => cuts.filter((cut) => cut.place === place).length)).toEqual(places.map(() => 10));
    expect(after).toEqual([...after].sort((a, b) => a - b));
  });

  it('after an answer lie just behind the last change before it', () => {
    const cuts = planCuts(changes, promises, { ...counts, 'after an answer': 3 }, chanceFrom(1, 'plan'));

    expect(cuts.filter(({ place }) => place === 'after an answer').map(({ after }) => after)).toEqual([49, 249, 749]);
  });

  it('are the same for the same seed', () => {
    const plans = [1, 1, 2].map((seed) =>
      JSON.stringify(planCuts(changes, promises, counts, chanceFrom(seed, 'plan'))),
    );

    expect([plans[0] === plans[1], plans[0] === plans[2]]).toEqual([true, false]);
  });
});

describe('a disk that is cut', () => {
  it('comes with the promises that were made before the end of the next change', () => {
    const cuts = [48, 49, 749].map((after) => ({ place: 'anywhere', after, data: 'all', entries: 'all' }) as const);
    const disks = [...cutDisks(changes, promises, cuts, chanceFrom(1, 'cut'))];

    expect(disks.map((disk) => disk.promises.length)).toEqual([0, 1, 3]);
    expect(disks.map(({ disk }) => disk.files[0]?.contents.length)).toEqual([49 * 8, 50 * 8, 750 * 8]);
  });
});
