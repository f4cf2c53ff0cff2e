/** What a client of the stream of notices sees of every outage: each notice once, in order, without opening it again. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { waitUntil } from '../tools/wait-until.ts';
import { orderOf, post, request, sendRaw } from './client.ts';
import { EventSourceClient } from './event-source.ts';
import { hosts, TestStore, temporaryFolder } from './harness.ts';

const path = '/notifications/stream';

async function place(store: TestStore, ...orderIds: readonly string[]): Promise<void> {
  for (const orderId of orderIds) expect((await post(store.url('/orders'), orderOf(orderId))).status).toBe(202);
}

/** The reset that a client gets which resumes from `lastEventId`, and the notices that follow it. */
async function resumed(store: TestStore, lastEventId: string, ...orderIds: readonly string[]): Promise<string[]> {
  const client = await connected(store.url(path), lastEventId);
  await expectNotices(client, ...orderIds);
  client.close();
  expect(client.events[0]?.event).toBe(client.resets().length > 0 ? 'reset' : 'notification');
  return [...client.resets()];
}

const told = (...orderIds: readonly string[]) =>
  orderIds.flatMap((orderId) => [`${orderId} OrderPlaced`, `${orderId} OrderConfirmed`]);

async function expectNotices(client: EventSourceClient, ...orderIds: readonly string[]): Promise<void> {
  const wanted = told(...orderIds);
  await waitUntil(() => client.failed !== null || client.notices().length >= wanted.length, {
    timeoutMs: 60_000,
    what: `${wanted.length} notices`,
  });
  expect(client.failed).toBeNull();
  expect([...client.notices()].sort()).toEqual([...wanted].sort());
}

async function connected(url: string, lastEventId = ''): Promise<EventSourceClient> {
  const client = new EventSourceClient(url, lastEventId);
  await waitUntil(() => client.comments > 0);
  return client;
}

/** Waits for comments of the gateway itself: one each 10 s while the function sends nothing. */
async function comments(client: EventSourceClient, count: number): Promise<void> {
  const before = client.comments;
  await waitUntil(() => client.comments >= before + count, { timeoutMs: count * 15_000, what: 'comments' });
}

describe('a client of the stream at the gateway', () => {
  it('gets each notice once, over one connection, while notification is killed and away for 8 s', async () => {
    const store = await TestStore.start('a process each');
    const client = await connected(store.url(path));
    await place(store, 'BEFORE');
    await expectNotices(client, 'BEFORE');

    await store.kill('notification');
    await place(store, 'DURING-1');
    const late = await connected(store.url(path));
    await place(store, 'DURING-2');
    await comments(client, 1);
    await store.start(['notification']);
    await place(store, 'AFTER');

    await expectNotices(client, 'BEFORE', 'DURING-1', 'DURING-2', 'AFTER');
    // It was connected while notification was away, without a position.
    await expectNotices(late, 'DURING-1', 'DURING-2', 'AFTER');
    expect([client.opened, late.opened]).toEqual([1, 1]);
    expect([...client.resets(), ...late.resets()]).toEqual([]);
  });

  it('gets each notice once when the gateway is killed and comes back', async () => {
    const store = await TestStore.start('a process each');
    const client = await connected(store.url(path));

    await store.kill('gateway');
    expect((await post(store.url('/orders', 'order'), orderOf('DURING'))).status).toBe(202);
    const { tried } = client;
    await waitUntil(() => client.tried > tried + 3, { what: 'attempts for 8 s' });
    await store.start(['gateway']);
    await place(store, 'AFTER');

    // It had no notice before the outage, and knows its position all the same.
    await expectNotices(client, 'DURING', 'AFTER');
    expect(client.opened).toBe(2);
  });

  it('gets each notice once, and comments meanwhile, while notification is frozen', async () => {
    const store = await TestStore.start('a process each', { GATEWAY_TIMEOUT_MS: '4000' });
    const client = await connected(store.url(path));
    await place(store, 'BEFORE');
    await expectNotices(client, 'BEFORE');

    store.program('notification').signal('SIGSTOP');
    await place(store, 'DURING-1');
    const late = await connected(store.url(path));
    await place(store, 'DURING-2');
    await comments(late, 2);
    store.program('notification').signal('SIGCONT');

    await expectNotices(client, 'BEFORE', 'DURING-1', 'DURING-2');
    await waitUntil(() => late.notices().includes('DURING-2 OrderConfirmed'));
    await place(store, 'AFTER');
    await expectNotices(client, 'BEFORE', 'DURING-1', 'DURING-2', 'AFTER');
    expect(new Set(late.notices()).size).toBe(late.notices().length);
    expect(client.opened).toBe(1);
  });
});

describe.each(hosts)('the stream of a store in %s', (host) => {
  it('begins anew, with an event that says so, after a position that this store never gave', async () => {
    const store = await TestStore.start(host);
    await place(store, 'A');
    await store.settle();

    for (const id of ['abc', '99999', '0'.repeat(40), '9'.repeat(4_000), 'eyJwIjpbMV19']) {
      expect(await resumed(store, id, 'A')).toEqual(['unknown_position']);
    }
    expect(await resumed(store, '0123456789abcdef-1', 'A')).toEqual(['another_epoch']);
    expect(await resumed(store, '0', 'A')).toEqual([]);
  });

  it('begins anew, with an event that says so, when its data come back from a copy', async () => {
    const store = await TestStore.start(host);
    await place(store, 'A');
    await store.settle();
    await store.stopAll();
    const copy = temporaryFolder();
    const folder = join(store.dataDir, 'notification');
    cpSync(folder, copy, { recursive: true });
    await store.start();
    const client = await connected(store.url(path), '0');
    await place(store, 'B');
    await expectNotices(client, 'A', 'B');

    await store.stopAll();
    rmSync(folder, { recursive: true });
    cpSync(copy, folder, { recursive: true });
    await store.start();
    await place(store, 'C');

    // Those of B are written again; all have the ids that they had, by which a client can tell.
    await expectNotices(client, 'A', 'B', 'A', 'B', 'C');
    expect(client.resets()).toEqual(['another_epoch']);
    expect(new Set(client.notificationIds()).size).toBe(6);
  });

  it('says so when all data are removed under its client, and goes on', async () => {
    const store = await TestStore.start(host);
    const client = await connected(store.url(path));
    await place(store, 'A');
    await expectNotices(client, 'A');
    const before = client.lastEventId;

    expect((await request('DELETE', store.url('/automation-testing/all'))).status).toBe(204);
    await request('POST', store.url('/automation-testing/seed'));
    await place(store, 'B');

    await expectNotices(client, 'A', 'B');
    expect(client.resets()).toEqual(['another_epoch']);
    expect(await resumed(store, before, 'B')).toEqual(['another_epoch']);
    expect(client.opened).toBe(1);
  });

  it('ends when the store stops: every process ends at once, and the client comes back', async () => {
    const store = await TestStore.start(host);
    const client = await connected(store.url(path));
    const direct = await connected(store.url(path, 'notification'));
    await place(store, 'A');
    await expectNotices(client, 'A');

    const exits = await store.stopAll();
    expect(exits).toEqual(exits.map(() => ({ code: 0, signal: null })));
    await store.start();
    await place(store, 'B');

    await expectNotices(client, 'A', 'B');
    await expectNotices(direct, 'A', 'B');
    expect([client.broken, direct.broken]).toEqual([0, 0]);
  });

  it.each(['gateway', 'notification'] as const)('speaks the HTTP of its client at %s', async (part) => {
    const store = await TestStore.start(host);
    const url = store.url(path, part);
    const enough = (text: string) => /id: .*\n\n/.test(text);

    const first = await sendRaw(
      url,
      `GET ${path} HTTP/1.0\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n`,
      enough,
    );
    const head = await request('HEAD', url, { headers: { accept: 'text/event-stream' } });

    expect(first).not.toMatch(/^transfer-encoding/im);
    expect(first).toMatch(/\r\ncache-control: no-store\r\n/i);
    expect(first).toMatch(/\r\n\r\n: connected\nretry: 2000\n/);
    expect([head.status, head.headers['content-type'], head.text]).toEqual([200, 'text/event-stream', '']);
    expect((await request('GET', `${url}?colour=red`, { headers: { accept: 'text/event-stream' } })).status).toBe(422);
  });
});

it('answers a client that asks for no events with 503 while notification is away', async () => {
  const store = await TestStore.start('a process each', { GATEWAY_RETRIES: '0' });
  await store.kill('notification');

  const answer = await request('GET', store.url(path));

  expect([answer.status, answer.headers['retry-after']]).toEqual([503, '2']);
});
