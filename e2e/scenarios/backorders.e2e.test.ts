/** Orders that wait for goods: first come first served, also when functions are killed, and until their deadline. */
import { describe, expect, it } from 'vitest';
import { bodyOf, get, type NoticeBody, orderIn, orderOf, post, put, request, type StockBody } from './client.ts';
import { hosts, TestStore } from './harness.ts';

const PRODUCT = '/stock/PRODUCT_001';
const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, n) => `${prefix}-${n}`);

interface QueueBody {
  readonly backorders: readonly {
    readonly orderId: string;
    readonly quantity: number;
    readonly place: number;
    readonly short: boolean;
    readonly setAside: number;
  }[];
  readonly _links: { readonly next?: { readonly href: string } };
}

/** Lets orders of the product wait when its ten units are short. */
async function waitWhenShort(store: TestStore): Promise<void> {
  expect((await put(store.url(`${PRODUCT}/policy`), { whenShort: 'wait' })).status).toBe(200);
}

async function placeWaiting(store: TestStore, orderId: string, quantity: number): Promise<void> {
  expect((await post(store.url('/orders'), orderOf(orderId, quantity))).status).toBe(202);
  await orderIn('backordered', store.url(`/orders/${orderId}`));
}

async function receive(store: TestStore, quantity: number): Promise<void> {
  expect((await post(store.url(`${PRODUCT}/receipts`), { quantity })).status).toBe(201);
}

const queueOf = (store: TestStore, query = '') => get<QueueBody>(store.url(`${PRODUCT}/backorders${query}`));
const stockOf = (store: TestStore) => get<StockBody>(store.url(PRODUCT));

describe.each(hosts)('a store in %s', (host) => {
  it('lets an order wait for goods, shows its place in the queue, and confirms it when they arrive', async () => {
    const store = await TestStore.start(host);
    await waitWhenShort(store);

    await placeWaiting(store, 'LARGE', 12);
    await placeWaiting(store, 'SMALL', 1);

    const figures = { onHand: 10, reserved: 0, available: 0, setAside: 10, whenShort: 'wait', backordered: 13 };
    expect(await stockOf(store)).toMatchObject(figures);
    const queue = await queueOf(store, '?limit=1');
    expect(queue.backorders).toEqual([{ orderId: 'LARGE', quantity: 12, place: 1, short: true, setAside: 10 }]);
    const next = await get<QueueBody>(store.url(queue._links.next?.href ?? ''));
    expect(next.backorders).toEqual([{ orderId: 'SMALL', quantity: 1, place: 2, short: true, setAside: 0 }]);
    expect((await store.settle()).orders.queued).toBe(2);

    await receive(store, 3);
    await orderIn('confirmed', store.url('/orders/LARGE'));
    await orderIn('confirmed', store.url('/orders/SMALL'));

    await store.settle();
    expect(await stockOf(store)).toMatchObject({ received: 13, onHand: 0, sold: 13, backordered: 0 });
    expect((await queueOf(store)).backorders).toEqual([]);
    const { notifications } = await get<{ notifications: readonly NoticeBody[] }>(
      store.url('/notifications?orderId=LARGE'),
    );
    expect(notifications.map(({ fact }) => fact)).toEqual(['OrderPlaced', 'OrderBackordered', 'OrderConfirmed']);
  });

  it('reserves arriving goods for a large order that came first, however many small orders come later', async () => {
    const store = await TestStore.start(host);
    await waitWhenShort(store);
    await placeWaiting(store, 'LARGE', 15);
    for (const id of ids('SMALL', 5)) await placeWaiting(store, id, 1);

    for (let n = 0; n < 4; n++) await receive(store, 1);
    await store.settle();
    expect((await stockOf(store)).reserved).toBe(0);

    await receive(store, 1);
    await orderIn('confirmed', store.url('/orders/LARGE'));
    expect((await store.settle()).orders.byStatus).toEqual({ backordered: 5, confirmed: 1 });

    await receive(store, 5);
    for (const id of ids('SMALL', 5)) await orderIn('confirmed', store.url(`/orders/${id}`));
    expect((await store.settle()).orders.byStatus).toEqual({ confirmed: 6 });
  });

  it('confirms the next order when a waiting one is cancelled', async () => {
    const store = await TestStore.start(host);
    await waitWhenShort(store);
    await placeWaiting(store, 'LARGE', 11);
    await placeWaiting(store, 'SMALL', 10);

    await post(store.url('/orders/LARGE/cancel'), { reason: 'too slow' });

    await orderIn('confirmed', store.url('/orders/SMALL'));
    expect((await store.settle()).orders.byStatus).toEqual({ cancelled: 1, confirmed: 1 });
  });

  it('rejects an order whose goods do not arrive before its deadline', async () => {
    const store = await TestStore.start(host, { BACKORDER_DEADLINE_S: '1' });
    await waitWhenShort(store);

    const headers = { prefer: 'wait=20' };
    const answer = await post(store.url('/orders'), orderOf('LATE', 11), { headers });

    const { status, reason } = bodyOf<{ status: string; reason: { code: string } }>(answer);
    expect([answer.status, status, reason.code]).toEqual([200, 'rejected', 'expired']);
    await store.settle();
    expect(await stockOf(store)).toMatchObject({ onHand: 10, reserved: 0, backordered: 0 });
  });

  it('rejects an order that is also short of a product without a queue', async () => {
    const store = await TestStore.start(host);
    await waitWhenShort(store);

    const items = [
      { productId: 'PRODUCT_001', quantity: 11, price: 10 },
      { productId: 'PRODUCT_002', quantity: 16, price: 10 },
    ];
    const headers = { prefer: 'wait=20' };
    const answer = await post(store.url('/orders'), { ...orderOf('BOTH'), items }, { headers });

    expect(bodyOf(answer)).toMatchObject({
      status: 'rejected',
      reason: { code: 'out_of_stock', productIds: ['PRODUCT_002'] },
    });
    await store.settle();
  });

  it('refuses an invalid policy', async () => {
    const store = await TestStore.start(host);

    const answers = [
      await put(store.url('/stock/NOTHING/policy'), { whenShort: 'wait' }),
      await put(store.url(`${PRODUCT}/policy`), { whenShort: 'pray' }),
      await put(store.url(`${PRODUCT}/policy`), {}),
      await request('GET', store.url('/stock/NOTHING/backorders')),
      await request('GET', store.url(`${PRODUCT}/policy`)),
    ];

    expect(answers.map(({ status }) => status)).toEqual([404, 422, 422, 404, 405]);
    expect(answers.at(-1)?.headers['allow']).toBe('PUT, OPTIONS');
  });
});

describe('a store with a killed function', () => {
  it('fulfils the orders that waited before, also with goods that came just before the kill', async () => {
    const store = await TestStore.start('a process each');
    await waitWhenShort(store);
    await placeWaiting(store, 'FIRST', 11);
    await placeWaiting(store, 'SECOND', 3);

    await receive(store, 1);
    await store.kill('inventory');
    await store.start(['inventory']);
    await orderIn('confirmed', store.url('/orders/FIRST'));
    await store.kill('inventory');
    await store.start(['inventory']);
    await receive(store, 3);

    await orderIn('confirmed', store.url('/orders/SECOND'));
    expect((await store.settle()).orders.byStatus).toEqual({ confirmed: 2 });
  });

  it('rejects an order that inventory does not answer in time, and reserves nothing for it later', async () => {
    const store = await TestStore.start('a process each', { ORDER_DEADLINE_S: '1' });
    await store.kill('inventory');

    await post(store.url('/orders'), orderOf('LATE', 3));
    const { reason } = await orderIn('rejected', store.url('/orders/LATE'));
    await store.start(['inventory']);

    expect(reason?.code).toBe('expired');
    expect((await store.settle()).orders.byStatus).toEqual({ rejected: 1 });
    expect(await stockOf(store)).toMatchObject({ onHand: 10, reserved: 0, sold: 0 });
  });

  it('meets a deadline although order was killed meanwhile', async () => {
    // Long enough for the order to be seen waiting.
    const store = await TestStore.start('a process each', { BACKORDER_DEADLINE_S: '5' });
    await waitWhenShort(store);
    await placeWaiting(store, 'LATE', 11);

    await store.kill('order');
    await store.start(['order']);

    expect((await orderIn('rejected', store.url('/orders/LATE'))).reason?.code).toBe('expired');
    await store.settle();
    expect((await queueOf(store)).backorders).toEqual([]);
  });
});
