/** What is available can be ordered; what is set aside for waiting orders is shown, refused to others and explained. */
import { describe, expect, it } from 'vitest';
import type { Why } from '../../functions/order/why.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { bodyOf, get, type NoticeBody, orderIn, orderOf, post, put, type StockBody } from './client.ts';
import { hosts, run, TestStore } from './harness.ts';

const FIRST = 'PRODUCT_001';
const SECOND = 'PRODUCT_002';
const wait = { headers: { prefer: 'wait=20' } };

interface Outcome {
  readonly status: string;
  readonly reason: { readonly detail: string } | null;
}

const stockOf = (store: TestStore, productId: string) => get<StockBody>(store.url(`/stock/${productId}`));

async function figuresOf(store: TestStore, productId: string) {
  const { onHand, reserved, setAside, available } = await stockOf(store, productId);
  expect(available + setAside + reserved).toBe(onHand);
  return { setAside, available };
}

/** Waits until the product has these figures: the filler looks at the queue by itself. */
async function figuresBecome(store: TestStore, productId: string, setAside: number, available: number): Promise<void> {
  const areSo = async () => {
    const now = await figuresOf(store, productId);
    return now.setAside === setAside && now.available === available;
  };
  await waitUntil(areSo, { what: `${setAside} of ${productId} to be set aside and ${available} to be available` });
}

async function outcomeOf(store: TestStore, orderId: string, quantity: number, productId: string): Promise<Outcome> {
  return bodyOf<Outcome>(await post(store.url('/orders'), orderOf(orderId, quantity, productId), wait));
}

async function receive(store: TestStore, productId: string, quantity: number): Promise<void> {
  expect((await post(store.url(`/stock/${productId}/receipts`), { quantity })).status).toBe(201);
}

/** BOTH waits for 20 units of the second product, of which there are 15, and asks for 4 of the ten of the first. */
async function placeBoth(store: TestStore): Promise<void> {
  expect((await put(store.url(`/stock/${SECOND}/policy`), { whenShort: 'wait' })).status).toBe(200);
  const items = [
    { productId: FIRST, quantity: 4, price: 10 },
    { productId: SECOND, quantity: 20, price: 10 },
  ];
  expect((await post(store.url('/orders'), { ...orderOf('BOTH'), items })).status).toBe(202);
  await orderIn('backordered', store.url('/orders/BOTH'));
}

const detailsOf = ({ waits }: Why) => waits.filter(({ kind }) => kind === 'backordered').map(({ detail }) => detail);

describe.each(hosts)('in %s, an order that is short of one of two products', (host) => {
  it('keeps that one alone: the other can be ordered to its last unit, and figure and refusal agree', async () => {
    const store = await TestStore.start(host);
    await placeBoth(store);

    expect(await figuresOf(store, FIRST)).toEqual({ setAside: 0, available: 10 });
    expect(await figuresOf(store, SECOND)).toEqual({ setAside: 15, available: 0 });
    expect((await outcomeOf(store, 'TOO-MUCH', 11, FIRST)).reason?.detail).toBe(
      'PRODUCT_001 has 10 left and 11 were asked for',
    );
    expect((await outcomeOf(store, 'ALL', 10, FIRST)).status).toBe('confirmed');
    await store.settle();
  });

  it('keeps a product that others took as soon as some arrives, and is served when all is there', async () => {
    const store = await TestStore.start(host);
    await placeBoth(store);
    expect((await outcomeOf(store, 'ALL', 10, FIRST)).status).toBe('confirmed');

    await receive(store, FIRST, 3);
    await figuresBecome(store, FIRST, 3, 0);
    expect((await outcomeOf(store, 'LATER', 1, FIRST)).reason?.detail).toBe(
      'PRODUCT_001 has 0 left and 1 were asked for',
    );
    expect(detailsOf(await get<Why>(store.url('/orders/BOTH/why')))).toEqual([
      'BOTH is at place 1 in the queue for PRODUCT_001, of which it asks for 4 and 3 are set aside for it',
      'BOTH is at place 1 in the queue for PRODUCT_002, of which it asks for 20 and 15 are set aside for it',
    ]);
    const tool = run('dist/e2e/tools/why.js', [FIRST], { GATEWAY_URL: store.url('') });
    expect([(await tool.exit).code, tool.stdout()]).toEqual([
      0,
      expect.stringContaining('PRODUCT_001 has 3 on hand: 0 reserved, 3 set aside for orders that wait, 0 available'),
    ]);

    await receive(store, SECOND, 6);
    await figuresBecome(store, SECOND, 0, 21);
    await receive(store, FIRST, 1);
    await orderIn('confirmed', store.url('/orders/BOTH'));
    await store.settle();

    expect([await figuresOf(store, FIRST), await figuresOf(store, SECOND)]).toEqual([
      { setAside: 0, available: 0 },
      { setAside: 0, available: 1 },
    ]);
    const { notifications } = await get<{ notifications: readonly NoticeBody[] }>(
      store.url('/notifications?orderId=BOTH'),
    );
    expect(notifications.map(({ fact }) => fact)).toEqual(['OrderPlaced', 'OrderBackordered', 'OrderConfirmed']);
  });

  it('leaves all units to others when it is cancelled', async () => {
    const store = await TestStore.start(host);
    await placeBoth(store);

    await post(store.url('/orders/BOTH/cancel'), { reason: 'too slow' });
    await figuresBecome(store, SECOND, 0, 15);

    expect((await outcomeOf(store, 'ALL', 15, SECOND)).status).toBe('confirmed');
    await store.settle();
  });
});

describe('a store whose inventory was killed right after goods arrived', () => {
  it('sets aside what the waiting order is short of, and nothing else', async () => {
    const store = await TestStore.start('a process each');
    await placeBoth(store);
    expect((await outcomeOf(store, 'ALL', 10, FIRST)).status).toBe('confirmed');

    await Promise.all([receive(store, FIRST, 2), receive(store, SECOND, 5)]);
    await store.kill('inventory');
    await store.start(['inventory']);

    await figuresBecome(store, FIRST, 2, 0);
    await figuresBecome(store, SECOND, 0, 20);
    expect(detailsOf(await get<Why>(store.url('/orders/BOTH/why')))).toEqual([
      'BOTH is at place 1 in the queue for PRODUCT_001, of which it asks for 4 and 2 are set aside for it',
    ]);
    await receive(store, FIRST, 2);
    await orderIn('confirmed', store.url('/orders/BOTH'));
    await store.settle();
  });
});

interface QueueBody {
  readonly backorders: readonly { readonly quantity: number; readonly short: boolean; readonly setAside: number }[];
}

/** What is wrong with the figures of a product and its queue, as a client sees them. */
async function faultsOf(store: TestStore, productId: string): Promise<readonly string[]> {
  const { available, setAside, reserved, onHand, backordered } = await stockOf(store, productId);
  const { backorders } = await get<QueueBody>(store.url(`/stock/${productId}/backorders?limit=200`));
  const sum = (numbers: readonly number[]) => numbers.reduce((total, each) => total + each, 0);
  const isThere = {
    'the figures do not add up': available + setAside + reserved !== onHand,
    'the queue sets other units aside': sum(backorders.map((place) => place.setAside)) !== setAside,
    'the queue asks for others': sum(backorders.map(({ short, quantity }) => (short ? quantity : 0))) !== backordered,
    'units lie idle': backorders.some((place) => place.short && place.setAside >= place.quantity),
  };
  return Object.entries(isThere).flatMap(([fault, is]) => (is ? [`${productId}: ${fault}`] : []));
}

describe('a store with orders, deliveries and cancellations at once, whose inventory is killed', () => {
  it('comes to rest with figures that agree, can be ordered, and leave nothing idle', async () => {
    const store = await TestStore.start('a process each');
    for (const id of [FIRST, SECOND]) await put(store.url(`/stock/${id}/policy`), { whenShort: 'wait' });
    const place = (n: number) => {
      const items = [
        { productId: FIRST, quantity: (n % 5) + 1, price: 10 },
        { productId: SECOND, quantity: ((n * 7) % 4) + 1, price: 10 },
      ].filter((_, index) => n % 3 !== index);
      return post(store.url('/orders'), { ...orderOf(`ORDER-${n}`), items });
    };
    const placed = Array.from({ length: 60 }, (_, n) => place(n));
    const moved = Array.from({ length: 30 }, async (_, n) => {
      await placed[n];
      if (n % 3 === 0) await post(store.url(`/orders/ORDER-${n}/cancel`), { reason: 'too slow' });
      else await post(store.url(`/stock/${n % 2 === 0 ? FIRST : SECOND}/receipts`), { quantity: (n % 3) + 1 });
      if (n === 20) await store.kill('inventory');
    });
    await Promise.all([...placed, ...moved]);
    await store.start(['inventory']);

    const faults = async () => (await Promise.all([FIRST, SECOND].map((id) => faultsOf(store, id)))).flat();
    await store.settle();
    await waitUntil(async () => (await faults()).length === 0, { what: 'the figures to agree' });
    for (const id of [FIRST, SECOND]) {
      await put(store.url(`/stock/${id}/policy`), { whenShort: 'reject' });
      const { available } = await stockOf(store, id);
      expect((await outcomeOf(store, `${id}-TOO-MUCH`, available + 1, id)).reason?.detail).toBe(
        `${id} has ${available} left and ${available + 1} were asked for`,
      );
      if (available > 0) expect((await outcomeOf(store, `${id}-ALL`, available, id)).status).toBe('confirmed');
    }

    for (const id of [FIRST, SECOND]) await receive(store, id, 1_000);
    const isDone = async () => (await store.settle()).orders.queued === 0;
    await waitUntil(isDone, { what: 'all waiting orders to be served' });
    expect(await faults()).toEqual([]);
  });
});
