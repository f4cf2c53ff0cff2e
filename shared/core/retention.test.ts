import { describe, expect, it } from 'vitest';
import { countOver } from './retention.ts';

const CUTOFF = '2026-02-01T00:00:00.000Z';
const NOW = '2026-03-01T00:00:00.000Z';
const OLD = '2026-01-01T00:00:00.000Z';
const YOUNG = '2026-02-02T00:00:00.000Z';
const FUTURE = '2050-01-01T00:00:00.000Z';

describe('how many records may go', () => {
  it.each([
    ['none of none', [], 0],
    ['the old ones before the first young one', [OLD, OLD, YOUNG, OLD], 2],
    ['one that is as old as allowed', [CUTOFF, YOUNG], 1],
    ['none where the oldest is young', [YOUNG, OLD], 0],
    ['one from the future, with an old one behind it', [FUTURE, OLD, YOUNG], 2],
    ['one without a time, with an old one behind it', ['soon', undefined, 7, OLD, null], 4],
    ['none where no time says anything', [FUTURE, 'soon'], 0],
  ])('is %s', (_, times, over) => {
    expect(countOver(times, Date.parse(CUTOFF), Date.parse(NOW))).toBe(over);
  });
});
