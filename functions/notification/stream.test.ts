import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { EXAMPLE_TIME } from '../../saga/examples.ts';
import { SqliteStore } from '../../shared/adapters/embedded/store/sqlite-store.ts';
import { AppError } from '../../shared/core/errors.ts';
import { logLines } from '../../shared/testing/log-lines.ts';
import { notification } from './function.ts';
import { accept, ordersOf, StreamBench } from './stream-bench.ts';

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

describe('a stream of notices', () => {
  it('begins with bytes at once, a time to come back, and a position before the first notice', async () => {
    const run = start();
    const first = await run.request();
    const reading = run.read(first);
    const id = await reading.firstId();

    expect(first.headers.get('content-type')).toBe('text/event-stream');
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect(first.headers.get('x-accel-buffering')).toBe('no');
    expect(await reading.until(() => true)).toMatch(/^: connected\nretry: \d+\nid: [0-9a-f]{16}-0\n\n$/);
    await run.write('A');
    expect(ordersOf(await (await run.open(id)).events(1))).toEqual(['A']);
    expect(ordersOf(await reading.events(1))).toEqual(['A']);
  });

  it('goes on after the position of the header, or of the query where there is no header', async () => {
    const run = start();
    await run.write('A', 'B', 'C');
    const [, b] = await (await run.open('0')).events(3);
    const id = b?.id ?? '';

    expect(ordersOf(await (await run.open(id)).events(1))).toEqual(['C']);
    expect(ordersOf(await (await run.open('', `?lastEventId=${id}`)).events(1))).toEqual(['C']);
    expect(ordersOf(await (await run.open(id, '?lastEventId=0')).events(1))).toEqual(['C']);
  });

  it('goes on over restarts', async () => {
    const file = join(folder, 'restarts.db');
    const first = start(file);
    await first.write('A', 'B');
    const [a] = await (await first.open('0')).events(2);
    await first.stop();
    await start(file).stop();
    const third = start(file);
    await third.write('C');

    expect(ordersOf(await (await third.open(a?.id)).events(2))).toEqual(['B', 'C']);
  });

  it('has the notices of one customer or order where the query says so, and refuses other queries', async () => {
    const run = start();
    await run.write('A', 'B');

    expect(ordersOf(await (await run.open('0', '?orderId=B')).events(1))).toEqual(['B']);
    expect((await run.request('?customer=C')).status).toBe(422);
    expect((await run.request('?customerId=%20')).status).toBe(422);
  });

  it('answers HEAD with its headers, and goes on for no client', async () => {
    const run = start();

    const { status, headers } = await run.request('', accept, 'HEAD');

    expect([status, headers.get('content-type'), run.listening()]).toEqual([200, 'text/event-stream', 0]);
  });

  it('ends when the function stops, and when its client leaves', async () => {
    const run = start();
    const response = await run.request();
    const left = await run.request();
    await left.body?.cancel();
    await expect.poll(() => run.listening()).toBe(1);

    await run.stop();

    expect(await response.text()).toContain(': connected');
    await expect.poll(() => run.listening()).toBe(0);
  });
});

describe('when all data are removed', () => {
  it('a stream that has sent a notice says so and goes on, and an older position is told apart', async () => {
    const run = start();
    const stream = await run.open();
    await run.write('A');
    const [a] = await stream.events(1);

    await run.removeAll();
    await stream.events(2);
    await run.write('B');

    expect(ordersOf(await stream.events(3))).toEqual(['A', 'reset: another_epoch', 'B']);
    expect(ordersOf(await (await run.open(a?.id)).events(2))).toEqual(['reset: another_epoch', 'B']);
    expect(ordersOf(await (await run.open('1')).events(2))).toEqual(['reset: unknown_position', 'B']);
  });

  it('a stream that has sent none goes on without a word', async () => {
    const run = start();
    const stream = await run.open();
    await stream.firstId();

    await run.removeAll();
    await run.removeAll();
    await run.write('B');

    expect(ordersOf(await stream.events(1))).toEqual(['B']);
  });
});

describe('a client that connects without a position, through a gateway that could not reach the function', () => {
  const since = (ms: number) => ({ ...accept, 'x-stream-since': String(ms) });

  it('gets what was written by processes that began since it is connected', async () => {
    const file = join(folder, 'late.db');
    const first = start(file);
    await first.write('A');
    await first.stop();
    const connectedMs = Date.now();
    await expect.poll(() => Date.now()).toBeGreaterThan(connectedMs);
    for (const orderId of ['B', 'C']) {
      const run = start(file);
      await run.write(orderId);
      await run.stop();
    }
    const last = start(file, Date.now);

    const events = await last.read(await last.request('', since(connectedMs))).events(2);

    expect(ordersOf(events)).toEqual(['B', 'C']);
  });

  it('gets what happened since then', async () => {
    const run = start();
    await run.write('A');
    const writtenMs = Date.parse(EXAMPLE_TIME);

    expect(ordersOf(await run.read(await run.request('', since(writtenMs))).events(1))).toEqual(['A']);
    const later = run.read(await run.request('', since(writtenMs + 1)));
    await later.firstId();
    await run.write('B');
    expect(ordersOf(await later.events(1))).toEqual(['B']);
  });
});

describe('while the store is unavailable', () => {
  const away = new AppError('unavailable', 'the data were moved away', { retryAfterS: 1 });

  it('a client that asks for events gets a stream that goes on when it is back; others a problem response', async () => {
    const run = start();
    await run.write('A');
    run.fail(away);
    const held = await run.open('0');
    const answered = await run.request('', { accept: '*/*' });
    await held.until((text) => text.includes(': connected'));

    run.fail(null);

    expect(ordersOf(await held.events(1))).toEqual(['A']);
    expect([answered.status, answered.headers.get('retry-after')]).toEqual([503, '1']);
  });

  it('a stream that is open stays open', async () => {
    const run = start();
    const stream = await run.open();
    await stream.firstId();
    run.fail(away);

    run.fail(null);
    await run.write('A');

    expect(ordersOf(await stream.events(1))).toEqual(['A']);
  });
});
