/** An order with a dead letter: an operator fixes the cause and replays it, edits it, or cancels the order. */
import { describe, expect, it } from 'vitest';
import type { OrderBody } from '../../functions/order/representation.ts';
import type { Why } from '../../functions/order/why.ts';
import type { DeadLetterBody, DeadLetterSummaryBody, ReplayedBody } from '../../shared/runtime/dead-letters/schemas.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { bodyOf, get, orderOf, post, request, type StockBody, whyOf } from './client.ts';
import { hosts, TestStore } from './harness.ts';

const by = { who: 'ann', reason: 'the bug is fixed' };
const path = '/operations/inventory/dead-letters';
const quick = { RETRY_FIRST_MS: '5' };

async function poison(store: TestStore, subject: string | null): Promise<void> {
  const body = { poison: subject === null ? null : { subject, as: 'bug' } };
  expect((await post(store.url('/automation-testing/faults', 'inventory'), body)).status).toBe(200);
}

async function deadLetters(
  store: TestStore,
  count: number,
  status = 'open',
): Promise<readonly DeadLetterSummaryBody[]> {
  let found: readonly DeadLetterSummaryBody[] = [];
  await waitUntil(async () => {
    found = (await get<{ letters: DeadLetterSummaryBody[] }>(store.url(`${path}?status=${status}`))).letters;
    return found.length === count;
  });
  return found;
}

/** Places an order that becomes a dead letter at inventory. @returns the id of the dead letter */
async function deadLetterOf(store: TestStore, orderId: string): Promise<string> {
  await poison(store, orderId);
  const before = (await get<{ letters: DeadLetterSummaryBody[] }>(store.url(path))).letters.length;
  expect((await post(store.url('/orders'), orderOf(orderId))).status).toBe(202);
  await waitUntil(async () => {
    const { waits, summary } = await get<Why>(store.url(`/orders/${orderId}/why`));
    if (waits.some(({ kind }) => kind === 'dead_letter')) return true;
    throw new Error(summary);
  });
  return (await deadLetters(store, before + 1)).at(-1)?.letter ?? '';
}

function statusOf(store: TestStore, orderId: string): Promise<string> {
  return get<OrderBody>(store.url(`/orders/${orderId}`)).then(({ status }) => status);
}

describe.each(hosts)('in %s, an order with a dead letter', (host) => {
  it('completes when the cause is fixed and the dead letter is replayed', async () => {
    const store = await TestStore.start(host, quick);
    const deadLetter = await deadLetterOf(store, 'DEAD');
    const failedReplay = await post(store.url(`${path}/${deadLetter}/replay`), by);
    await deadLetters(store, 1);
    const after = await get<DeadLetterBody>(store.url(`${path}/${deadLetter}`));

    await poison(store, null);
    await post(store.url(`${path}/${deadLetter}/replay`), by);
    await store.settle();

    expect([failedReplay.status, after.replays, after.attempts]).toEqual([200, 1, 4]);
    expect([await statusOf(store, 'DEAD'), (await deadLetters(store, 1, 'replayed'))[0]?.letter]).toEqual([
      'confirmed',
      deadLetter,
    ]);
  });

  it('is cancelled by compensate, with nothing left reserved and no other message blocked', async () => {
    const store = await TestStore.start(host, quick);
    const deadLetter = await deadLetterOf(store, 'DEAD');
    await poison(store, null);

    const answer = await post(store.url(`${path}/${deadLetter}/compensate`), { ...by, reason: 'cannot be delivered' });
    const again = await post(store.url(`${path}/${deadLetter}/compensate`), by);
    await store.settle();

    const { onHand, reserved } = await get<StockBody>(store.url('/stock/PRODUCT_001'));
    expect([answer.status, again.status, await statusOf(store, 'DEAD')]).toEqual([200, 409, 'cancelled']);
    expect([onHand, reserved]).toEqual([10, 0]);
    expect((await deadLetters(store, 1, 'compensated'))[0]?.letter).toBe(deadLetter);
    expect((await get<OrderBody>(store.url('/orders/DEAD'))).reason?.detail).toBe('cannot be delivered');
  });

  it('completes when the message is edited', async () => {
    const store = await TestStore.start(host, quick);
    const deadLetter = await deadLetterOf(store, 'DEAD');
    await poison(store, null);
    const { value } = await get<DeadLetterBody>(store.url(`${path}/${deadLetter}`));
    const data = { ...(JSON.parse(value) as object), customerId: 'CUSTOMER_002' };

    const answer = await post(store.url(`${path}/${deadLetter}/edit`), { ...by, data });
    await store.settle();

    expect([answer.status, await statusOf(store, 'DEAD')]).toEqual([200, 'confirmed']);
  });

  it('parks its cancellation behind the dead letter, and has nothing reserved after the replay', async () => {
    const store = await TestStore.start(host, quick);
    const deadLetter = await deadLetterOf(store, 'DEAD');
    await poison(store, null);
    expect((await post(store.url('/orders/DEAD/cancel'), { reason: 'changed my mind' })).status).toBe(200);
    await waitUntil(async () => (await get<DeadLetterBody>(store.url(`${path}/${deadLetter}`))).behind === 1);

    await post(store.url(`${path}/${deadLetter}/replay`), by);
    await store.settle();

    const { onHand, reserved, sold } = await get<StockBody>(store.url('/stock/PRODUCT_001'));
    expect([await statusOf(store, 'DEAD'), onHand, reserved, sold]).toEqual(['cancelled', 10, 0, 0]);
  });

  it('is rejected at its deadline without a resolution, and has nothing reserved after a later replay', async () => {
    const store = await TestStore.start(host, { ...quick, ORDER_DEADLINE_S: '2' });
    const deadLetter = await deadLetterOf(store, 'DEAD');
    await poison(store, null);
    await waitUntil(async () => (await statusOf(store, 'DEAD')) === 'rejected');
    const { reason } = await get<OrderBody>(store.url('/orders/DEAD'));

    await post(store.url(`${path}/${deadLetter}/replay`), by);
    await store.settle();

    const { onHand, reserved, sold } = await get<StockBody>(store.url('/stock/PRODUCT_001'));
    expect([reason?.code, onHand, reserved, sold]).toEqual(['expired', 10, 0, 0]);
  });
});

describe('a discarded dead letter', () => {
  it('is the reason given for an order without an outcome, until the order has one', async () => {
    const store = await TestStore.start('a process each', quick);
    const deadLetter = await deadLetterOf(store, 'DROPPED');
    await poison(store, null);
    await post(store.url(`${path}/${deadLetter}/discard`), by);
    const waiting = await whyOf(store.url('/orders/DROPPED/why'));
    await post(store.url('/orders/DROPPED/cancel'), { reason: 'no answer' });
    const over = await get<Why>(store.url('/orders/DROPPED/why'));

    expect(waiting.summary).toBe(
      `DROPPED is placed: OrderPlaced was discarded at inventory (dead letter ${deadLetter}), so no function handles it`,
    );
    expect([over.hasOutcome, over.waits.filter(({ kind }) => kind === 'discarded')]).toEqual([true, []]);
  });
});

describe('a compensation that keeps failing', () => {
  it('becomes a dead letter that the order waits for, and returns the stock when it is replayed', async () => {
    const store = await TestStore.start('a process each', quick);
    await post(store.url('/orders'), orderOf('SOLD', 4), { headers: { prefer: 'wait=20' } });
    await waitUntil(async () => (await get<StockBody>(store.url('/stock/PRODUCT_001'))).sold === 4);
    await poison(store, 'SOLD');
    await post(store.url('/orders/SOLD/cancel'), { reason: 'too late' });
    const [deadLetter] = await deadLetters(store, 1);
    const stuck = await whyOf(store.url('/orders/SOLD/why'));
    const { sold } = await get<StockBody>(store.url('/stock/PRODUCT_001'));
    store.prove();

    await poison(store, null);
    await post(store.url(`${path}/${deadLetter?.letter}/replay`), by);
    await store.settle();

    expect([sold, stuck.status, stuck.waits[0]]).toMatchObject([
      4,
      'cancelled',
      { at: 'inventory', kind: 'dead_letter', letter: deadLetter?.letter, message: { type: 'OrderCancelled' } },
    ]);
    expect(stuck.summary).toContain('SOLD is cancelled: inventory gave OrderCancelled up');
    expect((await get<StockBody>(store.url('/stock/PRODUCT_001'))).onHand).toBe(10);
  });
});

describe('many dead letters of one bug', () => {
  it('are replayed in batches once it is fixed, and only up to the first that fails again', async () => {
    const store = await TestStore.start('a process each', quick);
    for (const id of ['A', 'B', 'C', 'D']) await deadLetterOf(store, id);
    const broken = bodyOf<ReplayedBody>(await post(store.url(`${path}/replay`), { ...by, code: 'failed' }));
    await deadLetters(store, 1);
    await poison(store, null);
    const fixed = bodyOf<ReplayedBody>(await post(store.url(`${path}/replay`), { ...by, code: 'failed' }));
    await store.settle();

    expect(broken).toMatchObject({ failed: 1, stopped: expect.any(String) });
    expect(fixed).toMatchObject({ failed: 0, left: 0 });
    expect((await request('GET', store.url(path))).text).toContain('"letters":[]');
  });
});
