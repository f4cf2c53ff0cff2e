/** HTTP as probes, proxies and plain programs speak it, at every part of a whole store. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parts } from '../../functions/start-store.ts';
import { sampleOrders } from '../tools/orders.ts';
import { get, oneConnection, post, postSample, request, sendRaw } from './client.ts';
import { hosts, runStore, TestStore } from './harness.ts';

const json = { 'content-type': 'application/json' };
const wait = { headers: { prefer: 'wait=20' } };

function statusesOf(text: string): string[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status = '']) => status);
}

describe.each(hosts)('a store in %s', (host) => {
  it('answers a probe of HTTP/1.0 that names no host', async () => {
    const store = await TestStore.start(host);

    const answers = await Promise.all(parts.map((part) => sendRaw(store.url('', part), 'GET /livez HTTP/1.0\r\n\r\n')));

    expect(answers.flatMap(statusesOf)).toEqual(parts.map(() => '200'));
  });

  it('takes an order in any coding as the same order, and sells it once', async () => {
    const store = await TestStore.start(host);
    const { body, idempotencyKey } = sampleOrders[1];
    const encoded = { ...json, 'idempotency-key': idempotencyKey, 'content-encoding': 'gzip', prefer: 'wait=20' };
    const bytes = gzipSync(JSON.stringify(body));

    const answers = [
      await request('POST', store.url('/orders'), { headers: encoded, body: bytes }),
      await request('POST', store.url('/orders'), { headers: encoded, body: bytes, isChunked: true }),
      await postSample(store.url('/orders'), 1, wait),
      await request('POST', store.url('/orders', 'order'), { headers: encoded, body: bytes }),
    ];
    const wrong = await request('POST', store.url('/stock/PRODUCT_001/receipts'), {
      headers: { ...json, 'content-encoding': 'gzip' },
      body: '{"quantity":1}',
    });
    const unknown = await request('POST', store.url('/stock/PRODUCT_001/receipts'), {
      headers: { ...json, 'content-encoding': 'zstd' },
      body: '{"quantity":1}',
    });

    expect(answers.map(({ status, headers }) => [status, headers['idempotent-replayed']])).toEqual([
      [200, undefined],
      [200, 'true'],
      [200, 'true'],
      [200, 'true'],
    ]);
    expect([wrong.status, unknown.status, unknown.headers['accept-encoding']]).toEqual([400, 415, 'gzip, deflate, br']);
    expect((await store.settle()).products.map(({ level }) => level?.onHand)).toEqual([7, 13]);
  });

  it('lets a client wait with its body, whatever function it is for', async () => {
    const store = await TestStore.start(host);
    const body = '{"quantity":1}';
    const head = `POST /stock/PRODUCT_001/receipts HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`;

    const taken = await sendRaw(store.url(''), `${head}Expect: 100-continue\r\n\r\n${body}`);
    const refused = await sendRaw(store.url(''), `${head}Expect: luck\r\n\r\n${body}`);

    expect([statusesOf(taken), statusesOf(refused)]).toEqual([['100', '201'], ['417']]);
  });

  it('answers HEAD as GET, without the body, and OPTIONS with what a path takes', async () => {
    const store = await TestStore.start(host);
    const paths = ['/', '/docs', '/orders', '/stock', '/notifications', '/stock/NONE', '/nowhere', '/openapi.json'];
    const agent = oneConnection();

    for (const path of paths) {
      const gotten = await request('GET', store.url(path), { agent });
      const { status, headers, text } = await request('HEAD', store.url(path), { agent });
      const volatile = { date: '', 'x-request-id': '' };
      expect({ path, status, text, headers: { ...headers, ...volatile } }).toEqual({
        ...{ path, status: gotten.status, text: '', headers: { ...gotten.headers, ...volatile } },
      });
    }
    agent.destroy();
    const stream = await request('HEAD', store.url('/notifications/stream'));
    const allows = await Promise.all(
      [...paths, '/orders/X/why', '/orders/X/cancel', '/notifications/stream'].map(async (path) => {
        const { status, headers } = await request('OPTIONS', store.url(path));
        return `${path} ${status} ${headers['allow'] ?? ''}`;
      }),
    );

    expect([stream.status, stream.headers['content-type'], stream.text]).toEqual([200, 'text/event-stream', '']);
    expect(allows).toEqual([
      '/ 204 GET, HEAD, OPTIONS',
      '/docs 204 GET, HEAD, OPTIONS',
      '/orders 204 POST, GET, HEAD, OPTIONS',
      '/stock 204 GET, HEAD, OPTIONS',
      '/notifications 204 GET, HEAD, OPTIONS',
      '/stock/NONE 204 GET, HEAD, OPTIONS',
      '/nowhere 404 ',
      '/openapi.json 204 GET, HEAD, OPTIONS',
      '/orders/X/why 204 GET, HEAD, OPTIONS',
      '/orders/X/cancel 204 POST, OPTIONS',
      '/notifications/stream 204 GET, HEAD, OPTIONS',
    ]);
  });

  it('begins with links that lead on, at every part, and with a page for a browser', async () => {
    const store = await TestStore.start(host);
    const starts = await Promise.all(
      parts.map(async (part) => {
        const { _links } = await get<{ _links: Record<string, { href: string }> }>(store.url('/', part));
        const links = Object.entries(_links).map(async ([name, { href }]) => {
          const { status } = await request('GET', store.url(href, part));
          return `${name} ${status}`;
        });
        return [part, await Promise.all(links)] as const;
      }),
    );
    const browser = { headers: { accept: 'text/html,*/*;q=0.8' } };
    const sent = await request('GET', store.url('/'), browser);
    const pages = await Promise.all([
      request('GET', store.url(sent.headers['location'] ?? ''), browser),
      request('GET', store.url('/', 'order'), browser),
    ]);

    const health = ['livez 200', 'readyz 200', 'metrics 200'];
    expect(Object.fromEntries(starts)).toEqual({
      gateway: [
        'self 200',
        'console 200',
        'docs 200',
        'openapi 200',
        'orders 200',
        'stock 200',
        'notifications 200',
        ...health,
      ],
      order: ['self 200', 'orders 200', ...health],
      inventory: ['self 200', 'stock 200', ...health],
      notification: ['self 200', 'notifications 200', ...health],
    });
    expect([sent.status, sent.headers['location']]).toEqual([302, '/console']);
    for (const page of pages) {
      expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html; charset=UTF-8']);
    }
  });

  it('shows its documentation also with a slash at the end, and says of other addresses to leave it out', async () => {
    const store = await TestStore.start(host);

    const [docs, slashed, orders] = await Promise.all(
      ['/docs', '/docs/', '/orders/'].map((path) => request('GET', store.url(path))),
    );

    expect([slashed?.status, slashed?.text]).toEqual([200, docs?.text]);
    expect([orders?.status, orders?.text]).toEqual([404, expect.stringContaining('without the slash at its end')]);
    expect(docs?.headers).toMatchObject({
      'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
    });
  });
});

it('a store has the timeouts that its settings give it, at every part', async () => {
  const settings = { HTTP_KEEP_ALIVE_MS: '2000', HTTP_HEADERS_TIMEOUT_MS: '1000', HTTP_REQUEST_TIMEOUT_MS: '2000' };
  const store = await TestStore.start('one process', settings);

  const late = await Promise.all(parts.map((part) => sendRaw(store.url('', part), 'GET /livez HTTP/1.1\r\nHost')));
  const agent = oneConnection();
  const kept = await request('GET', store.url('/livez', 'inventory'), { agent });
  agent.destroy();

  expect(late.flatMap(statusesOf)).toEqual(parts.map(() => '408'));
  expect(late[0]).toContain('"code":"request_timeout"');
  expect(kept.headers['keep-alive']).toBe('timeout=2');
});

it('a gateway never loses a write to a function that keeps its connections for a moment only', async () => {
  const store = await TestStore.start('a process each', { HTTP_KEEP_ALIVE_MS: '20', GATEWAY_RETRIES: '0' });
  const statuses = new Map<number, number>();

  for (let n = 0; n < 100; n++) {
    const { status } = await post(store.url('/stock/PRODUCT_001/receipts'), { quantity: 1 });
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    // Around the time at which the function closes.
    const untilMs = performance.now() + 10 + (n % 20);
    while (performance.now() < untilMs) await new Promise((resolve) => setImmediate(resolve));
  }

  expect([...statuses]).toEqual([[201, 100]]);
});

it.each([
  ['CORS_ORIGINS', '*', 'CORS_ORIGINS: must list origins such as https://shop.example'],
  ['CORS_ORIGINS', 'https://a.example/path', '"https://a.example/path" is not one'],
  ['ALLOWED_HOSTS', 'https://a.example', 'ALLOWED_HOSTS: must list names such as shop.example'],
  ['HTTP_KEEP_ALIVE_MS', 'short', 'HTTP_KEEP_ALIVE_MS: '],
  ['HTTP_HEADERS_TIMEOUT_MS', '400000', 'HTTP_HEADERS_TIMEOUT_MS: is 400000 and must not be longer than HTTP_REQUEST'],
])('a start with %s=%s ends with a sentence that names the setting', async (setting, value, sentence) => {
  const program = runStore([], { [setting]: value, GATEWAY_PORT: '0' });

  expect(await program.exit).toEqual({ code: 1, signal: null });
  expect(program.stderr()).toContain(`saga-store: ${setting}: `);
  expect(program.stderr()).toContain(sentence);
});
