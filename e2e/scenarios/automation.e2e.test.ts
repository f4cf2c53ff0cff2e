/** Test automation: disabled by default, seeds once, and resets the store any number of times. */
import { describe, expect, it } from 'vitest';
import { orderOf, post, postSample, request, storyAt } from './client.ts';
import { hosts, TestStore } from './harness.ts';

const wait = { headers: { prefer: 'wait=20' } };
const routes = [
  ['POST', '/automation-testing/seed'],
  ['GET', '/automation-testing/ready'],
  ['DELETE', '/automation-testing/all'],
] as const;
const functions = ['gateway', 'order', 'inventory', 'notification'] as const;

describe.each(hosts)('automation of a store in %s', (host) => {
  it('is unavailable unless it is enabled', async () => {
    const store = await TestStore.start(host, { ENABLE_AUTOMATION: '' });

    const answers = await Promise.all(
      functions.flatMap((part) => routes.map(([method, path]) => request(method, store.url(path, part)))),
    );

    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
    expect((await storyAt(store.url(''))).onHand).toEqual({});
  });

  it('seeds twice and changes nothing the second time', async () => {
    const store = await TestStore.start(host);

    const answers = [
      await request('POST', store.url('/automation-testing/seed', 'inventory')),
      await request('POST', store.url('/automation-testing/seed', 'inventory')),
      await request('POST', store.url('/automation-testing/seed')),
      await request('GET', store.url('/automation-testing/ready')),
    ];

    const seeded = '{"seeded":["PRODUCT_001","PRODUCT_002"]}';
    expect(answers.map(({ text }) => text)).toEqual([seeded, seeded, seeded, '{"ready":true}']);
    expect((await storyAt(store.url(''))).onHand).toEqual({ PRODUCT_001: 10, PRODUCT_002: 15 });
    expect(store.prove().products.map(({ moved }) => moved.movements)).toEqual([1, 1]);
  });

  it('removes everything, and the same orders then have the same outcome', async () => {
    const store = await TestStore.start(host);
    const gateway = store.url('');

    const stories = [];
    for (let round = 0; round < 3; round++) {
      await postSample(store.url('/orders'), 1, wait);
      await postSample(store.url('/orders'), 2, wait);
      await store.settle();
      stories.push(await storyAt(gateway));
      const removed = await request('DELETE', store.url('/automation-testing/all'));
      expect(removed.status).toBe(204);
      store.prove();
      stories.push(await storyAt(gateway));
      await request('POST', store.url('/automation-testing/seed'));
    }

    const full = {
      onHand: { PRODUCT_001: 5, PRODUCT_002: 13 },
      orders: { ORDER_001: 'confirmed', ORDER_002: 'confirmed' },
      notices: [
        'ORDER_001 OrderConfirmed',
        'ORDER_001 OrderPlaced',
        'ORDER_002 OrderConfirmed',
        'ORDER_002 OrderPlaced',
      ],
    };
    const empty = { onHand: {}, orders: {}, notices: [] };
    expect(stories).toEqual([full, empty, full, empty, full, empty]);
  });

  it('removes everything while orders are handled, and nothing of it comes back', async () => {
    const store = await TestStore.start(host);
    const ids = Array.from({ length: 60 }, (_, n) => `LOST-${n}`);
    await Promise.all(ids.map((id) => post(store.url('/orders'), orderOf(id))));

    await request('DELETE', store.url('/automation-testing/all'));
    await request('POST', store.url('/automation-testing/seed'));
    await postSample(store.url('/orders'), 2, wait);

    await store.settle();
    expect(await storyAt(store.url(''))).toEqual({
      onHand: { PRODUCT_001: 8, PRODUCT_002: 15 },
      orders: { ORDER_002: 'confirmed' },
      notices: ['ORDER_002 OrderConfirmed', 'ORDER_002 OrderPlaced'],
    });
  });

  it.each(['order', 'inventory', 'notification'] as const)('removes the data of %s alone', async (part) => {
    const store = await TestStore.start(host);
    await postSample(store.url('/orders'), 1, wait);
    await store.settle();

    await request('DELETE', store.url('/automation-testing/all', part));
    store.prove();
    await request('POST', store.url('/automation-testing/seed'));
    await postSample(store.url('/orders'), 2, wait);

    const { orders } = await store.settle();
    expect(orders.byStatus).toEqual({ confirmed: part === 'order' ? 1 : 2 });
  });
});
