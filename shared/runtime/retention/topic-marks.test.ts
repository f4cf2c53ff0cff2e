import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { DAY_MS } from '../../core/days.ts';
import { topicMarks } from '../../ports/tables/believed-time.ts';
import { TopicMarks } from './topic-marks.ts';

const START_MS = Date.parse('2026-03-01T10:00:00.000Z');
const HOUR_MS = DAY_MS / 24;
const DAYS = 30;

let store: SqliteStore;
let nowMs = START_MS;
let marks: TopicMarks;
beforeEach(() => {
  nowMs = START_MS;
  store = SqliteStore.open({ name: 'probe', file: ':memory:', tables: [], migrations: [] });
  marks = new TopicMarks(store, { stampMs: () => nowMs }, 'events', DAYS);
});
afterEach(() => store.close());

const rows = () => store.find({ table: topicMarks, orderBy: ['topic', 'position'], limit: 9_999 });
/** What the marks say when the topic ends there, so many days after the start. */
async function at(days: number, end: number, pruneMs = START_MS + days * DAY_MS) {
  nowMs = START_MS + days * DAY_MS;
  const { oldUpTo, youngAfter } = await marks.cutoff(end, pruneMs);
  return [oldUpTo, youngAfter];
}

describe('the marks of a topic', () => {
  it('say what was there before the cutoff, and what came after it', async () => {
    expect(await at(0, 5)).toEqual([0, 5]);
    expect(await at(20, 9)).toEqual([0, 5]);
    expect(await at(30, 9)).toEqual([5, 9]);
    expect(await at(49, 9)).toEqual([5, 9]);
    expect(await at(50, 9)).toEqual([9, 9]);
  });

  it('say that a record is young that comes after a topic was quiet for long', async () => {
    await at(0, 5);
    await at(400, 5);

    expect(await at(400.01, 6)).toEqual([5, 5]);
  });

  it('know nothing of records that were there before the first mark', async () => {
    await at(0, 5);

    expect(await at(DAYS - 1, 5)).toEqual([0, 5]);
  });

  it('are one an hour at most, and go with the records before them', async () => {
    for (let hour = 0; hour < 24 * 32; hour++) {
      await at(hour / 24, hour + 1);
      await at(hour / 24 + 0.01, hour + 1);
    }
    const all = await rows();

    expect(all.length).toBeLessThanOrEqual(24 * DAYS + 2);
    expect(all[0]?.position).toBeGreaterThan(24);
  }, 20_000);

  it('are made again by a clock that was ahead, and is right', async () => {
    await at(100, 5, START_MS);
    const right = await at(0, 5);

    expect([right, await at(1, 9), await at(DAYS, 9)]).toEqual([
      [0, 5],
      [0, 5],
      [5, 9],
    ]);
    expect((await rows()).map(({ fromMs }) => fromMs - START_MS)).toEqual([0, DAY_MS]);
  });

  it('that a clock made which was ahead keep nothing longer than a later mark says', async () => {
    await at(100, 5, START_MS);
    await at(0, 9);

    expect(await at(DAYS, 9)).toEqual([9, 9]);
  });

  it('behind the end of a topic that was restored from a copy are void', async () => {
    await at(0, 9);
    await at(DAYS, 4);

    expect(await at(DAYS + HOUR_MS / DAY_MS, 12)).toEqual([0, 4]);
  });
});
