import { describe, expect, it } from 'vitest';
import { renderSection, renderVerdict, rowOf } from './report.ts';

const figures = { measure: 'finished', unit: 'orders/s', ours: 60, against: 100, ratio: 0.6, spread: null } as const;

describe('the aim of a row', () => {
  it.each([
    [{ ratio: 0.5, atLeast: true }, 'speed · finished: 0.60, aim ≥ 0.50: reached'],
    [{ ratio: 0.7, atLeast: true }, 'speed · finished: 0.60, aim ≥ 0.70: MISSED'],
    [{ ratio: 0.5, atLeast: false }, 'speed · finished: 0.60, aim ≤ 0.50: MISSED'],
    [{ ratio: 0.5, atLeast: true, hoped: 0.7 }, 'speed · finished: 0.60, aim ≥ 0.50 (better 0.70): reached'],
  ])('%j is judged', (aim, verdict) => {
    expect(renderVerdict('speed', rowOf({ ...figures, aim }))).toBe(verdict);
  });

  it('says nothing where there is none, and is not judged by what was not measured', () => {
    const missing = rowOf({ ...figures, ratio: Number.NaN, aim: { ratio: 0.5, atLeast: true, hoped: 0.7 } });

    expect(renderVerdict('speed', rowOf({ ...figures, aim: null }))).toBeNull();
    expect(renderVerdict('speed', missing)).toBe('speed · finished: not measured (aim ≥ 0.50 (better 0.70))');
  });

  it('stands in the table with what is better', () => {
    const rows = [rowOf({ ...figures, aim: { ratio: 0.5, atLeast: true, hoped: 0.7 } })];

    expect(renderSection({ title: 'speed', columns: ['ours', 'reference'], rows }, {})).toContain(
      '≥ 0.50 (better 0.70)',
    );
  });
});
