import { describe, expect, it } from 'vitest';
import { ROWS_MAX, rowAfterKey, rowWindowOf, scrollTo } from './row-window.ts';

const windowAt = (scrollTop: number, viewHeight = 360, count = 10_000) =>
  rowWindowOf({ count, rowHeight: 36, scrollTop, viewHeight });

describe('the rows in the page', () => {
  it.each([
    [0, 0, 23],
    [36_000, 994, 1_017],
    [359_640, 9_977, 10_000],
    [1e9, 9_977, 10_000],
    [-50, 0, 23],
  ])('scrolled to %d are %d to %d', (scrollTop, first, end) => {
    expect(windowAt(scrollTop)).toEqual({ first, end });
  });

  it('are never more than the most, and all of a short list', () => {
    const { first, end } = windowAt(36_000, 5_000);
    expect(end - first).toBe(ROWS_MAX);
    expect(windowAt(0, 360, 3)).toEqual({ first: 0, end: 3 });
    expect(windowAt(0, 360, 0)).toEqual({ first: 0, end: 0 });
  });

  it('are scrolled no further than a row needs', () => {
    const view = { rowHeight: 36, scrollTop: 360, viewHeight: 360 };
    expect([0, 12, 25].map((row) => scrollTo(row, view))).toEqual([0, 360, 576]);
  });

  it.each([
    ['ArrowDown', 5],
    ['ArrowUp', 3],
    ['PageDown', 9],
    ['PageUp', 0],
    ['Home', 0],
    ['End', 9],
    ['a', null],
  ])('are reached by %s', (key, row) => {
    expect(rowAfterKey(key, 4, 10, 8)).toBe(row);
  });
});
