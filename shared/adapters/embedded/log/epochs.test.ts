import { describe, expect, it } from 'vitest';
import { epochAt, placeOf } from './epochs.ts';

const lives = [
  { epoch: 'one', from: 10 },
  { epoch: 'two', from: 60 },
  { epoch: 'three', from: 60 },
  { epoch: 'four', from: 90 },
];

describe('the life in which a record was written', () => {
  it.each([
    [10, ''],
    [11, 'one'],
    [60, 'one'],
    [61, 'three'],
    [90, 'three'],
    [91, 'four'],
  ])('of %i is the last that began before it', (position, epoch) => {
    expect(epochAt(lives, position)).toBe(epoch);
  });
});

describe('the place of a reader', () => {
  const end = 120;

  it.each([
    ['is its own position in the newest life', { four: 100, one: 60 }, 100],
    ['is its own position in a life before, as far as that was', { one: 40 }, 40],
    ['is the end of the life that it had read further than the copy goes', { one: 80 }, 60],
    ['is the end of the topic where it had read further', { four: 200 }, 120],
    ['is where it was in the last life that both know', { lost: 300, one: 60 }, 60],
    ['is the beginning where both know none', { lost: 300 }, 0],
    ['is its own position before lives were told apart', { '': 7 }, 7],
    ['is no further than what was written before lives were told apart', { '': 70 }, 10],
    ['is the beginning for a reader that never read', {}, 0],
  ])('%s', (_, known, place) => {
    expect(placeOf(new Map(Object.entries(known)), lives, end)).toBe(place);
  });

  it('is its own position in a file that does not tell lives apart', () => {
    expect(placeOf(new Map([['', 70]]), [], end)).toBe(70);
  });
});
