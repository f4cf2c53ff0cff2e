import { describe, expect, it } from 'vitest';
import { newsIn } from './newest.ts';

const at = (position: number, partition = 0) => ({
  ...{ partition, position, attributes: {}, data: null, isCut: false, isText: false },
});
const down = (newest: number, count: number) => Array.from({ length: count }, (_, n) => at(newest - n));

describe('what is new in a topic', () => {
  it('is what is not shown yet', () => {
    expect(newsIn(down(12, 5), down(10, 5), false, true)).toEqual({ messages: down(12, 2), count: 2, hasGap: false });
  });

  it('is nothing older, where the page is longer than what is shown', () => {
    expect(newsIn(down(11, 10), down(10, 2), false, true)).toEqual({ messages: [at(11)], count: 1, hasGap: false });
  });

  it('is found in each partition', () => {
    const page = [at(5, 1), at(12), at(9, 2), at(11), at(4, 1), at(2, 3)];

    expect(newsIn(page, [at(11), at(4, 1)], false, true).messages).toEqual([at(5, 1), at(12), at(9, 2)]);
  });

  it('may leave others between, which positions count', () => {
    expect(newsIn(down(130, 5), down(10, 5), false, true)).toEqual({
      messages: down(130, 5),
      count: 120,
      hasGap: true,
    });
  });

  it('is counted one by one with a filter', () => {
    expect(newsIn(down(130, 5), down(10, 5), false, false)).toMatchObject({ count: 5, hasGap: true });
  });

  it('leaves no others between where the page is the whole topic, or nothing was shown', () => {
    expect(newsIn(down(3, 3), [], false, true)).toMatchObject({ count: 3, hasGap: false });
    expect(newsIn(down(30, 3), down(9, 1), true, true)).toMatchObject({ count: 3, hasGap: false });
  });
});
