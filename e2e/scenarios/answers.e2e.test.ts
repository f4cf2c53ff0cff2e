/** What clients are told of an order: as it is at that moment, and at the times of the store's own clock. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { OrderBody } from '../../functions/order/representation.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { type Answer, bodyOf, get, orderIn, orderOf, post, put, request } from './client.ts';
import { writeForeign } from './foreign-records.ts';
import { hosts, isOnKafka, run, TestStore } from './harness.ts';

const HOUR_MS = 3_600_000;
const TOO_MUCH = 11;

async function waitWhenShort(store: TestStore): Promise<void> {
  expect((await put(store.url('/stock/PRODUCT_001/policy'), { whenShort: 'wait' })).status).toBe(200);
}

/** Waits until an order that is being posted waits for goods. */
async function backordered(url: string): Promise<OrderBody> {
  await waitUntil(async () => (await request('GET', url)).status === 200);
  return orderIn('backordered', url);
}

/** Shifts the clock of order. */
async function shift(store: TestStore, clockShiftMs: number): Promise<void> {
  const answer = await post(store.url('/automation-testing/faults', 'order'), { clockShiftMs });
  expect(answer.status).toBe(200);
}

function seen(answer: Answer) {
  const { status, version } = bodyOf<OrderBody>(answer);
  return [answer.status, status, version, answer.headers['preference-applied']];
}

function commandOf(orderId: string) {
  const lines = [{ productId: 'PRODUCT_001', quantity: 1, priceMinor: 1000 }];
  const data = { orderId, customerId: 'CUSTOMER_001', currency: 'EUR', lines };
  return { id: `c-${orderId}`, source: '/shop', type: 'PlaceOrder', subject: orderId, data };
}

async function produce(store: TestStore, ...events: readonly object[]): Promise<void> {
  const file = join(store.dataDir, 'events.json');
  writeFileSync(file, JSON.stringify(events));
  const produced = run('dist/e2e/tools/produce.js', ['order-commands', file], { DATA_DIR: store.dataDir });
  expect([await produced.exit, produced.stderr()]).toEqual([{ code: 0, signal: null }, '']);
}

describe.each(hosts)('a store in %s', (host) => {
  it('answers a client that has waited in vain, and one that waits when it stops, with the order as it is', async () => {
    const store = await TestStore.start(host);
    await waitWhenShort(store);
    const inVain = await post(store.url('/orders'), orderOf('VAIN', TOO_MUCH), { headers: { prefer: 'wait=4' } });
    const interrupted = post(store.url('/orders', 'order'), orderOf('STOPPED', TOO_MUCH), {
      headers: { prefer: 'wait=30' },
    });
    await backordered(store.url('/orders/STOPPED'));
    await store.stop('order');

    expect([seen(inVain), seen(await interrupted)]).toEqual([
      [202, 'backordered', 2, undefined],
      [202, 'backordered', 2, undefined],
    ]);
  });

  it('never changes an order before it was placed, however its clock is set back', async () => {
    const store = await TestStore.start(host);
    await waitWhenShort(store);
    const url = store.url('/orders/BACK');
    const waiting = post(store.url('/orders'), orderOf('BACK', TOO_MUCH), { headers: { prefer: 'wait=20' } });
    const placed = await backordered(url);
    await shift(store, -HOUR_MS);
    await post(store.url('/stock/PRODUCT_001/receipts'), { quantity: 1 });
    const confirmed = bodyOf<OrderBody>(await waiting);
    await shift(store, -2 * HOUR_MS);
    const dispatched = bodyOf<OrderBody>(await request('POST', `${url}/dispatch`));

    expect([placed, confirmed, dispatched].map(({ version }) => version)).toEqual([2, 3, 4]);
    expect([confirmed.updatedAt, dispatched.updatedAt]).toEqual([placed.updatedAt, placed.updatedAt]);
    expect(dispatched.updatedAt >= dispatched.placedAt && dispatched.updatedAt >= String(dispatched.dispatchedAt)).toBe(
      true,
    );
    expect(await get<OrderBody>(url)).toEqual(dispatched);
    await store.settle();
  });
});

it('places the orders of another system when it receives them, whatever time they have, and keeps that beside', async () => {
  const store = await TestStore.create('a process each');
  const times = {
    NONE: [undefined, null],
    FUTURE: ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
    PAST: ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    OFFSET: ['2026-01-02t05:04:05.5+02:00', '2026-01-02T03:04:05.500Z'],
    LEAP: ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
  } as const;
  const from = new Date().toISOString();
  await produce(store, ...Object.entries(times).map(([id, [time]]) => ({ ...commandOf(id), time })));
  const to = new Date().toISOString();
  await sleep(50);
  await store.start();
  await produce(store, ...Object.keys(times).map((id) => ({ ...commandOf(id), time: '2027-01-01T00:00:00Z' })));

  for (const [id, [, requestedAt]] of Object.entries(times)) {
    const order = await orderIn('confirmed', store.url(`/orders/${id}`));
    const isReceipt = from <= order.placedAt && order.placedAt <= to;
    expect([id, order.requestedAt, isReceipt, order.updatedAt > to]).toEqual([id, requestedAt, true, true]);
  }
  const { orders, deadLetters } = await store.settle();
  expect([orders.byStatus, deadLetters['order']]).toEqual([{ confirmed: 5 }, 0]);
});

it('places an order that another program has written to the topic itself when it is received, not at the time it has', async () => {
  const store = await TestStore.create('a process each');
  await produce(store, commandOf('FIRST'));
  const times = { TIMED: '9999-12-31T23:59:59Z', TIMELESS: undefined };
  const fromBroker = new Date().toISOString();
  for (const [id, time] of Object.entries(times)) {
    const { data, ...attributes } = commandOf(id);
    await writeForeign(store, { attributes: { ...attributes, specversion: '1.0', time }, data: JSON.stringify(data) });
  }
  // A broker notes when it has received a record. A file notes nothing, and what is in it is received when it is read.
  const from = isOnKafka ? fromBroker : new Date().toISOString();
  await store.start();

  for (const id of ['TIMED', 'TIMELESS']) {
    const { placedAt, updatedAt } = await orderIn('confirmed', store.url(`/orders/${id}`));
    expect([id, from <= placedAt && placedAt <= updatedAt && updatedAt <= new Date().toISOString()]).toEqual([
      id,
      true,
    ]);
  }
  await store.settle();
});
