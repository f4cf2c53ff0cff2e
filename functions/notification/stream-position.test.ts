import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { orderPlaced } from '../../saga/examples.ts';
import { SqliteStore } from '../../shared/adapters/embedded/store/sqlite-store.ts';
import { logLines } from '../../shared/testing/log-lines.ts';
import { added, commitOf } from '../../shared/testing/shelf.ts';
import { pending } from './examples.ts';
import { notification } from './function.ts';
import { ordersOf, StreamBench } from './stream-bench.ts';
import { notices } from './tables.ts';

const folder = mkdtempSync(join(tmpdir(), 'saga-store-stream-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const benches: StreamBench[] = [];
afterEach(async () => {
  for (const bench of benches.splice(0)) await bench.stop();
});

/** Notification's stream over the data in `file`, as if its process had just started. */
function start(file = ':memory:', nowMs?: () => number): StreamBench {
  const { name, tables, migrations } = notification;
  const store = SqliteStore.open({ name, file, tables, migrations: migrations.sqlite });
  const bench = new StreamBench(store, logLines().logger, nowMs);
  benches.push(bench);
  return bench;
}

describe('a position', () => {
  it.each([
    ['is malformed', 'abc'],
    ['is of another list', 'eyJwIjpbMV19'],
    ['is huge', '9'.repeat(5_000)],
    ['has control characters in it', 'a\tb'],
    ['was never given, in the form of the release before', '7'],
  ])('that %s is answered with a reset, and all notices follow', async (_, lastEventId) => {
    const run = start();
    await run.write('A', 'B');
    const events = await (await run.open(lastEventId)).events(3);

    expect(ordersOf(events)).toEqual(['reset: unknown_position', 'A', 'B']);
    expect(events[0]?.id).toBe(events[0]?.data.position);
  });

  it('that lies beyond the end is answered with a reset', async () => {
    const run = start();
    await run.write('A');
    const [a] = await (await run.open('0')).events(1);

    // The second one is no number as ids have it.
    for (const end of ['-2', '-01']) {
      const events = await (await run.open(a?.id.replace(/-1$/, end))).events(2);
      expect(ordersOf(events)).toEqual(['reset: unknown_position', 'A']);
    }
  });

  it('of the release before is accepted', async () => {
    const file = join(folder, 'former.db');
    const { name, migrations } = notification;
    const former = SqliteStore.open({ name, file, tables: [notices], migrations: migrations.sqlite.slice(0, 3) });
    const rows = ['A', 'B'].flatMap((orderId) => pending(orderPlaced({ lamp: 1 }, { orderId })).notices);
    await former.transact({}, () => commitOf({ writes: rows.map((row) => added(notices, row)) }));
    await former.close();
    const run = start(file);
    await run.write('C');

    expect(ordersOf(await (await run.open('1')).events(2))).toEqual(['B', 'C']);
    expect(ordersOf(await (await run.open('2')).events(1))).toEqual(['C']);
    expect(ordersOf(await (await run.open('3')).events(1))).toEqual(['reset: unknown_position']);
  });

  it('of another store is answered with a reset, and all notices follow', async () => {
    const run = start();
    await run.write('A');

    const events = await (await run.open('0123456789abcdef-1')).events(2);

    expect(ordersOf(events)).toEqual(['reset: another_epoch', 'A']);
  });

  it('that is newer than a copy from which the data come is answered with a reset to where they part', async () => {
    const file = join(folder, 'copied.db');
    const copy = join(folder, 'copy.db');
    const first = start(file);
    await first.write('A');
    await first.stop();
    const copied = start(file);
    new Database(file, { readonly: true }).exec(`VACUUM INTO '${copy}'`).close();
    await copied.write('B', 'C');
    const [a, b, c] = await (await copied.open('0')).events(3);
    await copied.stop();

    const restored = start(copy);
    await restored.write('B', 'D', 'E');

    expect(ordersOf(await (await restored.open(c?.id)).events(4))).toEqual(['reset: another_epoch', 'B', 'D', 'E']);
    expect(ordersOf(await (await restored.open(b?.id)).events(4))).toEqual(['reset: another_epoch', 'B', 'D', 'E']);
    expect(ordersOf(await (await restored.open(a?.id)).events(3))).toEqual(['B', 'D', 'E']);
  });

  it('after which notices were pruned is answered with a reset, and what is left follows, once', async () => {
    const run = start();
    await run.write('A', 'B', 'C', 'D');
    const [a, b] = await (await run.open('0')).events(4);
    await run.prune('A', 'C');

    expect(ordersOf(await (await run.open(a?.id)).events(3))).toEqual(['reset: pruned', 'B', 'D']);
    const gap = await (await run.open(b?.id)).events(2);
    expect(ordersOf(gap)).toEqual(['reset: pruned', 'D']);
    expect(ordersOf(await (await run.open(gap[0]?.id)).events(1))).toEqual(['D']);
    expect(ordersOf(await (await run.open('0')).events(2))).toEqual(['B', 'D']);
  });

  it('is that of the newest notice also where all are pruned', async () => {
    const run = start();
    await run.write('A', 'B');
    await run.prune('A', 'B');
    const id = await (await run.open()).firstId();
    await run.write('C');

    expect(ordersOf(await (await run.open(id)).events(1))).toEqual(['C']);
  });
});
