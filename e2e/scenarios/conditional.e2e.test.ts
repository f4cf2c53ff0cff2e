/** A client reads again only what has changed, and changes only what it has seen; through the gateway, wherever a function runs. */
import { expect, it } from 'vitest';
import { type Answer, bodyOf, orderOf, type Problem, post, request } from './client.ts';
import { hosts, TestStore } from './harness.ts';

const etagOf = ({ headers }: Answer): string => String(headers['etag']);

it.each(hosts)('in %s, entity tags and conditions pass the gateway in both directions', async (host) => {
  const store = await TestStore.start(host);
  const placed = await post(store.url('/orders'), orderOf('A', 3), { headers: { prefer: 'wait=20' } });
  await store.settle();

  for (const path of ['/orders/A', '/stock/PRODUCT_001']) {
    const [there, direct] = await Promise.all([
      request('GET', store.url(path)),
      request('GET', store.url(path, path.startsWith('/orders') ? 'order' : 'inventory')),
    ]);
    const headers = { 'if-none-match': `W/${etagOf(there)}` };
    const known = await Promise.all(['GET', 'HEAD'].map((method) => request(method, store.url(path), { headers })));

    expect(etagOf(there)).toBe(etagOf(direct));
    expect(known.map(({ status, text }) => [status, text])).toEqual([
      [304, ''],
      [304, ''],
    ]);
    expect(known.map(etagOf)).toEqual([etagOf(there), etagOf(there)]);
  }

  const correct = (ifMatch: string) =>
    post(
      store.url('/stock/PRODUCT_001/corrections'),
      { quantity: -1, reason: 'broken' },
      { headers: { 'if-match': ifMatch } },
    );
  const stock = etagOf(await request('GET', store.url('/stock/PRODUCT_001')));
  const corrections = [await correct(stock), await correct(stock)];
  const dispatch = () => request('POST', store.url('/orders/A/dispatch'), { headers: { 'if-match': etagOf(placed) } });
  const dispatches = [await dispatch(), await dispatch()];

  expect([...corrections, ...dispatches].map(({ status }) => status)).toEqual([201, 412, 200, 412]);
  expect(corrections.map((answer) => bodyOf<Problem>(answer).code)).toEqual([undefined, 'precondition_failed']);
  await store.settle();
});
