import { describe, expect, it } from 'vitest';
import { isUtcTime, laterOf, utcTimeOf } from './utc-time.ts';

describe('a time of RFC 3339', () => {
  it.each([
    ['2026-03-01T10:00:00Z', '2026-03-01T10:00:00.000Z'],
    ['2026-03-01T12:00:00+02:00', '2026-03-01T10:00:00.000Z'],
    ['2026-03-01T00:30:00.5-23:59', '2026-03-02T00:29:00.500Z'],
    ['2026-03-01t10:00:00.123456789z', '2026-03-01T10:00:00.123Z'],
    ['2026-03-01T10:00:00-00:00', '2026-03-01T10:00:00.000Z'],
    ['2026-03-01T10:00Z', '2026-03-01T10:00:00.000Z'],
    ['2024-02-29T23:59:59.999Z', '2024-02-29T23:59:59.999Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    ['1990-12-31T15:59:60.25-08:00', '1991-01-01T00:00:00.250Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['0099-01-01T00:00:00+01:00', '0098-12-31T23:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['9999-12-31t23:59:59-01:00', '9999-12-31T23:59:59-01:00'],
    ['0000-01-01T00:00:00+01:00', '0000-01-01T00:00:00+01:00'],
  ])('is written in UTC with milliseconds: %s', (text, expected) => {
    expect(utcTimeOf(text)).toBe(expected);
  });

  it.each([
    '',
    'yesterday',
    '2026-03-01',
    '2026-03-01 10:00:00Z',
    '2026-03-01T10:00:00',
    '2026-02-29T10:00:00Z',
    '2026-04-31T10:00:00Z',
    '2026-13-01T10:00:00Z',
    '2026-00-01T10:00:00Z',
    '2026-03-01T24:00:00Z',
    '2026-03-01T10:60:00Z',
    '2026-03-01T10:00:60Z',
    '2026-03-01T23:59:60+02:00',
    '2026-03-01T10:00:61Z',
    '2026-03-01T10:00:00+24:00',
    '2026-03-01T10:00:00+01:60',
    '2026-03-01T10:00:00+0100',
    '+010000-01-01T00:00:00Z',
    '2026-03-01T10:00:00Z\n',
    '2026-03-01T10:00:00.Z',
    `2026-03-01T10:00:00.${'9'.repeat(10_000)}`,
  ])('is not: %j', (text) => {
    expect(utcTimeOf(text)).toBeNull();
  });
});

describe('each day that could be', () => {
  const twoDigits = (number: number) => String(number).padStart(2, '0');
  const days = ['1900', '2000', '2023', '2024'].flatMap((year) =>
    Array.from({ length: 14 * 33 }, (_, n) => `${year}-${twoDigits(Math.floor(n / 33))}-${twoDigits(n % 33)}`),
  );
  const isDay = (day: string) =>
    !Number.isNaN(Date.parse(day)) && new Date(`${day}T00:00:00.000Z`).toISOString().startsWith(day);

  it.each(['T10:00:00.000Z', 'T10:00:00Z'])('is one exactly where the calendar has it, written with %s', (rest) => {
    expect(days.filter((day) => (utcTimeOf(day + rest) !== null) !== isDay(day))).toEqual([]);
    expect(days.filter(isDay)).toHaveLength(365 + 366 + 365 + 366);
  });
});

describe('a time as the store writes it', () => {
  it('is told from any other value', () => {
    const values = ['2026-03-01T10:00:00.000Z', '2026-03-01T10:00:00Z', '2026-13-01T10:00:00.000Z', 7, null, undefined];

    expect(values.map(isUtcTime)).toEqual([true, false, false, false, false, false]);
  });

  it('is compared with another one, which may be missing', () => {
    const [early, late] = ['2026-03-01T10:00:00.000Z', '2026-03-01T10:00:00.001Z'];

    expect([laterOf(early, late), laterOf(late, early), laterOf(early, null)]).toEqual([late, late, early]);
  });
});
