/** An unavailable function blocks no other; what was accepted meanwhile is handled in its order. */
import { describe, expect, it } from 'vitest';
import type { OrderBody } from '../../functions/order/representation.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { bodyOf, get, type MovementsBody, type NoticeBody, orderOf, post, postSample, request } from './client.ts';
import { TestStore } from './harness.ts';

/** More than a busy machine needs to stop order before the time of an order is over. */
const DEADLINE_S = 6;
const ids = (prefix: string) => Array.from({ length: 12 }, (_, n) => `${prefix}-${String(n).padStart(2, '0')}`);

describe('a store with an unavailable function', () => {
  it.each(['SIGTERM', 'SIGKILL'] as const)(
    'lets orders wait for inventory, which answers them in the order of acceptance (%s)',
    async (signal) => {
      const store = await TestStore.start('a process each');
      store.program('inventory').signal(signal);
      await store.program('inventory').exit;

      const orders = ids('WAIT');
      for (const id of orders) expect((await post(store.url('/orders'), orderOf(id))).status).toBe(202);
      const waiting = await Promise.all(orders.map((id) => get<OrderBody>(store.url(`/orders/${id}`))));
      expect(new Set(waiting.map(({ status }) => status))).toEqual(new Set(['placed']));
      expect(store.prove().orders.waiting).toEqual({ inventory: 12, order: 0 });

      await store.start(['inventory']);
      await store.settle();

      const { movements } = await get<MovementsBody>(store.url('/stock/PRODUCT_001/movements'));
      const reserved = movements.filter(({ kind }) => kind === 'reserved').map(({ orderId }) => orderId);
      expect(reserved).toEqual(orders.slice(0, 10));
      const done = await Promise.all(orders.map((id) => get<OrderBody>(store.url(`/orders/${id}`))));
      const byTime = done.toSorted((a, b) => a.updatedAt.localeCompare(b.updatedAt)).map(({ orderId }) => orderId);
      expect(byTime).toEqual(orders);
      expect(done.map(({ status }) => status)).toEqual([...Array(10).fill('confirmed'), 'rejected', 'rejected']);
    },
  );

  it('confirms an order whose answer came while order was away, although its time is over', async () => {
    const store = await TestStore.create('a process each', { ORDER_DEADLINE_S: String(DEADLINE_S) });
    await store.start(['order', 'gateway']);
    await postSample(store.url('/orders'), 1);
    const overAt = Date.now() + DEADLINE_S * 1_000;
    await store.stop('order');
    await store.start(['inventory']);
    await waitUntil(() => store.ledger().orders.waiting.inventory === 0, { what: 'inventory to answer' });
    await waitUntil(() => Date.now() > overAt, { what: 'the time of the order to be over' });

    await store.start(['order', 'notification']);

    expect((await store.settle()).orders.byStatus).toEqual({ confirmed: 1 });
  });

  it('completes orders that were placed before the first start of inventory', async () => {
    const store = await TestStore.create('a process each');
    await store.start(['order', 'gateway']);
    await postSample(store.url('/orders'), 1);

    await store.start(['inventory', 'notification']);

    expect((await store.settle()).orders.byStatus).toEqual({ confirmed: 1 });
  });

  it('completes orders without notification, which sends each notice once after its restart', async () => {
    const store = await TestStore.start('a process each');
    await store.kill('notification');

    const orders = ids('QUIET').slice(0, 6);
    for (const id of orders) {
      const answer = await post(store.url('/orders'), orderOf(id), { headers: { prefer: 'wait=20' } });
      expect([answer.status, bodyOf<OrderBody>(answer).status]).toEqual([200, 'confirmed']);
    }
    const unavailable = await request('GET', store.url('/notifications'));
    expect([unavailable.status, Number(unavailable.headers['retry-after']) > 0]).toEqual([503, true]);

    await store.start(['notification']);
    await store.settle();

    const { notifications } = await get<{ notifications: NoticeBody[] }>(store.url('/notifications'));
    const facts = notifications.map(({ orderId, fact }) => `${orderId} ${fact}`);
    expect(facts).toEqual(orders.flatMap((id) => [`${id} OrderPlaced`, `${id} OrderConfirmed`]));
  });

  it('answers 503 with Retry-After while order is unavailable, and the same key then makes one order', async () => {
    const store = await TestStore.start('a process each', { GATEWAY_RETRIES: '2' });
    await store.stop('order');

    const refused = await postSample(store.url('/orders'), 1);
    const { code } = JSON.parse(refused.text) as { code: string };
    expect([refused.status, code, Number(refused.headers['retry-after']) > 0]).toEqual([503, 'unavailable', true]);
    const readable = await request('GET', store.url('/stock'));
    expect(readable.status).toBe(200);

    await store.start(['order']);
    const answers = [await postSample(store.url('/orders'), 1), await postSample(store.url('/orders'), 1)];

    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    const { orders, products } = await store.settle();
    expect(orders.byStatus).toEqual({ confirmed: 1 });
    expect(products.map(({ level }) => level?.onHand)).toEqual([7, 13]);
  });

  it('retries a write with a key while order starts', async () => {
    const store = await TestStore.start('a process each', { GATEWAY_RETRIES: '10' });
    await store.kill('order');

    const posted = postSample(store.url('/orders'), 1);
    await store.start(['order']);

    expect((await posted).status).toBe(202);
    expect((await store.settle()).orders.byStatus).toEqual({ confirmed: 1 });
  });

  it('answers, and waits for nothing, while inventory is frozen for 5 s', async () => {
    // What waited for inventory would wait until it is thawed, which is after all answers.
    const store = await TestStore.start('a process each', { GATEWAY_TIMEOUT_MS: '600000' });
    store.program('inventory').signal('SIGSTOP');
    const thawAtMs = performance.now() + 5_000;

    let posted = 0;
    // More orders than there are units; how many a second is for the bench.
    while (performance.now() < thawAtMs || posted <= 10) {
      const order = await post(store.url('/orders'), orderOf(`FROZEN-${posted}`));
      const notices = await request('GET', store.url('/notifications?limit=5'));
      const orders = await request('GET', store.url('/orders?limit=5'));
      expect([order.status, notices.status, orders.status]).toEqual([202, 200, 200]);
      posted += 1;
    }
    const factsOf = async (url: string) =>
      (await get<{ notifications: NoticeBody[] }>(url)).notifications.map(({ fact }) => fact);
    await waitUntil(async () => (await factsOf(store.url('/notifications?orderId=FROZEN-0'))).join() === 'OrderPlaced');
    store.prove();
    store.program('inventory').signal('SIGCONT');

    await waitUntil(() => store.ledger().orders.byStatus['placed'] === undefined);
    expect((await store.settle()).orders.byStatus).toEqual({ confirmed: 10, rejected: posted - 10 });
  });
});
