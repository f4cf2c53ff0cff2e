/** What a page of the store sees of outages through the `EventSource` of a real browser. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { orderOf, post, request } from '../scenarios/client.ts';
import { type Host, hosts, TestStore, temporaryFolder } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { chromiumPath, launchChromium } from './chromium.ts';
import { PageStream } from './page-stream.ts';

const path = '/notifications/stream';
/** How long a function is away: the outage itself, longer than a gateway that only retries a request would bridge. */
const OUTAGE_MS = 8_500;

const told = (...orderIds: readonly string[]) =>
  orderIds.flatMap((orderId) => [`${orderId} OrderPlaced`, `${orderId} OrderConfirmed`]);

async function place(store: TestStore, ...orderIds: readonly string[]): Promise<void> {
  for (const orderId of orderIds) expect((await post(store.url('/orders'), orderOf(orderId))).status).toBe(202);
}

async function expectNotices(stream: PageStream, ...orderIds: readonly string[]): Promise<void> {
  const wanted = told(...orderIds);
  const isOver = async () => {
    const { readyState, notices } = await stream.state();
    return readyState === 2 || notices.length >= wanted.length;
  };
  await waitUntil(isOver, { timeoutMs: 30_000, what: `${wanted.length} notices` });
  expect([...(await stream.notices())].sort()).toEqual([...wanted].sort());
  expect((await stream.state()).readyState).not.toBe(2);
}

describe.skipIf(chromiumPath() === null)('an EventSource in a page of the store', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  async function openPage(host: Host, query = ''): Promise<{ store: TestStore; stream: PageStream }> {
    const store = await TestStore.start(host);
    return { store, stream: await openIn(store, query) };
  }

  async function openIn(store: TestStore, query = ''): Promise<PageStream> {
    const stream = await PageStream.open(browser, store.url(''), `${path}${query}`);
    await waitUntil(async () => (await stream.state()).opened > 0, { what: 'the stream to open' });
    return stream;
  }

  it('gets each notice once while notification is killed, and away for more than 8 s', async () => {
    const { store, stream } = await openPage('a process each');
    await place(store, 'BEFORE');
    await expectNotices(stream, 'BEFORE');

    await store.kill('notification');
    await place(store, 'DURING-1');
    const late = await openIn(store);
    await place(store, 'DURING-2');
    await sleep(OUTAGE_MS);
    await store.start(['notification']);
    await place(store, 'AFTER');

    await expectNotices(stream, 'BEFORE', 'DURING-1', 'DURING-2', 'AFTER');
    await expectNotices(late, 'DURING-1', 'DURING-2', 'AFTER');
    expect(await stream.state()).toMatchObject({ opened: 1, errors: 0, resets: [] });
  });

  it('gets each notice once when notification is stopped and started again', async () => {
    const { store, stream } = await openPage('a process each');

    await store.stop('notification');
    await place(store, 'DURING');
    await sleep(OUTAGE_MS);
    await store.start(['notification']);
    await place(store, 'AFTER');

    // No notice had come before the outage.
    await expectNotices(stream, 'DURING', 'AFTER');
  });

  it('gets each notice once when the gateway is killed and started again', async () => {
    const { store, stream } = await openPage('a process each');

    await store.kill('gateway');
    expect((await post(store.url('/orders', 'order'), orderOf('DURING'))).status).toBe(202);
    await sleep(OUTAGE_MS);
    await store.start(['gateway']);
    await place(store, 'AFTER');

    await expectNotices(stream, 'DURING', 'AFTER');
    expect((await stream.state()).opened).toBe(2);
  });

  it('gets each notice once when the whole store is stopped and started again', async () => {
    const { store, stream } = await openPage('one process');
    await place(store, 'BEFORE');
    await expectNotices(stream, 'BEFORE');

    await store.stopAll();
    await sleep(OUTAGE_MS);
    await store.start();
    await place(store, 'AFTER');

    await expectNotices(stream, 'BEFORE', 'AFTER');
  });

  it('gets each notice once when notification is frozen and thaws', async () => {
    const { store, stream } = await openPage('a process each');
    await place(store, 'BEFORE');
    await expectNotices(stream, 'BEFORE');

    store.program('notification').signal('SIGSTOP');
    await place(store, 'DURING');
    // Longer than the silence after which the gateway connects again.
    await sleep(2 * OUTAGE_MS);
    store.program('notification').signal('SIGCONT');
    await place(store, 'AFTER');

    await expectNotices(stream, 'BEFORE', 'DURING', 'AFTER');
    expect(await stream.state()).toMatchObject({ opened: 1, errors: 0, resets: [] });
  });

  it.each(hosts)('is told of a position that was never given, of a store in %s', async (host) => {
    const store = await TestStore.start(host);
    await place(store, 'A');
    await store.settle();

    for (const [id, reason] of [
      ['abc', 'unknown_position'],
      ['99999', 'unknown_position'],
      ['0123456789abcdef-1', 'another_epoch'],
    ]) {
      const stream = await openIn(store, `?lastEventId=${id}`);
      await expectNotices(stream, 'A');
      expect((await stream.state()).resets).toMatchObject([{ reason, lastEventId: id }]);
    }
  });

  it('is told of data that come back from a copy, and goes on', async () => {
    const { store, stream } = await openPage('a process each');
    await place(store, 'A');
    await expectNotices(stream, 'A');
    await store.settle();
    await store.stop('notification');
    const folder = join(store.dataDir, 'notification');
    const copy = temporaryFolder();
    cpSync(folder, copy, { recursive: true });
    await store.start(['notification']);
    await place(store, 'B');
    await expectNotices(stream, 'A', 'B');

    await store.stop('notification');
    rmSync(folder, { recursive: true });
    cpSync(copy, folder, { recursive: true });
    await store.start(['notification']);
    await place(store, 'C');

    await expectNotices(stream, 'A', 'B', 'A', 'B', 'C');
    const { notices, resets } = await stream.state();
    expect(resets).toMatchObject([{ reason: 'another_epoch' }]);
    expect(new Set(notices.map(({ notificationId }) => notificationId)).size).toBe(6);
  });

  it('is told when all data are removed, and goes on', async () => {
    const { store, stream } = await openPage('a process each');
    await place(store, 'A');
    await expectNotices(stream, 'A');

    expect((await request('DELETE', store.url('/automation-testing/all'))).status).toBe(204);
    await request('POST', store.url('/automation-testing/seed'));
    await place(store, 'B');

    await expectNotices(stream, 'A', 'B');
    expect((await stream.state()).resets).toMatchObject([{ reason: 'another_epoch' }]);
  });
});
