/** Ill-formed text, and requests that say two things: refused at every way in, and nothing changes. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { OrderBody } from '../../functions/order/representation.ts';
import type { DeadLetterBody, DeadLetterSummaryBody } from '../../shared/runtime/dead-letters/schemas.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { bodyOf, get, orderOf, type Problem, post, postSample, request, sendRaw, storyAt } from './client.ts';
import { writeForeign } from './foreign-records.ts';
import { hosts, TestStore } from './harness.ts';

const json = { 'content-type': 'application/json' };
const order = JSON.stringify({ ...orderOf('TEXT'), items: [{ productId: 'PRODUCT_001', quantity: 1, price: 10 }] });
const latin1 = (text: string) => Buffer.from(text, 'latin1');

/** What is sent, the status and the pointers of the answer. */
const bodies: [string, Record<string, string>, string | Buffer, number, string[]][] = [
  ['Latin-1', json, latin1(order.replace('TEXT', 'Ü')), 400, []],
  ['UTF-16', json, Buffer.from(`\uFEFF${order}`, 'utf16le'), 400, []],
  ['another charset', { 'content-type': 'application/json; charset=iso-8859-1' }, order, 415, []],
  ['half of a surrogate pair', json, order.replace('TEXT', '\\ud800'), 400, ['/orderId']],
  ['U+0000', json, order.replace('TEXT', '\\u0000'), 400, ['/orderId']],
  ['a name twice', json, order.replace('{', '{"customerId":"OTHER",'), 400, ['/customerId']],
  ['a name twice in an item', json, order.replace('"price":10', '"price":10,"pr\\u0069ce":1'), 400, ['/items/0/price']],
  ['a price that is rounded', json, order.replace(':10', ':10.000000000000000001'), 422, ['/items/0/price']],
  ['a quantity that is rounded', json, order.replace(':1,', ':1.00000000000000000001,'), 422, ['/items/0/quantity']],
  ['10,000 levels', json, `{"orderId":${'['.repeat(10_000)}`, 400, []],
  ['a key that is not ended', { ...json, 'idempotency-key': '"abc' }, order, 400, []],
];

describe.each(hosts)('a store in %s', (host) => {
  it('refuses ill-formed text and repeated values wherever they come in, and changes nothing', async () => {
    const store = await TestStore.start(host);
    await postSample(store.url('/orders'), 1, { headers: { prefer: 'wait=20' } });
    await store.settle();
    const before = await storyAt(store.url(''));
    const answers: unknown[] = [];

    for (const part of ['gateway', 'order'] as const) {
      for (const [what, headers, body] of bodies) {
        const { status, text } = await request('POST', store.url('/orders', part), { headers, body });
        answers.push([what, status, (JSON.parse(text) as Problem).errors?.map(({ pointer }) => pointer) ?? []]);
      }
    }

    const expected = bodies.map(([what, , , status, pointers]) => [what, status, pointers]);
    expect(answers).toEqual([...expected, ...expected]);
    await store.settle();
    expect(await storyAt(store.url(''))).toEqual(before);
  });

  it('refuses paths, queries and repeated headers that are ill-formed, at every part', async () => {
    const store = await TestStore.start(host);
    const statusOf = async (method: string, path: string) => (await request(method, store.url(path))).status;
    const rawStatusOf = async (head: string) => {
      const text = await sendRaw(store.url(''), `${head}Host: localhost\r\nConnection: close\r\n\r\n`);
      return Number(text.split(' ')[1]);
    };
    const twice = (header: string) => `POST /orders HTTP/1.1\r\nContent-Length: 0\r\n${header}\r\n${header}\r\n`;

    const illFormed = [
      '/orders/%FF',
      '/stock/%ED%A0%80',
      '/notifications?customerId=%FF',
      '/orders/a%00',
      '/nowhere/%zz',
    ];
    expect(await Promise.all(illFormed.map((path) => statusOf('GET', path)))).toEqual(illFormed.map(() => 400));
    const wrong = [
      '/orders?costumerId=x',
      '/orders?limit=1&limit=2',
      '/stock?limit=1e1',
      '/stock/PRODUCT_001?x=1',
      '/livez?x',
    ];
    expect(await Promise.all(wrong.map((path) => statusOf('GET', path)))).toEqual(wrong.map(() => 422));
    expect(await statusOf('POST', '/orders?dryRun=true')).toBe(422);
    expect(await rawStatusOf('GET /orders/Müller HTTP/1.1\r\n')).toBe(400);
    expect(await rawStatusOf('GET /orders?customerId=Müller HTTP/1.1\r\n')).toBe(400);
    expect(await rawStatusOf(`${twice('Content-Type: application/json')}`)).toBe(400);
    expect(await rawStatusOf(`${twice('Idempotency-Key: a')}Content-Type: application/json\r\n`)).toBe(400);
  });

  it('takes a cursor only for the list and the filters that it was made for, also after a restart', async () => {
    const store = await TestStore.start(host);
    for (const name of ['A', 'B']) await post(store.url('/orders'), orderOf(name));
    await store.settle();
    const cursorAt = async (path: string) => {
      const page = await get<{ _links: { next?: { href: string } } }>(store.url(path));
      return new URL(page._links.next?.href ?? '', 'http://store').searchParams.get('cursor') ?? '';
    };
    const ofOrders = await cursorAt('/orders?limit=1');
    const ofMovements = await cursorAt('/stock/PRODUCT_001/movements?limit=1');
    await store.stopAll();
    await store.start();
    const statusOf = async (path: string) => (await request('GET', store.url(path))).status;

    expect([
      await statusOf(`/orders?cursor=${ofOrders}`),
      await statusOf(`/orders?cursor=${ofOrders}&limit=1`),
      await statusOf(`/stock/PRODUCT_001/movements?cursor=${ofMovements}`),
    ]).toEqual([200, 200, 200]);
    expect([
      await statusOf(`/notifications?cursor=${ofOrders}`),
      await statusOf(`/orders?status=confirmed&cursor=${ofOrders}`),
      await statusOf(`/stock/PRODUCT_002/movements?cursor=${ofMovements}`),
      await statusOf(`/stock/PRODUCT_001/backorders?cursor=${ofMovements}`),
      await statusOf(`/orders?cursor=${Buffer.from('[1]').toString('base64url')}`),
    ]).toEqual([422, 422, 422, 422, 422]);
  });
});

it('keeps the bytes of a record that is not UTF-8 in its dead letter, and goes on with the topic', async () => {
  const store = await TestStore.create('a process each');
  const produce = (bytes: string) =>
    promisify(execFile)('sh', ['-c', `printf '${bytes}' | node dist/e2e/tools/produce.js order-commands -`], {
      env: { ...process.env, ...store.env },
    });
  const commandOf = (id: string) => {
    const lines = [{ productId: 'PRODUCT_001', quantity: 1, priceMinor: 250 }];
    return {
      id,
      source: '/import',
      type: 'PlaceOrder',
      subject: id,
      data: { orderId: id, customerId: 'C', currency: 'EUR', lines },
    };
  };
  await produce(JSON.stringify(commandOf('FIRST')));
  const { data, ...attributes } = commandOf('BYTES');
  const bytes = latin1(JSON.stringify({ ...data, note: 'Müller' }));
  await writeForeign(store, { attributes: { ...attributes, specversion: '1.0' }, data: bytes });
  await produce(JSON.stringify(commandOf('LAST')));
  await store.start();

  const listed = () => get<{ letters: DeadLetterSummaryBody[] }>(store.url('/operations/order/dead-letters'));
  await waitUntil(async () => (await request('GET', store.url('/orders/LAST'))).status === 200, { timeoutMs: 60_000 });
  // The two may lie in different partitions.
  await waitUntil(async () => (await listed()).letters.length > 0);
  const { letters } = await listed();
  const letter = await get<DeadLetterBody>(store.url(`/operations/order/dead-letters/${letters[0]?.letter}`));

  expect(letters).toHaveLength(1);
  expect([letter.code, letter.detail, letter.attributes['data_base64'], letter.value]).toEqual([
    'unreadable',
    'the data is not UTF-8; data_base64 has its bytes',
    bytes.toString('base64'),
    '',
  ]);
});

it('keeps text as it is written: no normal form, no replacement', async () => {
  const store = await TestStore.start('a process each');
  await postSample(store.url('/orders'), 1);
  const reason = 'u\u0308 ü \uFFFD \u{1F600} \u202E';

  const cancelled = bodyOf<OrderBody>(await post(store.url('/orders/ORDER_001/cancel'), { reason }));

  expect(cancelled.reason?.detail).toContain(reason);
});

it('names what is not UTF-8 on a command line and in the settings, with the exit code of a wrong use', async () => {
  const sh = (line: string) =>
    promisify(execFile)('sh', ['-c', line]).catch(({ code, stderr }: { code: number; stderr: string }) => ({
      code,
      stderr,
    }));

  expect(await sh(`node dist/e2e/tools/why.js "$(printf 'a\\377')"`)).toMatchObject({
    code: 2,
    stderr: 'The argument "a\uFFFD" is not UTF-8, so what was typed is lost.\n',
  });
  expect(await sh(`node shared/tools/run.mjs tool dist/e2e/tools/why.js "$(printf '\\377')"`)).toMatchObject({
    code: 2,
  });
  expect(await sh(`DATA_DIR="$(printf '/tmp/\\377')" node dist/functions/main.js`)).toMatchObject({
    stderr: expect.stringContaining('DATA_DIR: must be UTF-8, without U+FFFD'),
  });
});
