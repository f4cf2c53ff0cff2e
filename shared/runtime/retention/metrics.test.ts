import { Registry } from 'prom-client';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../core/errors.ts';
import { addRetentionMetrics } from './metrics.ts';

describe('the metrics of readers', () => {
  it('are left out while the log is unavailable, and the others are there', async () => {
    const registry = new Registry();
    const store = { find: async () => [], count: async () => 7 };
    let isAway = false;
    const lane = { group: 'order', position: 1, end: 3, oldestUnreadAt: '2026-03-01T00:00:00.000Z' };
    const log = {
      progress: async () => {
        if (isAway) throw new AppError('unavailable', 'no broker');
        return [
          { ...lane, partition: 0, lag: 2 },
          { ...lane, partition: 1, lag: 3 },
        ];
      },
    };
    const nowMs = () => Date.parse('2026-03-01T00:00:09.000Z');
    addRetentionMetrics({ registry, store, log, nowMs, topics: ['commands'] });

    const before = await registry.metrics();
    isAway = true;
    const during = await registry.metrics();

    expect(before).toContain('saga_lag_records{topic="commands",group="order"} 5');
    expect(before).toContain('saga_oldest_unread_seconds{topic="commands",group="order"} 9');
    expect(during).not.toContain('saga_lag_records{');
    expect(during).toContain('saga_inbox_rows 7');
  });
});
