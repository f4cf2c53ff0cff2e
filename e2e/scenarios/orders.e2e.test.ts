/** Placing orders: an order posted any number of times is one order. */
import { describe, expect, it } from 'vitest';
import type { OrderBody } from '../../functions/order/representation.ts';
import { sampleOrders } from '../tools/orders.ts';
import {
  bodyOf,
  get,
  oneConnection,
  orderOf,
  type Problem,
  post,
  postSample,
  type StockBody,
  storyAt,
} from './client.ts';
import { hostsAndThreads, TestStore } from './harness.ts';

const first = sampleOrders[1];

describe.each(hostsAndThreads)('a store in %s', (host) => {
  it('takes ORDER_001 once when it is posted 20 times at once over two connections and five times later', async () => {
    const store = await TestStore.start(host, { KAFKA_PARTITIONS: '3' });
    const url = store.url('/orders');
    const connections = [oneConnection(), oneConnection()];

    const atOnce = await Promise.all(
      Array.from({ length: 20 }, (_, n) => postSample(url, 1, { agent: connections[n % 2] ?? oneConnection() })),
    );
    await store.settle();
    const later = [];
    for (let n = 0; n < 5; n++) later.push(await postSample(url, 1));
    for (const agent of connections) agent.destroy();

    const all = [...atOnce, ...later];
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([202]));
    expect(new Set(all.map(({ text }) => text)).size).toBe(1);
    expect(new Set(all.map(({ headers }) => headers['location']))).toEqual(new Set(['/orders/ORDER_001']));
    expect(atOnce.filter(({ headers }) => headers['idempotent-replayed'] === 'true')).toHaveLength(19);
    expect(later.filter(({ headers }) => headers['idempotent-replayed'] === 'true')).toHaveLength(5);
    const { orders } = await store.settle();
    expect(orders.byStatus).toEqual({ confirmed: 1 });
    expect(await storyAt(store.url(''))).toEqual({
      onHand: { PRODUCT_001: 7, PRODUCT_002: 13 },
      orders: { ORDER_001: 'confirmed' },
      notices: ['ORDER_001 OrderConfirmed', 'ORDER_001 OrderPlaced'],
    });
  });

  it('answers with the outcome when the client prefers to wait, and leaves 5 and 13 after both orders', async () => {
    const store = await TestStore.start(host, { KAFKA_PARTITIONS: '3' });
    const url = store.url('/orders');
    const headers = { prefer: 'wait=20' };

    const answers = [
      await postSample(url, 1, { headers }),
      await postSample(url, 1, { headers }),
      await postSample(url, 2, { headers }),
    ];

    const seen = answers.map((answer) => {
      const { orderId, status, totalPrice } = bodyOf<OrderBody>(answer);
      const { 'preference-applied': preference, 'idempotent-replayed': replayed } = answer.headers;
      return { http: answer.status, orderId, status, totalPrice, preference, replayed };
    });
    const common = { http: 200, status: 'confirmed', preference: 'wait=20' };
    expect(seen).toEqual([
      { ...common, orderId: 'ORDER_001', totalPrice: '40.00', replayed: undefined },
      { ...common, orderId: 'ORDER_001', totalPrice: '40.00', replayed: 'true' },
      { ...common, orderId: 'ORDER_002', totalPrice: '20.00', replayed: undefined },
    ]);
    expect(answers[0]?.text).toBe(answers[1]?.text);
    await store.settle();
    expect((await storyAt(store.url(''))).onHand).toEqual({ PRODUCT_001: 5, PRODUCT_002: 13 });
  });

  it('refuses another body under a used key or a used order id', async () => {
    const store = await TestStore.start(host, { KAFKA_PARTITIONS: '3' });
    const url = store.url('/orders');
    const key = { 'idempotency-key': first.idempotencyKey };
    await postSample(url, 1);

    const { orderId: _orderId, ...withoutId } = first.body;
    const problems = [
      await post(
        url,
        { ...first.body, customerId: first.body.customerId, totalQuantity: 5, orderId: 'ORDER_009' },
        { headers: key },
      ),
      await post(url, orderOf('ORDER_001', 1)),
      await post(url, orderOf('ORDER_001', 1), { headers: { 'idempotency-key': 'another' } }),
    ].map(({ status, text }) => ({ status, code: (JSON.parse(text) as Problem).code }));

    expect(problems).toEqual([
      { status: 422, code: 'idempotency_key_reused' },
      { status: 422, code: 'order_id_reused' },
      { status: 422, code: 'order_id_reused' },
    ]);
    expect((await post(url, withoutId, { headers: key })).status).toBe(422);
    await store.settle();
    expect((await storyAt(store.url(''))).onHand).toEqual({ PRODUCT_001: 7, PRODUCT_002: 13 });
  });

  it('accepts a key in quotes, an order without a key, and the same key of two customers', async () => {
    const store = await TestStore.start(host, { KAFKA_PARTITIONS: '3' });
    const url = store.url('/orders');
    const anonymous = { customerId: 'CUSTOMER_001', items: orderOf('x').items };

    const answers = [
      await post(url, anonymous, { headers: { 'idempotency-key': '"key-1"' } }),
      await post(url, anonymous, { headers: { 'idempotency-key': 'key-1' } }),
      await post(url, { ...anonymous, customerId: 'CUSTOMER_002' }, { headers: { 'idempotency-key': 'key-1' } }),
      await post(url, orderOf('ORDER_003')),
      await post(url, orderOf('ORDER_003')),
    ];

    expect(answers.map(({ status, headers }) => [status, headers['idempotent-replayed']])).toEqual([
      [202, undefined],
      [202, 'true'],
      [202, undefined],
      [202, undefined],
      [202, 'true'],
    ]);
    const [one, two, three] = answers.map((answer) => bodyOf<OrderBody>(answer).orderId);
    expect([one === two, one === three]).toEqual([true, false]);
    expect((await store.settle()).orders.byStatus).toEqual({ confirmed: 3 });
  });

  it('sells exactly ten units to 100 concurrent orders, and the stock adds up at any time', async () => {
    const store = await TestStore.start(host, { KAFKA_PARTITIONS: '3' });
    const seen: StockBody[] = [];
    let isPosting = true;
    const polling = (async () => {
      while (isPosting) seen.push(await get<StockBody>(store.url('/stock/PRODUCT_001', 'inventory')));
    })();

    const headers = { prefer: 'wait=30' };
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, n) => post(store.url('/orders'), orderOf(`RUSH-${n}`), { headers })),
    );
    isPosting = false;
    await polling;

    const outcomes = answers
      .map((answer) => bodyOf<OrderBody>(answer))
      .map(({ status, reason }) => [status, reason?.code]);
    expect(outcomes.filter(([status]) => status === 'confirmed')).toHaveLength(10);
    expect(outcomes.filter(([, code]) => code === 'out_of_stock')).toHaveLength(90);
    const wrong = seen.filter(
      ({ received, onHand, reserved, available, sold }) =>
        received !== onHand + sold ||
        available !== onHand - reserved ||
        Math.min(onHand, reserved, available, sold) < 0,
    );
    expect(wrong).toEqual([]);
    expect(seen.length).toBeGreaterThan(0);
    const { orders, notices } = await store.settle();
    expect([orders.byStatus, notices.byStatus]).toEqual([{ confirmed: 10, rejected: 90 }, { sent: 200 }]);
  });
});
