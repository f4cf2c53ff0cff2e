import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type BelievedTimeRow, believedTimes } from '../../ports/tables/believed-time.ts';
import { inbox } from '../../ports/tables/inbox.ts';
import { count } from '../../testing/probe.ts';
import { FREE, OWNED, ProbeReader, testDays } from '../../testing/probe-reader.ts';
import { changed, commitOf } from '../../testing/shelf.ts';
import { soleRole } from '../worker/held-lease.ts';
import { WakeSignal } from '../worker/wake-signal.ts';
import { addRetentionMetrics } from './metrics.ts';

let reader: ProbeReader;
beforeEach(async () => {
  reader = await ProbeReader.create();
});
afterEach(() => reader.remove());

describe('the retention', () => {
  it('runs beside the function until its signal aborts', async () => {
    await reader.publish(reader.fact('a', 1));
    await reader.settle();
    reader.pass(testDays.watermark + 1);
    const stopping = new AbortController();
    const wake = new WakeSignal();
    const running = reader.retention.run(stopping.signal, wake, 60_000);
    wake.raise();
    await vi.waitFor(() => expect(reader.removed).toEqual({ inbox: 1 }));
    stopping.abort();

    await expect(running).resolves.toBeUndefined();
  });

  it('goes on with the other tables when one fails, and logs the error', async () => {
    await reader.publish(reader.fact('a', 1));
    await reader.settle();
    reader.pass(testDays.watermark + 1);
    vi.spyOn(reader.log, 'progress').mockRejectedValue(new Error('the file is unavailable'));
    await reader.cleanUp();
    vi.restoreAllMocks();

    expect(await reader.store.count(inbox)).toBe(0);
    expect(reader.logged.lines.map(({ msg }) => msg)).toContain('probe: outbox cannot be pruned; it is tried again');
  });

  it('starts over with each pass, and scans every table once a day', async () => {
    await reader.log.append(FREE, [count('a', 1)]);
    await reader.settle();
    await reader.cleanUp();
    const find = vi.spyOn(reader.store, 'find');
    await reader.cleanUp();
    const sameDay = find.mock.calls.map(([{ table }]) => table.name);
    find.mockClear();
    reader.pass(1);
    await reader.cleanUp();
    const nextDay = find.mock.calls.map(([{ table }]) => table.name);

    const daily = new Set(nextDay.filter((table) => !sameDay.includes(table)));
    expect(daily).toEqual(new Set(['dead_letter', 'decision']));
  });
});

describe('the retention of an instance that is not the keeper of its function', () => {
  it('prunes nothing, and takes over with the time that the keeper has noted', async () => {
    let isHeld = false;
    let grant = () => {};
    reader.keeper = {
      ...soleRole,
      get isHeld() {
        return isHeld;
      },
      onGranted: (listener) => {
        grant = listener;
      },
    };
    await reader.restart();
    const { believed } = reader.worker;
    await reader.publish(reader.fact('a', 1));
    await reader.settle();
    reader.leap(testDays.watermark + 1);
    const refused = await reader.cleanUp();
    // The keeper has come further than this instance has seen time pass.
    const [row] = await reader.store.find({ table: believedTimes, limit: 1 });
    const further = { ...row, believedMs: reader.nowMs } as BelievedTimeRow;
    await reader.store.transact({}, () =>
      commitOf({ writes: [changed(believedTimes, row as BelievedTimeRow, further)] }),
    );
    const stopping = new AbortController();
    const running = reader.retention.run(stopping.signal, new WakeSignal(), 60_000);
    isHeld = true;
    grant();
    await vi.waitFor(() => expect(reader.removed).toEqual({ inbox: 1 }));
    stopping.abort();
    await running;

    expect([refused, believed.believedMs]).toEqual([{}, reader.nowMs]);
  });
});

describe('the retention metrics', () => {
  const lines = async (registry: Registry) =>
    (await registry.metrics()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));

  it('show how far readers are, also while their process is down, and how much is stored', async () => {
    const registry = new Registry();
    const { log, store } = reader;
    const nowMs = () => reader.nowMs;
    const removed = addRetentionMetrics({ registry, store, log, nowMs, topics: ['probe-events', FREE] });
    await reader.publish(...[1, 2, 4].map((quantity) => reader.fact('a', quantity)));
    await reader.settle();
    await reader.follow(1);
    reader.nowMs += 5_000;
    removed('outbox', 7);

    expect(await lines(registry)).toEqual([
      'saga_lag_records{topic="probe-events",group="follower"} 2',
      `saga_lag_records{topic="${FREE}",group="probe"} 0`,
      'saga_oldest_unread_seconds{topic="probe-events",group="follower"} 5',
      `saga_oldest_unread_seconds{topic="${FREE}",group="probe"} 0`,
      'saga_outbox_rows 3',
      'saga_outbox_oldest_seconds 5',
      'saga_inbox_rows 3',
      'saga_retention_removed_rows_total{table="outbox"} 7',
    ]);
  });

  it('count a large inbox every ten minutes at most', async () => {
    const registry = new Registry();
    const { log, store } = reader;
    addRetentionMetrics({ registry, store, log, nowMs: () => reader.nowMs, topics: [OWNED] });
    const rows = async () => (await lines(registry)).find((line) => line.startsWith('saga_inbox_rows'));
    const first = await rows();
    await reader.publish(reader.fact('a', 1));
    await reader.settle();
    const soon = await rows();
    reader.nowMs += 600_000;

    expect([first, soon, await rows()]).toEqual(['saga_inbox_rows 0', 'saga_inbox_rows 0', 'saga_inbox_rows 1']);
  });
});
