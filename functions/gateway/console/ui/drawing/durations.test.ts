import { describe, expect, it } from 'vitest';
import { durationText, momentText, tickingText } from './durations.ts';

describe('a duration', () => {
  it.each([
    [0, '<1 ms'],
    [1.84, '1.8 ms'],
    [12.9, '12 ms'],
    [-320, '320 ms'],
    [4_250, '4.2 s'],
    [59_999, '59 s'],
    [120_000, '2 min'],
    [133_000, '2 min 13 s'],
    [3 * 3_600_000 + 4 * 60_000, '3 h 4 min'],
    [51 * 3_600_000, '2 d 3 h'],
  ])('of %d ms is %s', (ms, text) => {
    expect(durationText(ms)).toBe(text);
  });

  it.each([
    [-5, '0 s'],
    [999, '0 s'],
    [1_999, '1 s'],
    [61_500, '1 min 1 s'],
  ])('of %d ms that ticks is %s', (ms, text) => {
    expect(tickingText(ms)).toBe(text);
  });
});

describe('a moment', () => {
  const noon = new Date(2026, 2, 1, 12, 1, 7, 50).getTime();

  it('is a time of day where it is today, and has its day before it where it is not', () => {
    expect(momentText(noon, noon + 3_600_000)).toBe('12:01:07.050');
    expect(momentText(noon, noon + 86_400_000)).toBe('2026-03-01 12:01:07.050');
  });

  it('at either end of the calendar has a time as well', () => {
    const last = 8.64e15;
    expect(momentText(last, noon)).toMatch(/^275760-09-1[23] \d\d:\d\d:00\.000$/);
    expect(momentText(-last, noon)).toMatch(/^-271821-04-(19|20) \d\d:\d\d:\d\d\.000$/);
    expect(momentText(last, last)).toMatch(/^\d\d:\d\d:00\.000$/);
  });
});
