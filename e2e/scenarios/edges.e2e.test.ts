/** The gateway apart from orders: stream, tracing, lists, health and metrics; and orders from the public topic. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { OrderBody } from '../../functions/order/representation.ts';
import type { Message } from '../../shared/core/message.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { get, type NoticeBody, orderOf, post, postSample, request } from './client.ts';
import { hosts, run, TestStore, temporaryFolder } from './harness.ts';
import { openStream } from './stream.ts';

const wait = { headers: { prefer: 'wait=20' } };

describe.each(hosts)('the gateway of a store in %s', (host) => {
  it('streams notifications, and resumes after the last one received', async () => {
    const store = await TestStore.start(host);
    const url = store.url('/notifications/stream');
    await postSample(store.url('/orders'), 1, wait);
    await store.settle();

    const first = await openStream(url);
    await postSample(store.url('/orders'), 2, wait);
    await waitUntil(() => first.events().length === 2);
    first.close();
    const [seen] = first.events();
    const resumed = await openStream(url, { 'last-event-id': seen?.id ?? '' });
    const fromTheStart = await openStream(url, { 'last-event-id': '0' });
    await waitUntil(() => resumed.events().length === 1 && fromTheStart.events().length === 4);

    const factOf = ({ data }: { data: string }) => {
      const { orderId, fact } = JSON.parse(data) as NoticeBody;
      return `${orderId} ${fact}`;
    };
    expect(first.type).toBe('text/event-stream');
    expect(first.events().map(factOf)).toEqual(['ORDER_002 OrderPlaced', 'ORDER_002 OrderConfirmed']);
    expect(resumed.events().map(factOf)).toEqual(['ORDER_002 OrderConfirmed']);
    expect(fromTheStart.events().map(factOf)).toHaveLength(4);
    expect(new Set(fromTheStart.events().map(({ event }) => event))).toEqual(new Set(['notification']));
    for (const stream of [resumed, fromTheStart]) stream.close();
  });

  it('carries the request id and the trace through the whole saga', async () => {
    const store = await TestStore.start(host);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const headers = { 'x-request-id': 'request-1', traceparent, ...wait.headers };

    const answers = [
      await postSample(store.url('/orders'), 1, { headers }),
      await request('GET', store.url('/nowhere')),
    ];
    await store.settle();

    const { events } = await get<{ events: Message[] }>(store.url('/orders/ORDER_001/events'));
    expect(answers[0]?.headers['x-request-id']).toBe('request-1');
    expect(answers[1]?.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['OrderPlaced', 'StockReserved', 'OrderConfirmed']),
    );
    expect(new Set(events.map((event) => event.traceparent))).toEqual(new Set([traceparent]));
    expect(new Set(events.map(({ correlationid }) => correlationid)).size).toBe(1);
    expect(new Set(events.map(({ specversion }) => specversion))).toEqual(new Set(['1.0']));
  });

  it('pages through lists without missing or repeating an entry', async () => {
    const store = await TestStore.start(host);
    for (let n = 0; n < 7; n++) await post(store.url('/orders'), orderOf(`PAGE-${n}`));
    await store.settle();
    const walk = async (path: string, list: string, id: string) => {
      const ids: unknown[] = [];
      for (let next: string | undefined = path; next !== undefined; ) {
        const page: { [name: string]: Record<string, unknown>[] } & { _links: { next?: { href: string } } } = await get(
          store.url(next),
        );
        ids.push(...(page[list] ?? []).map((entry) => entry[id]));
        next = page._links.next?.href;
      }
      return ids;
    };

    const newestFirst = ['PAGE-6', 'PAGE-5', 'PAGE-4', 'PAGE-3', 'PAGE-2', 'PAGE-1', 'PAGE-0'];
    expect(await walk('/orders?limit=3', 'orders', 'orderId')).toEqual(newestFirst);
    expect(await walk('/orders?limit=2&status=confirmed&customerId=CUSTOMER_001', 'orders', 'orderId')).toEqual(
      newestFirst,
    );
    expect(await walk('/orders?customerId=UNPRIVILEGED_USER', 'orders', 'orderId')).toEqual([]);
    expect(await walk('/stock?limit=1', 'stock', 'productId')).toEqual(['PRODUCT_001', 'PRODUCT_002']);
    const movements = await walk('/stock/PRODUCT_001/movements?limit=4', 'movements', 'movementId');
    expect([movements.length, new Set(movements).size]).toEqual([15, 15]);
    const notices = await walk('/notifications?limit=5', 'notifications', 'notificationId');
    expect([notices.length, new Set(notices).size]).toEqual([14, 14]);
  });

  it('reports health and metrics', async () => {
    const store = await TestStore.start(host);
    await postSample(store.url('/orders'), 1, wait);
    const parts = ['gateway', 'order', 'inventory', 'notification'] as const;

    const health = await Promise.all(
      parts.flatMap((part) => ['/livez', '/readyz', '/metrics'].map((path) => request('GET', store.url(path, part)))),
    );
    const figures = await request('GET', store.url('/metrics', 'order'));

    expect(new Set(health.map(({ status }) => status))).toEqual(new Set([200]));
    expect(figures.headers['content-type']).toMatch(/^text\/plain/);
    expect(figures.text).toContain('saga_messages_total{type="PlaceOrder",outcome="handled",function="order"} 1');
    expect(figures.text).toContain('saga_dead_letters{function="order"} 0');
    expect(health[2]?.text).toContain('process_cpu_seconds_total');
  });
});

it('keeps a stream open for longer than the timeout of any other request', async () => {
  const store = await TestStore.start('a process each', { GATEWAY_TIMEOUT_MS: '1000' });
  const stream = await openStream(store.url('/notifications/stream'));
  const comments = stream.comments();

  await waitUntil(() => stream.comments() > comments + 1, {
    timeoutMs: 30_000,
    what: 'two heartbeats, 15 s apart at most',
  });

  await postSample(store.url('/orders'), 1, wait);
  await waitUntil(() => stream.events().length === 2);
  stream.close();
});

it('takes each order from the topic order-commands once, and dead-letters what it cannot use', async () => {
  const store = await TestStore.start('a process each');
  const data = {
    orderId: 'TOPIC-1',
    customerId: 'C',
    currency: 'EUR',
    lines: [{ productId: 'PRODUCT_001', quantity: 4, priceMinor: 250 }],
  };
  const event = {
    id: 'c-1',
    source: '/import',
    type: 'PlaceOrder',
    time: '2026-01-02T03:04:05.678Z',
    subject: 'TOPIC-1',
    data,
  };
  const file = join(temporaryFolder(), 'events.json');
  const wrong = [
    { ...event, id: 'c-2', data: { ...data, lines: [] } },
    { ...event, id: 'c-3', type: 'Nonsense' },
    { ...event, id: 'c-1', data: { ...data, customerId: 'OTHER' } },
    { ...event, id: 'c-4', data: { ...data, customerId: 'OTHER' } },
    { ...event, id: 'c-6', subject: '.', data: { ...data, orderId: '.' } },
  ];
  writeFileSync(file, JSON.stringify([event, event, { ...event, id: 'c-5' }, ...wrong]));
  const produce = (args: readonly string[]) => run('dist/e2e/tools/produce.js', args, { DATA_DIR: store.dataDir });

  const produced = produce(['order-commands', file]);
  const refused = produce(['order-events', file]);

  expect([await produced.exit, await refused.exit]).toEqual([
    { code: 0, signal: null },
    { code: 2, signal: null },
  ]);
  expect(refused.stderr()).toBe('only its own function writes to order-events; public topics: order-commands\n');
  await waitUntil(async () => (await get<OrderBody>(store.url('/orders/TOPIC-1'))).status === 'confirmed');
  const { orders, deadLetters, products } = await store.settle();
  expect(orders.byStatus).toEqual({ confirmed: 1 });
  expect(deadLetters).toEqual({ order: wrong.length, inventory: 0, notification: 0 });
  expect(products[0]?.level).toMatchObject({ onHand: 6, sold: 4 });
});
