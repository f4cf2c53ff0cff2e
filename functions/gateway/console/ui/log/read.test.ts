import { describe, expect, it } from 'vitest';
import { type Read, withNews, withNext } from './read.ts';

const down = (newest: number, count: number) =>
  Array.from({ length: count }, (_, n) => ({
    ...{ partition: 0, position: newest - n, attributes: {}, data: null, isCut: false, isText: false },
  }));
const read = (newest: number, count: number, next: string | null): Read => ({
  ...{ messages: down(newest, count), scanned: count, isWhole: next === null, next },
});
const news = (newest: number, count: number, hasGap: boolean) => ({ messages: down(newest, count), count, hasGap });

describe('the messages of a list as far as they are read', () => {
  it('go on with the next page', () => {
    expect(withNext(read(9, 5, '/2'), '/2', read(4, 4, null))).toEqual(read(9, 9, null));
  });

  it('go on with a page that was asked for before news came in front', () => {
    expect(withNext(withNews(read(9, 5, '/2'), news(11, 2, false)), '/2', read(4, 4, null))).toEqual(
      read(11, 11, null),
    );
  });

  it.each([
    ['began anew after a gap', withNews(read(9, 5, '/2'), news(99, 5, true))],
    ['was cut at its end', withNews(read(499, 495, '/2'), news(505, 6, false))],
    ['was read again', read(99, 5, '/95')],
  ])('take no page that was asked for before the list %s', (_, list) => {
    expect(withNext(list, '/2', read(4, 4, null))).toBe(list);
  });
});
