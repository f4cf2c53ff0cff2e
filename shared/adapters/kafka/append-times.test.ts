import { describe, expect, it, vi } from 'vitest';
import { AppendTimes } from './append-times.ts';

const NOW_MS = Date.parse('2026-03-01T00:00:00.000Z');
const DAY_MS = 86_400_000;

/** A lane whose record `n` was appended `ages[n]` milliseconds ago. */
function lane(ages: readonly number[]) {
  const offsetsAt = vi.fn(async (_topic: string, timeMs: number) => {
    const found = ages.findIndex((age) => NOW_MS - age >= timeMs);
    return [
      { partition: 0, offset: 0 },
      { partition: 1, offset: found < 0 ? ages.length : found },
    ];
  });
  return { offsetsAt, times: new AppendTimes({ offsetsAt }, { nowMs: () => NOW_MS, upMs: () => 0 }) };
}

describe('the time at which a record was appended', () => {
  it.each([0, 300, 5_000, 61_000, 3_600_000, DAY_MS, 30 * DAY_MS, 180 * DAY_MS])(
    'of %i ms ago is found, to a second or a sixteenth of its age, with few requests',
    async (age) => {
      const { times, offsetsAt } = lane([age * 2 + 50_000, age, age, 0]);

      const timeMs = await times.of({ topic: 'events', partition: 1, offset: 1 });

      expect(timeMs).toBeLessThanOrEqual(NOW_MS - age);
      expect(timeMs).toBeGreaterThan(NOW_MS - age - Math.max(1_001, age / 15));
      expect(offsetsAt.mock.calls.length).toBeLessThan(25);
    },
  );

  it('is asked for once', async () => {
    const { times, offsetsAt } = lane([9_000, 8_000]);
    const first = await times.of({ topic: 'events', partition: 1, offset: 0 });
    offsetsAt.mockClear();

    expect(await times.of({ topic: 'events', partition: 1, offset: 0 })).toBe(first);
    expect(offsetsAt).not.toHaveBeenCalled();
    expect(await times.of({ topic: 'events', partition: 1, offset: 1 })).toBeGreaterThan(first);
  });
});
