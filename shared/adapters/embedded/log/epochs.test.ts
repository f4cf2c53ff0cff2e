import { describe, expect, it } from 'vitest';
import { epochAt, placeOf } from './epochs.ts';

const epochs = [
  { epoch: 'one', from: 10 },
  { epoch: 'two', from: 60 },
  { epoch: 'three', from: 60 },
  { epoch: 'four', from: 90 },
];

describe('the epoch in which a record was written', () => {
  it.each([
    [10, ''],
    [11, 'one'],
    [60, 'one'],
    [61, 'three'],
    [90, 'three'],
    [91, 'four'],
  ])('at position %i is the last that began before it', (position, epoch) => {
    expect(epochAt(epochs, position)).toBe(epoch);
  });
});

describe('the position at which a reader continues', () => {
  const end = 120;

  it.each([
    ['is its own position in the newest epoch', { four: 100, one: 60 }, 100],
    ['is its own position in an earlier epoch', { one: 40 }, 40],
    ['is the end of an epoch that it had read beyond the restored copy', { one: 80 }, 60],
    ['is the end of the topic where it had read beyond it', { four: 200 }, 120],
    ['is its position in the last epoch that both know', { lost: 300, one: 60 }, 60],
    ['is the beginning where they know no common epoch', { lost: 300 }, 0],
    ['is its own position from before epochs were recorded', { '': 7 }, 7],
    ['is at most the last record written before epochs were recorded', { '': 70 }, 10],
    ['is the beginning for a reader that never read', {}, 0],
  ])('%s', (_, known, place) => {
    expect(placeOf(new Map(Object.entries(known)), epochs, end)).toBe(place);
  });

  it('is its own position in a file without epochs', () => {
    expect(placeOf(new Map([['', 70]]), [], end)).toBe(70);
  });
});
