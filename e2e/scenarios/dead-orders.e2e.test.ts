/** An order one of whose messages was given up: a person repairs the cause and replays it, or takes the order back. */
import { describe, expect, it } from 'vitest';
import type { OrderBody } from '../../functions/order/representation.ts';
import type { Why } from '../../functions/order/why.ts';
import type { DeadLetterBody, DeadLetterSummaryBody, ReplayedBody } from '../../shared/runtime/dead-letters/schemas.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { bodyOf, get, orderOf, post, request, type StockBody } from './client.ts';
import { hosts, TestStore } from './harness.ts';

const by = { who: 'ann', reason: 'the bug is mended' };
const path = '/operations/inventory/dead-letters';
const quick = { RETRY_FIRST_MS: '5' };

async function poison(store: TestStore, subject: string | null): Promise<void> {
  const body = { poison: subject === null ? null : { subject, as: 'bug' } };
  expect((await post(store.url('/automation-testing/faults', 'inventory'), body)).status).toBe(200);
}

async function letters(store: TestStore, count: number, status = 'open'): Promise<readonly DeadLetterSummaryBody[]> {
  let found: readonly DeadLetterSummaryBody[] = [];
  await waitUntil(async () => {
    found = (await get<{ letters: DeadLetterSummaryBody[] }>(store.url(`${path}?status=${status}`))).letters;
    return found.length === count;
  });
  return found;
}

/** Places an order whose messages inventory gives up. */
async function deadOrder(store: TestStore, orderId: string): Promise<string> {
  await poison(store, orderId);
  const before = (await get<{ letters: DeadLetterSummaryBody[] }>(store.url(path))).letters.length;
  await post(store.url('/orders'), orderOf(orderId));
  return (await letters(store, before + 1)).at(-1)?.letter ?? '';
}

function statusOf(store: TestStore, orderId: string): Promise<string> {
  return get<OrderBody>(store.url(`/orders/${orderId}`)).then(({ status }) => status);
}

describe.each(hosts)('in %s, an order whose message was given up', (host) => {
  it('completes when the cause is mended and the letter is replayed, and its books are right', async () => {
    const store = await TestStore.start(host, quick);
    const letter = await deadOrder(store, 'DEAD');
    const stillBroken = await post(store.url(`${path}/${letter}/replay`), by);
    await letters(store, 1);
    const after = await get<DeadLetterBody>(store.url(`${path}/${letter}`));

    await poison(store, null);
    await post(store.url(`${path}/${letter}/replay`), by);
    await store.settle();

    expect([stillBroken.status, after.replays, after.attempts]).toEqual([200, 1, 4]);
    expect([await statusOf(store, 'DEAD'), (await letters(store, 1, 'replayed'))[0]?.letter]).toEqual([
      'confirmed',
      letter,
    ]);
  });

  it('is taken back by compensate: the order is cancelled, nothing stays held, and what waited behind goes on', async () => {
    const store = await TestStore.start(host, quick);
    const letter = await deadOrder(store, 'DEAD');
    await poison(store, null);

    const answer = await post(store.url(`${path}/${letter}/compensate`), { ...by, reason: 'cannot be delivered' });
    const again = await post(store.url(`${path}/${letter}/compensate`), by);
    await store.settle();

    const { onHand, reserved } = await get<StockBody>(store.url('/stock/PRODUCT_001'));
    expect([answer.status, again.status, await statusOf(store, 'DEAD')]).toEqual([200, 409, 'cancelled']);
    expect([onHand, reserved]).toEqual([10, 0]);
    expect((await letters(store, 1, 'compensated'))[0]?.letter).toBe(letter);
    expect((await get<OrderBody>(store.url('/orders/DEAD'))).reason?.detail).toBe('cannot be delivered');
  });

  it('completes when the message is edited, and its books are right', async () => {
    const store = await TestStore.start(host, quick);
    const letter = await deadOrder(store, 'DEAD');
    await poison(store, null);
    const { value } = await get<DeadLetterBody>(store.url(`${path}/${letter}`));
    const data = { ...(JSON.parse(value) as object), customerId: 'CUSTOMER_002' };

    const answer = await post(store.url(`${path}/${letter}/edit`), { ...by, data });
    await store.settle();

    expect([answer.status, await statusOf(store, 'DEAD')]).toEqual([200, 'confirmed']);
  });

  it('that was cancelled meanwhile keeps its cancellation behind it, and holds nothing after the replay', async () => {
    const store = await TestStore.start(host, quick);
    const letter = await deadOrder(store, 'DEAD');
    await poison(store, null);
    expect((await post(store.url('/orders/DEAD/cancel'), { reason: 'changed my mind' })).status).toBe(200);
    await waitUntil(async () => (await get<DeadLetterBody>(store.url(`${path}/${letter}`))).behind === 1);

    await post(store.url(`${path}/${letter}/replay`), by);
    await store.settle();

    const { onHand, reserved, sold } = await get<StockBody>(store.url('/stock/PRODUCT_001'));
    expect([await statusOf(store, 'DEAD'), onHand, reserved, sold]).toEqual(['cancelled', 10, 0, 0]);
  });

  it('ends at its deadline although nobody decides, and holds nothing once somebody does', async () => {
    const store = await TestStore.start(host, { ...quick, ORDER_DEADLINE_S: '2' });
    const letter = await deadOrder(store, 'DEAD');
    await poison(store, null);
    await waitUntil(async () => (await statusOf(store, 'DEAD')) === 'rejected');
    const { reason } = await get<OrderBody>(store.url('/orders/DEAD'));

    await post(store.url(`${path}/${letter}/replay`), by);
    await store.settle();

    const { onHand, reserved, sold } = await get<StockBody>(store.url('/stock/PRODUCT_001'));
    expect([reason?.code, onHand, reserved, sold]).toEqual(['expired', 10, 0, 0]);
  });
});

describe('a letter that was discarded', () => {
  it('is named as the reason why its order has no outcome, as long as it has none', async () => {
    const store = await TestStore.start('a process each', quick);
    const letter = await deadOrder(store, 'GONE');
    await poison(store, null);
    await post(store.url(`${path}/${letter}/discard`), by);
    const waiting = await get<Why>(store.url('/orders/GONE/why'));
    await post(store.url('/orders/GONE/cancel'), { reason: 'nobody answers' });
    const over = await get<Why>(store.url('/orders/GONE/why'));

    expect(waiting.summary).toBe(
      `GONE is placed: OrderPlaced was discarded at inventory (letter ${letter}), so that nobody answers it`,
    );
    expect([over.hasOutcome, over.waits.filter(({ kind }) => kind === 'discarded')]).toEqual([true, []]);
  });
});

describe('a compensation that keeps failing', () => {
  it('becomes a dead letter that is named as what the order waits for, and gives back what is held once it is mended', async () => {
    const store = await TestStore.start('a process each', quick);
    await post(store.url('/orders'), orderOf('SOLD', 4), { headers: { prefer: 'wait=10' } });
    await waitUntil(async () => (await get<StockBody>(store.url('/stock/PRODUCT_001'))).sold === 4);
    await poison(store, 'SOLD');
    await post(store.url('/orders/SOLD/cancel'), { reason: 'too late' });
    const [letter] = await letters(store, 1);
    const stuck = await get<Why>(store.url('/orders/SOLD/why'));
    const { sold } = await get<StockBody>(store.url('/stock/PRODUCT_001'));
    store.prove();

    await poison(store, null);
    await post(store.url(`${path}/${letter?.letter}/replay`), by);
    await store.settle();

    expect([sold, stuck.status, stuck.waits[0]]).toMatchObject([
      4,
      'cancelled',
      { at: 'inventory', kind: 'dead_letter', letter: letter?.letter, message: { type: 'OrderCancelled' } },
    ]);
    expect(stuck.summary).toContain('SOLD is cancelled: inventory gave OrderCancelled up');
    expect((await get<StockBody>(store.url('/stock/PRODUCT_001'))).onHand).toBe(10);
  });
});

describe('many letters of one bug', () => {
  it('are replayed in waves once it is mended, and not further than the first that fails again', async () => {
    const store = await TestStore.start('a process each', quick);
    for (const id of ['A', 'B', 'C', 'D']) await deadOrder(store, id);
    const broken = bodyOf<ReplayedBody>(await post(store.url(`${path}/replay`), { ...by, code: 'failed' }));
    await letters(store, 1);
    await poison(store, null);
    const mended = bodyOf<ReplayedBody>(await post(store.url(`${path}/replay`), { ...by, code: 'failed' }));
    await store.settle();

    expect(broken).toMatchObject({ failed: 1, stopped: expect.any(String) });
    expect(mended).toMatchObject({ failed: 0, left: 0 });
    expect((await request('GET', store.url(path))).text).toContain('"letters":[]');
  });
});
