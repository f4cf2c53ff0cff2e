/** A customer cancels an order, in time or too late; its reserved or sold goods are on hand again. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { OrderBody } from '../../functions/order/representation.ts';
import {
  type Answer,
  bodyOf,
  get,
  type MovementsBody,
  type NoticeBody,
  orderIn,
  orderOf,
  type Problem,
  post,
  request,
  type StockBody,
} from './client.ts';
import { hosts, run, TestStore } from './harness.ts';

const wait = { headers: { prefer: 'wait=20' } };
const reason = 'I have changed my mind';

function seen(answer: Answer) {
  const { status, reason: why } = bodyOf<OrderBody>(answer);
  return [answer.status, status, why?.code, why?.detail, answer.headers['idempotent-replayed']];
}

function problemIn(answer: Answer) {
  const { code, detail } = bodyOf<Problem & { detail: string }>(answer);
  return [answer.status, code, detail];
}

describe.each(hosts)('a store in %s', (host) => {
  it('cancels a confirmed order once, and has its goods on hand again', async () => {
    const store = await TestStore.start(host);
    const cancel = store.url('/orders/A/cancel');
    await post(store.url('/orders'), orderOf('A', 3), wait);
    const key = { headers: { 'idempotency-key': 'cancel-a' } };

    const answers = [
      await post(cancel, { reason }, key),
      await post(cancel, { reason }, key),
      await post(cancel, { reason: 'whatever' }),
    ];

    expect(answers.map(seen)).toEqual([
      [200, 'cancelled', 'cancelled', reason, undefined],
      [200, 'cancelled', 'cancelled', reason, 'true'],
      [200, 'cancelled', 'cancelled', reason, 'true'],
    ]);
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect((await post(cancel, { reason: 'whatever' }, key)).status).toBe(422);
    await store.settle();
    const { movements } = await get<MovementsBody>(store.url('/stock/PRODUCT_001/movements'));
    expect(movements.map(({ kind, quantity }) => [kind, quantity])).toEqual([
      ['received', 10],
      ['reserved', 3],
      ['sold', 3],
      ['returned', 3],
    ]);
    expect(await get<StockBody>(store.url('/stock/PRODUCT_001'))).toMatchObject({ received: 10, onHand: 10, sold: 0 });
    const { notifications } = await get<{ notifications: readonly NoticeBody[] }>(store.url('/notifications'));
    expect(notifications.map(({ fact }) => fact)).toEqual(['OrderPlaced', 'OrderConfirmed', 'OrderCancelled']);
  });

  it('links the actions that are possible, and refuses the others', async () => {
    const store = await TestStore.start(host);
    const at = (path: string) => store.url(`/orders/A${path}`);
    await post(store.url('/orders'), orderOf('A', 3), wait);
    const linksNow = async () => Object.keys((await get<OrderBody>(at('')))._links);
    const before = await linksNow();

    const dispatched = await request('POST', at('/dispatch'));
    const again = await request('POST', at('/dispatch'));

    expect(before).toEqual(['self', 'events', 'cancel', 'dispatch']);
    expect([dispatched.status, again.status, again.headers['idempotent-replayed']]).toEqual([200, 200, 'true']);
    expect(bodyOf<OrderBody>(dispatched)).toMatchObject({ status: 'dispatched', dispatchedAt: expect.any(String) });
    expect(again.text).toBe(dispatched.text);
    expect(await linksNow()).toEqual(['self', 'events']);
    const tooLate = problemIn(await post(at('/cancel'), { reason }));
    expect(tooLate).toEqual([409, 'conflict', 'order A is dispatched and cannot be cancelled']);
    await store.settle();
    expect(await get<StockBody>(store.url('/stock/PRODUCT_001'))).toMatchObject({ onHand: 7, sold: 3 });
  });

  it('refuses to cancel or dispatch an order that is missing or rejected', async () => {
    const store = await TestStore.start(host);
    await post(store.url('/orders'), orderOf('SHORT', 11), wait);

    const answers = [
      await post(store.url('/orders/SHORT/cancel'), { reason }),
      await request('POST', store.url('/orders/SHORT/dispatch')),
      await post(store.url('/orders/UNPRIVILEGED_USER/cancel'), { reason }),
      await request('POST', store.url('/orders/UNPRIVILEGED_USER/dispatch')),
    ];

    expect(answers.map(problemIn)).toEqual([
      [409, 'conflict', 'order SHORT is rejected and cannot be cancelled'],
      [409, 'conflict', 'order SHORT is rejected and cannot be dispatched'],
      [404, 'not_found', 'there is no order UNPRIVILEGED_USER'],
      [404, 'not_found', 'there is no order UNPRIVILEGED_USER'],
    ]);
    const wrong = await Promise.all(
      [{}, { reason: '' }, { reason: 'x'.repeat(501) }, { reason, why: 'x' }].map((body) =>
        post(store.url('/orders/SHORT/cancel'), body),
      ),
    );
    expect(wrong.map(({ status }) => status)).toEqual([422, 422, 422, 422]);
    expect((await request('GET', store.url('/orders/SHORT/cancel'))).headers['allow']).toBe('POST, OPTIONS');
  });

  it('neither loses nor creates a unit when 40 orders are cancelled while they are handled', async () => {
    const store = await TestStore.start(host);
    const ids = Array.from({ length: 40 }, (_, n) => `RUSH-${n}`);

    const answers = await Promise.all(
      ids.map(async (id) => {
        await post(store.url('/orders'), orderOf(id));
        return post(store.url(`/orders/${id}/cancel`), { reason });
      }),
    );

    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status !== 200 && status !== 409)).toEqual([]);
    const { orders } = await store.settle();
    const cancelled = statuses.filter((status) => status === 200).length;
    expect([orders.byStatus['cancelled'], orders.byStatus['rejected'] ?? 0]).toEqual([cancelled, 40 - cancelled]);
    expect(await get<StockBody>(store.url('/stock/PRODUCT_001'))).toMatchObject({
      received: 10,
      onHand: 10,
      reserved: 0,
      sold: 0,
    });
  });

  it('cancels an order by topic, and dead-letters a cancellation that comes too late', async () => {
    const store = await TestStore.start(host);
    await post(store.url('/orders'), orderOf('A', 3), wait);
    await post(store.url('/orders'), orderOf('B', 1), wait);
    await request('POST', store.url('/orders/B/dispatch'));
    const event = (id: string, orderId: string) => ({
      id,
      source: '/shop',
      type: 'CancelOrder',
      time: '2026-01-02T03:04:05.678Z',
      subject: orderId,
      data: { orderId, reason },
    });
    const file = join(store.dataDir, 'cancel.json');
    writeFileSync(file, JSON.stringify([event('c-1', 'A'), event('c-2', 'B')]));

    const produced = run('dist/e2e/tools/produce.js', ['order-commands', file], { DATA_DIR: store.dataDir });
    expect(await produced.exit).toEqual({ code: 0, signal: null });

    await orderIn('cancelled', store.url('/orders/A'));
    const { orders, deadLetters } = await store.settle();
    expect(orders.byStatus).toEqual({ cancelled: 1, dispatched: 1 });
    expect(deadLetters['order']).toBe(1);
  });
});

describe('a store with an unavailable function', () => {
  it('cancels an order that inventory has not read, and reserves nothing for it afterwards', async () => {
    const store = await TestStore.start('a process each');
    await store.kill('inventory');
    await post(store.url('/orders'), orderOf('A', 3));

    const answer = await post(store.url('/orders/A/cancel'), { reason });
    await store.start(['inventory']);

    expect(seen(answer)).toEqual([200, 'cancelled', 'cancelled', reason, undefined]);
    expect((await store.settle()).orders.byStatus).toEqual({ cancelled: 1 });
    expect(await get<StockBody>(store.url('/stock/PRODUCT_001'))).toMatchObject({ onHand: 10, reserved: 0, sold: 0 });
  });
});
