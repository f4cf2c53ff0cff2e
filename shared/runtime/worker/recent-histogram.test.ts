import { describe, expect, it } from 'vitest';
import { RecentHistogram } from './recent-histogram.ts';

function histogramAt() {
  const clock = { ms: 0 };
  return { clock, histogram: new RecentHistogram(60_000, { upMs: () => clock.ms }) };
}

describe('a histogram of recent values', () => {
  it('tells percentiles up to 5 %, and none while it is empty', () => {
    const { histogram } = histogramAt();
    expect(histogram.percentiles()).toEqual({ p50: null, p99: null, count: 0 });

    for (let n = 1; n <= 1_000; n++) histogram.add(n);

    const { p50, p99, count } = histogram.percentiles();
    expect(count).toBe(1_000);
    expect(Math.abs((p50 ?? 0) / 500 - 1)).toBeLessThan(0.05);
    expect(Math.abs((p99 ?? 0) / 990 - 1)).toBeLessThan(0.05);
  });

  it('forgets what is older than its window', () => {
    const { clock, histogram } = histogramAt();
    histogram.add(7);
    clock.ms = 50_000;
    histogram.add(900);
    expect(histogram.percentiles().count).toBe(2);

    clock.ms = 61_000;
    expect(histogram.percentiles().count).toBe(1);
    clock.ms = 1_000_000;
    expect(histogram.percentiles().count).toBe(0);
  });

  it('takes any value', () => {
    const { histogram } = histogramAt();
    for (const value of [0, -1, 0.01, 1e300, Number.POSITIVE_INFINITY]) histogram.add(value);

    expect(histogram.percentiles().count).toBe(5);
  });
});
