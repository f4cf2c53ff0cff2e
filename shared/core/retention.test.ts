import { describe, expect, it } from 'vitest';
import { countOver } from './retention.ts';

const CUTOFF = '2026-02-01T00:00:00.000Z';
const NOW = '2026-03-01T00:00:00.000Z';
const OLD = '2026-01-01T00:00:00.000Z';
const YOUNG = '2026-02-02T00:00:00.000Z';
const limits = { cutoffMs: Date.parse(CUTOFF), nowMs: Date.parse(NOW) };
const FUTURE = '2050-01-01T00:00:00.000Z';

describe('the number of records to prune', () => {
  it.each([
    ['zero for no records', [], 0],
    ['two where a young one follows two old ones', [OLD, OLD, YOUNG, OLD], 2],
    ['one where the oldest was written at the cutoff', [CUTOFF, YOUNG], 1],
    ['zero where the oldest is young', [YOUNG, OLD], 0],
    ['two where an old record follows one from the future', [FUTURE, OLD, YOUNG], 2],
    ['four where an old record follows some without a valid time', ['soon', undefined, 7, OLD, null], 4],
    ['zero where no time is valid', [FUTURE, 'soon'], 0],
  ])('is %s', (_, times, over) => {
    const records = times.map((time, index) => ({ position: index + 1, time }));

    expect(countOver(records, limits)).toBe(over);
  });

  it.each([
    ['three where three were there before the cutoff', [FUTURE, YOUNG, undefined, YOUNG], { oldUpTo: 3 }, 3],
    ['one where all that came after the first is younger', [OLD, OLD, OLD], { youngAfter: 1 }, 1],
    ['two where times decide in between', [YOUNG, OLD, YOUNG, OLD], { oldUpTo: 1, youngAfter: 3 }, 2],
  ])('is %s, whatever the times say', (_, times, known, over) => {
    const records = times.map((time, index) => ({ position: index + 1, time }));

    expect(countOver(records, { ...limits, ...known })).toBe(over);
  });
});
