import { beforeEach, describe, expect, it } from 'vitest';
import { GroupProgress } from './group-progress.ts';

const APPENDED_MS = Date.parse('2026-03-01T10:00:00.000Z');

describe('how far a group has read', () => {
  let ends: { low: number; high: number };
  /** How far a member in this process has read; null where the group's only member is elsewhere. */
  let here: number | null;
  /** How far the group noted at the broker that it has read. */
  let noted: number;
  /** Happens while an answer of the broker is on its way. */
  let meanwhile: () => void;

  beforeEach(() => {
    ends = { low: 0, high: 3 };
    here = 3;
    noted = 3;
    meanwhile = () => undefined;
  });

  async function progress() {
    const answer = async <Value>(value: Value): Promise<Value> => {
      meanwhile();
      return value;
    };
    const member = {
      get position() {
        return here ?? 0;
      },
      get oldestMs() {
        return (here ?? 0) < ends.high ? APPENDED_MS : null;
      },
    };
    const known = new GroupProgress({
      admin: {
        ends: () => answer([{ partition: 0, ...ends }]),
        groupOffsets: () => answer([{ partition: 0, offset: noted, note: '' }]),
        offsetsAt: () => answer([{ partition: 0, offset: 0 }]),
      },
      clock: { nowMs: () => APPENDED_MS, upMs: () => 0 },
      partitions: 1,
      groupId: (group) => group,
      progressHere: () => (here === null ? null : member),
    });
    return known.of('events', ['readers']);
  }

  const all = { group: 'readers', partition: 0, position: 3, end: 3, lag: 0, oldestUnreadAt: null };

  it.each([
    ['in this process', 3],
    ['elsewhere', null],
  ])('is to the end where a member %s has read all', async (_, member) => {
    here = member;
    expect(await progress()).toEqual([all]);
  });

  it('is not to the end where a record is left, which says since when', async () => {
    here = 2;
    const oldestUnreadAt = new Date(APPENDED_MS).toISOString();
    expect(await progress()).toEqual([{ ...all, position: 2, lag: 1, oldestUnreadAt }]);
  });

  it.each([
    ['in this process', 3],
    ['elsewhere', null],
  ])('is to the end also while a member %s goes on reading', async (_, member) => {
    here = member;
    meanwhile = () => {
      ends = { low: 0, high: ends.high + 1 };
      noted += 1;
      if (here !== null) here += 1;
    };

    const [found] = await progress();

    expect(found?.position).toBeGreaterThanOrEqual(3);
    expect(found?.lag).toBeLessThanOrEqual(1);
  });

  it('is nothing where its position lies behind the end: that topic was made anew', async () => {
    ends = { low: 0, high: 2 };
    expect(await progress()).toMatchObject([{ position: 0, end: 2, lag: 2 }]);
  });
});
