/** What a web page can do to a store on the machine of its visitor, and what a listed page can do: at every address. */
import { describe, expect, it } from 'vitest';
import { type Part, parts } from '../../functions/start-store.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { type Answer, bodyOf, type Problem, postSample, request } from './client.ts';
import { hosts, TestStore } from './harness.ts';
import { openStream } from './stream.ts';

const PAGE = 'https://shop.example';
const EVIL = 'http://evil.example';
const wait = { headers: { prefer: 'wait=20' } };

/** Every address that changes something, at the functions that have it. */
const CHANGES: readonly (readonly [method: string, path: string, parts: readonly Part[]])[] = [
  ['POST', '/orders', ['gateway', 'order']],
  ['POST', '/orders/ORDER_001/cancel', ['gateway', 'order']],
  ['POST', '/orders/ORDER_001/dispatch', ['gateway', 'order']],
  ['POST', '/stock/PRODUCT_001/receipts', ['gateway', 'inventory']],
  ['PUT', '/stock/PRODUCT_001/policy', ['gateway', 'inventory']],
  ['POST', '/automation-testing/seed', parts],
  ['DELETE', '/automation-testing/all', parts],
  ['POST', '/automation-testing/faults', ['order', 'inventory', 'notification']],
  ['POST', '/operations/order/dead-letters/replay', ['gateway', 'order']],
  ['POST', '/operations/order/dead-letters/X/replay', ['gateway', 'order']],
  ['POST', '/operations/order/dead-letters/X/compensate', ['gateway', 'order']],
  ['POST', '/operations/notification/notices/send-again', ['gateway', 'notification']],
];

function problemIn({ status, text }: Answer): string {
  return `${status} ${(JSON.parse(text) as Problem).code}`;
}

/** The answers to every change, by these headers, each once. */
async function answersToChanges(store: TestStore, headersAt: (url: string) => Readonly<Record<string, string>>) {
  const answers: string[] = [];
  for (const [method, path, at] of CHANGES) {
    for (const part of at) {
      const url = store.url(path, part);
      answers.push(problemIn(await request(method, url, { headers: headersAt(url) })));
    }
  }
  return [...new Set(answers)];
}

describe.each(hosts)('a store in %s', (host) => {
  it('lets no page of another origin, or of another port, change anything', async () => {
    const store = await TestStore.start(host);
    await postSample(store.url('/orders'), 1, wait);
    await store.settle();
    const before = await request('GET', store.url('/orders/ORDER_001'));

    const seen = [
      await answersToChanges(store, () => ({ origin: EVIL })),
      await answersToChanges(store, () => ({ origin: 'null' })),
      await answersToChanges(store, (url) => ({ origin: new URL(url).origin.replace('127.0.0.1', 'localhost') })),
      await answersToChanges(store, () => ({ origin: 'http://127.0.0.1:3000', 'sec-fetch-site': 'same-site' })),
      await answersToChanges(store, () => ({ 'sec-fetch-site': 'cross-site' })),
    ];

    expect(seen).toEqual(seen.map(() => ['403 forbidden_origin']));
    expect((await request('GET', store.url('/orders/ORDER_001'))).text).toBe(before.text);
  });

  it('answers to no name that a page can point to this machine, not even to a read', async () => {
    const store = await TestStore.start(host);
    const named = { headers: { host: 'evil.example:8900' } };
    const paths = ['/', '/livez', '/metrics', '/nowhere'];

    const reads = await Promise.all(
      parts.flatMap((part) => paths.map((path) => request('GET', store.url(path, part), named))),
    );

    expect(await answersToChanges(store, () => named.headers)).toEqual(['421 misdirected_request']);
    expect(new Set(reads.map(problemIn))).toEqual(new Set(['421 misdirected_request']));
    expect(reads[0]?.text).toContain('ALLOWED_HOSTS');
  });

  it('lets its own page of documentation try the API, also across functions', async () => {
    const store = await TestStore.start(host);
    const own = { origin: store.url(''), 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' };

    const placed = await postSample(store.url('/orders'), 1, { headers: { ...own, ...wait.headers } });
    const seeded = await request('POST', store.url('/automation-testing/seed'), { headers: own });
    const dispatched = await request('POST', store.url('/orders/ORDER_001/dispatch'), { headers: own });

    expect([placed.status, seeded.status, dispatched.status]).toEqual([200, 200, 200]);
  });

  it('lets a listed page use it, with every header and the stream, and answers to an allowed name', async () => {
    const store = await TestStore.start(host, {
      CORS_ORIGINS: `${PAGE}, http://other.example`,
      ALLOWED_HOSTS: 'shop.local',
    });
    const page = { origin: PAGE, 'sec-fetch-site': 'cross-site', host: 'shop.local:1' };
    const asking = { ...page, 'access-control-request-method': 'POST' };

    const preflights = await Promise.all(
      ['/orders', '/stock/X/policy', '/notifications/stream', '/operations/order/dead-letters'].map((path) =>
        request('OPTIONS', store.url(path), { headers: asking }),
      ),
    );
    const stream = await openStream(store.url('/notifications/stream'), page);
    const placed = await postSample(store.url('/orders'), 1, { headers: { ...page, ...wait.headers } });
    await waitUntil(() => stream.events().length === 2);
    stream.close();
    const refused = await request('POST', store.url('/orders'), { headers: page });

    expect(preflights.map(({ status, headers }) => [status, headers['access-control-allow-methods']])).toEqual([
      [204, 'POST, GET, HEAD, OPTIONS'],
      [204, 'PUT, OPTIONS'],
      [204, 'GET, HEAD, OPTIONS'],
      [204, 'GET, HEAD, OPTIONS'],
    ]);
    expect([placed.status, refused.status]).toEqual([200, 415]);
    for (const { headers } of [...preflights, placed, refused]) {
      expect([headers['access-control-allow-origin'], headers.vary?.split(', ')[0]]).toEqual([PAGE, 'Origin']);
    }
  });
});

it('functions that other machines reach answer to the name by which the gateway calls them', async () => {
  const store = await TestStore.start('a process each', { HOST: '0.0.0.0', ALLOWED_HOSTS: 'shop.example' });
  const asked = (part: Part, host: string) => request('GET', store.url('/livez', part), { headers: { host } });
  const statuses = async (host: string) =>
    Promise.all(parts.map(async (part) => [part, (await asked(part, host)).status] as const));

  expect(Object.fromEntries(await statuses('shop.example'))).toEqual({
    ...{ gateway: 200, order: 200, inventory: 200, notification: 200 },
  });
  expect(Object.fromEntries(await statuses('order:8902'))).toEqual({
    ...{ gateway: 421, order: 200, inventory: 421, notification: 421 },
  });
  expect(
    (await postSample(store.url('/orders'), 1, { headers: { host: 'shop.example', ...wait.headers } })).status,
  ).toBe(200);
  expect(problemIn(await asked('gateway', 'evil.example'))).toBe('421 misdirected_request');
});

it('a store that other machines reach answers to any name where none is allowed', async () => {
  const store = await TestStore.start('one process', { HOST: '0.0.0.0' });

  const answers = await Promise.all(
    parts.map((part) => request('GET', store.url('/livez', part), { headers: { host: 'any.example' } })),
  );

  expect(answers.map((answer) => bodyOf<{ status: string }>(answer).status)).toEqual(parts.map(() => 'ok'));
});
