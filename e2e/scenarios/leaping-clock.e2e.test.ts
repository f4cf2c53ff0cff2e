/** The machine's clock leaps by 100 days: nothing is forgotten, and `prove` has no false alarm. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { functionNames } from '../../saga/choreography.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { bodyOf, get, orderOf, post, request, type StockBody } from './client.ts';
import { hosts, TestStore } from './harness.ts';
import { MachineClock } from './machine-clock.ts';

/** How long a leap lasts: some passes of the retention. */
const LEAP_MS = 4_000;
const PASSES_MS = 2_500;
const settings = { RETENTION_EVERY_S: '1', LOG_LEVEL: 'info' };
const wait = { headers: { prefer: 'wait=20' } };

async function receive(
  store: TestStore,
  key: string,
): Promise<readonly [status: number, isReplay: boolean, onHand: number]> {
  const answer = await post(
    store.url('/stock/PRODUCT_002/receipts'),
    { quantity: 1_000 },
    { headers: { 'idempotency-key': key } },
  );
  return [answer.status, answer.headers['idempotent-replayed'] === 'true', bodyOf<StockBody>(answer).onHand];
}

async function typesOf(store: TestStore, orderId: string): Promise<readonly string[]> {
  const { events } = await get<{ events: { type: string }[] }>(store.url(`/orders/${orderId}/events`));
  return events.map(({ type }) => type);
}

async function figures(store: TestStore): Promise<readonly number[]> {
  const texts = await Promise.all(
    functionNames.map(async (name) => (await request('GET', store.url('/metrics', name))).text),
  );
  return texts.map((text) =>
    Math.round(Number(/^saga_retention_waits_seconds\{[^}]*\} (.+)$/m.exec(text)?.[1]) / 86_400),
  );
}

/** What the functions have said of the clock, in any process. */
function said(store: TestStore): readonly string[] {
  const texts = [...new Set(functionNames.map((name) => store.program(name)))].map((program) => program.stdout());
  return functionNames.flatMap((name) =>
    [...texts.join('\n').matchAll(new RegExp(`"${name}: the clock (\\w+ \\w+)`, 'g'))].map(
      ([, words]) => `${name} ${words}`,
    ),
  );
}

describe.each(hosts)('in %s, a clock that leaps by 100 days for some seconds', (host) => {
  it.each([
    ['ahead', 100],
    ['back', -100],
  ])('%s lets no key be forgotten, and no event of an order', async (_, days) => {
    const clock = new MachineClock();
    const store = await TestStore.start(host, { ...settings, ...clock.env });
    await post(store.url('/orders'), orderOf('BEFORE'), wait);
    const first = await receive(store, 'before');
    await sleep(PASSES_MS);
    clock.setBy(days);
    await waitUntil(async () => (await figures(store)).every((figure) => figure === days), { what: 'the leap' });
    await post(store.url('/orders'), orderOf('MEANWHILE'), wait);
    const second = await receive(store, 'meanwhile');
    await sleep(LEAP_MS);
    clock.setBy(0);
    await waitUntil(async () => (await figures(store)).every((figure) => figure === 0), {
      what: 'the clock to be right',
    });
    await sleep(PASSES_MS);

    const all = ['OrderPlaced', 'StockReserved', 'OrderConfirmed'];
    const onHand = second[2];
    expect([first, second]).toMatchObject([
      [201, false, onHand - 1_000],
      [201, false, onHand],
    ]);
    expect([await receive(store, 'before'), await receive(store, 'meanwhile')]).toEqual([
      [201, true, onHand - 1_000],
      [201, true, onHand],
    ]);
    expect((await get<StockBody>(store.url('/stock/PRODUCT_002'))).onHand).toBe(onHand);
    for (const orderId of ['BEFORE', 'MEANWHILE']) {
      expect((await typesOf(store, orderId)).filter((type) => all.includes(type))).toEqual(all);
    }
    await store.settle();
  });

  it('says that it waits, and is ready meanwhile', async () => {
    const clock = new MachineClock();
    const store = await TestStore.start(host, { ...settings, ...clock.env });
    await sleep(PASSES_MS);
    clock.setBy(100);
    const ahead = functionNames.map((name) => `${name} is ahead`);
    await waitUntil(() => said(store).length === functionNames.length, { what: 'each function to say so' });
    await sleep(PASSES_MS);
    const readies = await Promise.all(functionNames.map((name) => request('GET', store.url('/readyz', name))));

    expect([said(store), readies.map(({ status }) => status)]).toEqual([ahead, functionNames.map(() => 200)]);
  });
});

describe('a clock that is 100 days ahead', () => {
  it('when the store is started again and again lets no key be forgotten', async () => {
    const clock = new MachineClock();
    const store = await TestStore.start('one process', { ...settings, ...clock.env });
    const [, , onHand] = await receive(store, 'key');
    await sleep(PASSES_MS);
    clock.setBy(100);
    for (let start = 0; start < 3; start++) {
      if (start === 1) await store.kill('gateway');
      else await store.stopAll();
      await store.start();
      await sleep(PASSES_MS);
    }
    const meanwhile = await receive(store, 'key');
    clock.setBy(0);
    await sleep(PASSES_MS);

    expect([meanwhile, await receive(store, 'key')]).toEqual([
      [201, true, onHand],
      [201, true, onHand],
    ]);
    await store.settle();
  });

  it('at the first start, and is right afterwards, lets no key be forgotten', async () => {
    const clock = new MachineClock();
    clock.setBy(100);
    const store = await TestStore.start('one process', { ...settings, ...clock.env });
    const [, , early] = await receive(store, 'early');
    await sleep(PASSES_MS);
    clock.setBy(0);
    const [, , late] = await receive(store, 'late');
    await sleep(PASSES_MS);
    await store.stopAll();
    await store.start();
    await sleep(PASSES_MS);

    expect([await receive(store, 'early'), await receive(store, 'late')]).toEqual([
      [201, true, early],
      [201, true, late],
    ]);
    await store.settle();
  });
});
