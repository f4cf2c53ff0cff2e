import { describe, expect, it } from 'vitest';
import { distancesOf } from './distances.ts';

describe('the distances between moments', () => {
  it.each([
    ['are those of their times', [5, 7, 10], [null, 2, 3]],
    ['begin with the first that has one', [null, 5, 6], [null, null, 1]],
    ['pass over those without a time', [5, null, 8], [null, null, 3]],
    ['have a pause before what has no time, and not behind it', [5, null, 9_005, 9_006], [null, 9_000, null, 1]],
    ['end with the last that has one', [5, 6, null], [null, 1, null]],
    ['are negative where clocks differ', [5, 3], [null, -2]],
  ])('%s', (_, times, distances) => {
    expect(distancesOf(times)).toEqual(distances);
  });
});
