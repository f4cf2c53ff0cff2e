import { describe, expect, it } from 'vitest';
import { groupsOf, withNews } from './readers.ts';

const reader = (group: string, partition: number, lag: number, oldestUnreadAt: string | null = null) => ({
  ...{ group, partition, position: 10 - lag, end: 10, lag, oldestUnreadAt },
});
const topic = (name: string, end: number | null) => ({ name, writer: null, end, readers: [], detail: null });

describe('the readers of a topic', () => {
  it('are counted by group, over all partitions', () => {
    const readers = [
      reader('order', 0, 0),
      reader('inventory', 0, 2, '2026-01-01T00:00:02.000Z'),
      reader('inventory', 1, 3, '2026-01-01T00:00:01.000Z'),
    ];

    expect(groupsOf({ readers }).map(({ group, lag, oldestUnreadAt }) => [group, lag, oldestUnreadAt])).toEqual([
      ['order', 0, null],
      ['inventory', 5, '2026-01-01T00:00:01.000Z'],
    ]);
  });
});

describe('news of topics', () => {
  it('replace what was read, where they tell something', () => {
    const topics = [topic('a', 1), topic('b', 2), topic('c', 3)];

    expect(withNews(topics, [topic('a', 5), topic('b', null), topic('other', 7)]).map(({ end }) => end)).toEqual([
      5, 2, 3,
    ]);
  });
});
