import { describe, expect, it } from 'vitest';
import { barOf, barUnits, sumOf } from './stock-bar.ts';

const levels = { received: 10, onHand: 7, reserved: 2, available: 4, setAside: 1, sold: 3, backordered: 5 };

describe('the bar of a product', () => {
  it('has a part for each place of its units, in equal pixels for equal units', () => {
    const parts = barOf(levels, barUnits(levels));
    expect(parts.map(({ name, units }) => [name, units])).toEqual([
      ['available', 4],
      ['set aside', 1],
      ['reserved', 2],
      ['back-ordered', 5],
    ]);
    for (const { units, width } of parts) expect(width).toBeCloseTo(units / 12);
  });

  it('shows a single unit among a million, leaves out what is empty, and never grows beyond its frame', () => {
    const few = { ...levels, onHand: 1_000_001, reserved: 1, available: 1_000_000, setAside: 0, backordered: 0 };
    const parts = barOf(few, barUnits(few));
    expect(parts.map(({ name }) => name)).toEqual(['available', 'reserved']);
    expect(parts.at(-1)?.width ?? 0).toBeGreaterThan(0);
    expect(Math.max(...parts.map(({ from, width }) => from + width))).toBeLessThanOrEqual(1);
  });

  it('stands beside a sum that holds, or does not', () => {
    expect(sumOf(levels)).toEqual({ text: '10 = 7 on hand + 3 sold', holds: true });
    expect(sumOf({ ...levels, sold: 4 })).toEqual({ text: '10 ≠ 7 on hand + 4 sold', holds: false });
    const many = { ...levels, received: 19_120, onHand: 16_157, sold: 2_963 };
    expect(sumOf(many)).toEqual({ text: '19,120 = 16,157 on hand + 2,963 sold', holds: true });
  });
});
