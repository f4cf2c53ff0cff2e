import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { leave, MARKED_MS, mark, point, pointedAt } from './pointed-at.ts';

describe('the functions that the map points at', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    point([]);
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('are those that would be changed, until the pointer leaves', () => {
    point(['order']);
    expect(pointedAt.value).toEqual(['order']);
    leave();
    expect(pointedAt.value).toEqual([]);
  });

  it('are those that were changed, for a while, also where the pointer leaves', () => {
    point(['order']);
    mark(['inventory', 'notification']);
    leave();
    vi.advanceTimersByTime(MARKED_MS - 1);
    expect(pointedAt.value).toEqual(['inventory', 'notification']);
    vi.advanceTimersByTime(1);
    expect(pointedAt.value).toEqual([]);
  });

  it('are the newest, which the end of an older while does not take away', () => {
    mark(['inventory']);
    point(['order']);
    vi.advanceTimersByTime(MARKED_MS);
    expect(pointedAt.value).toEqual(['order']);
  });
});
