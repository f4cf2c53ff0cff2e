/** Refused requests: each with its status, code and pointer, at the gateway and at the function; nothing changes. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { OrderBody } from '../../functions/order/representation.ts';
import { sampleOrders } from '../tools/orders.ts';
import {
  type Answer,
  bodyOf,
  orderOf,
  type Problem,
  post,
  postSample,
  request,
  type Story,
  sendRaw,
  storyAt,
} from './client.ts';
import { afterAllTests, TestStore } from './harness.ts';

const MIB = 1024 * 1024;
const { orderId: _id, ...anonymous } = sampleOrders[1].body;
const base = sampleOrders[1].body;
const [line, second] = base.items;
const json = { 'content-type': 'application/json' };

let store: TestStore;
let before: Story;

const atEnd = afterAllTests();
beforeAll(async () => {
  store = await TestStore.create('a process each', {}, atEnd);
  await store.start();
  await postSample(store.url('/orders'), 2);
  await store.settle();
  before = await storyAt(store.url(''));
});

async function expectNothingChanged(): Promise<void> {
  await store.settle();
  expect(await storyAt(store.url(''))).toEqual(before);
}

/** The parts of a problem answer that clients rely on. */
function problemIn({ status, headers, text }: Answer) {
  const { code, errors, status: inBody } = JSON.parse(text) as Problem;
  const type = headers['content-type'];
  return { status, inBody, type, code, pointers: errors?.map(({ pointer }) => pointer) };
}

function problem(status: number, code: string, ...pointers: string[]) {
  const type = 'application/problem+json';
  return { status, inBody: status, type, code, pointers: pointers.length === 0 ? undefined : pointers };
}

function withLine(changes: object) {
  return { ...base, totalPrice: undefined, totalQuantity: undefined, items: [{ ...line, ...changes }, second] };
}

const longId = 'x'.repeat(300);
const longLines = Array.from({ length: 10_000 }, () => line);

describe.each(['gateway', 'order'] as const)('%s', (part) => {
  it.each([
    ['a quantity of zero', withLine({ quantity: 0 }), '/items/0/quantity'],
    ['a negative quantity', withLine({ quantity: -3 }), '/items/0/quantity'],
    ['a fractional quantity', withLine({ quantity: 1.5 }), '/items/0/quantity'],
    ['a quantity that is too large', withLine({ quantity: 1_000_001 }), '/items/0/quantity'],
    ['a quantity as text', withLine({ quantity: '3' }), '/items/0/quantity'],
    ['a negative price', withLine({ price: -1 }), '/items/0/price'],
    ['a price with three decimals', withLine({ price: '10.001' }), '/items/0/price'],
    ['a price that is no number', withLine({ price: '1e3' }), '/items/0/price'],
    ['a price in yen with decimals', { ...withLine({ price: 1.5 }), currency: 'JPY' }, '/items/0/price'],
    ['an unknown currency', { ...base, currency: 'EUX' }, '/currency'],
    ['a wrong total', { ...base, totalPrice: 41 }, '/totalPrice'],
    ['a wrong count', { ...base, totalQuantity: 6 }, '/totalQuantity'],
    ['no items', { ...base, items: [] }, '/items'],
    ['10,000 lines', { ...base, items: longLines }, '/items'],
    ['an order id of 300 characters', { ...base, orderId: longId }, '/orderId'],
    ['a customer id with a space', { ...base, customerId: 'A B' }, '/customerId'],
    ['no customer', { ...base, customerId: undefined }, '/customerId'],
    ['neither an order id nor a key', anonymous, '/orderId'],
    ['an unknown field', { ...base, cuopon: 'X' }, '/cuopon'],
    ['a list instead of an order', [], ''],
    ['a text instead of an order', 'order', ''],
  ])('refuses %s and points to it', async (_, body, pointer) => {
    const answer = await post(store.url('/orders', part), body);

    const { pointers, ...rest } = problemIn(answer);
    const { pointers: _none, ...expected } = problem(422, 'invalid_request');
    expect(rest).toEqual(expected);
    expect(pointers?.[0]).toBe(pointer);
  });

  it('refuses __proto__ as a key', async () => {
    const body = JSON.stringify(base).replace('{', '{"__proto__": {"orderId": "X"},');

    const answer = await request('POST', store.url('/orders', part), { headers: json, body });

    expect(problemIn(answer)).toEqual(problem(422, 'invalid_request', '/__proto__'));
  });

  it.each([
    ['malformed JSON', json, '{"orderId": ', 400, 'malformed_request'],
    ['no body', json, '', 400, 'malformed_request'],
    ['another content type', { 'content-type': 'text/plain' }, JSON.stringify(base), 415, 'unsupported_media_type'],
    ['no content type', {}, JSON.stringify(base), 415, 'unsupported_media_type'],
    ['an empty key', { ...json, 'idempotency-key': '""' }, JSON.stringify(base), 400, 'malformed_request'],
    ['a key of 300 characters', { ...json, 'idempotency-key': longId }, JSON.stringify(base), 400, 'malformed_request'],
    ['2 MiB', json, JSON.stringify({ ...base, customerId: 'x'.repeat(2 * MIB) }), 413, 'body_too_large'],
  ])('refuses %s', async (_, headers, body, status, code) => {
    const answer = await request('POST', store.url('/orders', part), { headers, body });

    expect(problemIn(answer)).toEqual(problem(status, code));
  });

  it('refuses 2 MiB that come in chunks without their length', async () => {
    const body = JSON.stringify({ ...base, customerId: 'x'.repeat(2 * MIB) });

    const answer = await request('POST', store.url('/orders', part), { headers: json, body, isChunked: true });

    expect(problemIn(answer)).toEqual(problem(413, 'body_too_large'));
  });

  it('refuses a header of 64 KiB', async () => {
    const bytes = `GET /orders HTTP/1.1\r\nHost: localhost\r\nX-Large: ${'x'.repeat(64 * 1024)}\r\n\r\n`;

    const text = await sendRaw(store.url('', part), bytes);

    expect(text).toMatch(/^HTTP\/1.1 431 [\s\S]*application\/problem\+json[\s\S]*"code":"header_too_large"/);
  });

  it('refuses bytes that are not HTTP', async () => {
    const text = await sendRaw(store.url('', part), 'HELLO\r\n\r\n');

    expect(text).toMatch(/^HTTP\/1.1 400 [\s\S]*application\/problem\+json[\s\S]*"code":"malformed_request"/);
  });

  it.each([
    ['an unknown order', 'GET', '/orders/ORDER_404', 404, 'not_found'],
    ['the events of an unknown order', 'GET', '/orders/ORDER_404/events', 404, 'not_found'],
    ['an unknown route', 'GET', '/nowhere', 404, 'not_found'],
    ['an id that is too long', 'GET', `/orders/${longId}`, 404, 'not_found'],
    ['a limit of zero', 'GET', '/orders?limit=0', 422, 'invalid_request'],
    ['a limit of 201', 'GET', '/orders?limit=201', 422, 'invalid_request'],
    ['an invalid cursor', 'GET', '/orders?cursor=abc', 422, 'invalid_request'],
    ['an unknown status', 'GET', '/orders?status=lost', 422, 'invalid_request'],
    ['an unknown filter', 'GET', '/orders?colour=red', 422, 'invalid_request'],
  ])('refuses %s', async (_, method, path, status, code) => {
    const answer = await request(method, store.url(path, part));

    expect({ ...problemIn(answer), pointers: undefined }).toEqual(problem(status, code));
  });

  it('names the allowed methods', async () => {
    const answers = [
      await request('DELETE', store.url('/orders', part)),
      await request('PUT', store.url('/orders/ORDER_002', part)),
    ];

    expect(answers.map((answer) => [problemIn(answer), answer.headers['allow']])).toEqual([
      [problem(405, 'method_not_allowed'), 'POST, GET, HEAD, OPTIONS'],
      [problem(405, 'method_not_allowed'), 'GET, HEAD, OPTIONS'],
    ]);
  });

  it('changed nothing', expectNothingChanged);
});

describe('inventory and notification', () => {
  it.each([
    ['an unknown product', 'GET', '/stock/NOTHING', 404, 'not_found'],
    ['movements of an unknown product', 'GET', '/stock/NOTHING/movements', 404, 'not_found'],
    ['a stock limit of zero', 'GET', '/stock?limit=0', 422, 'invalid_request'],
    ['an invalid stock cursor', 'GET', '/stock?cursor=x', 422, 'invalid_request'],
    ['a notice limit of zero', 'GET', '/notifications?limit=0', 422, 'invalid_request'],
    ['a POST to the stream', 'POST', '/notifications/stream', 405, 'method_not_allowed'],
    ['a DELETE of the stock', 'DELETE', '/stock', 405, 'method_not_allowed'],
    ['a TRACE of the stock', 'TRACE', '/stock', 405, 'method_not_allowed'],
    ['a TRACE of the notices', 'TRACE', '/notifications', 405, 'method_not_allowed'],
    ['a TRACE of the orders', 'TRACE', '/orders', 405, 'method_not_allowed'],
  ])('refuse %s', async (_, method, path, status, code) => {
    expect({ ...problemIn(await request(method, store.url(path))), pointers: undefined }).toEqual(
      problem(status, code),
    );
  });

  it.each([
    ['zero units', { quantity: 0 }, 422, 'invalid_request', '/quantity'],
    ['less than zero units', { quantity: -1 }, 422, 'invalid_request', '/quantity'],
    ['half a unit', { quantity: 0.5 }, 422, 'invalid_request', '/quantity'],
    ['an unknown field', { quantity: 1, colour: 'red' }, 422, 'invalid_request', '/colour'],
  ])('refuse a receipt of %s', async (_, body, status, code, pointer) => {
    const answer = await post(store.url('/stock/PRODUCT_001/receipts'), body);

    expect(problemIn(answer)).toEqual(problem(status, code, pointer));
  });

  it('refuse a stream of what no notice has', async () => {
    const answer = await request('GET', store.url('/notifications/stream?colour=red'));

    expect(problemIn(answer)).toEqual(problem(422, 'invalid_request', '/colour'));
  });

  it('changed nothing', expectNothingChanged);
});

describe('an order that cannot be fulfilled', () => {
  const wait = { headers: { prefer: 'wait=20' } };
  const place = async (orderId: string, items: readonly object[]) => {
    const answer = await post(store.url('/orders'), { ...orderOf(orderId), items }, wait);
    const { status, reason } = bodyOf<OrderBody>(answer);
    return { http: answer.status, status, reason };
  };

  it('holds nothing when one of two products is short', async () => {
    const outcome = await place('SHORT', [
      { productId: 'PRODUCT_002', quantity: 1, price: 1 },
      { productId: 'PRODUCT_001', quantity: 9, price: 1 },
    ]);

    const detail = 'PRODUCT_001 has 8 left and 9 were asked for';
    const reason = { code: 'out_of_stock', detail, productIds: ['PRODUCT_001'] };
    expect(outcome).toEqual({ http: 200, status: 'rejected', reason });
    expect((await storyAt(store.url(''))).onHand).toEqual(before.onHand);
    await store.settle();
  });

  it('is rejected when the lines of one product together are short', async () => {
    const outcome = await place('SUMMED', [
      { productId: 'PRODUCT_001', quantity: 5, price: 1 },
      { productId: 'PRODUCT_001', quantity: 4, price: 2 },
    ]);

    expect(outcome.reason?.detail).toBe('PRODUCT_001 has 8 left and 9 were asked for');
  });

  it('is rejected with the name of an unknown product, also of __proto__', async () => {
    const outcomes = [
      await place('UNKNOWN', [{ productId: 'NOTHING', quantity: 1, price: 1 }]),
      await place('PROTO', [{ productId: '__proto__', quantity: 1, price: 1 }]),
      await place('constructor', [{ productId: 'constructor', quantity: 1, price: 1 }]),
    ];

    expect(outcomes.map(({ status, reason }) => [status, reason?.code, reason?.productIds])).toEqual([
      ['rejected', 'unknown_product', ['NOTHING']],
      ['rejected', 'unknown_product', ['__proto__']],
      ['rejected', 'unknown_product', ['constructor']],
    ]);
    await store.settle();
    expect((await storyAt(store.url(''))).onHand).toEqual(before.onHand);
  });
});
