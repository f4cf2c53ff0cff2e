/** Faults of one message, the disk, a lock or a clock: they cost time, and nothing is lost or doubled. */
import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { dataFile } from '../../functions/engine.ts';
import type { OrderBody } from '../../functions/order/representation.ts';
import { type FunctionName, functionNames } from '../../saga/choreography.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { type Answer, bodyOf, get, orderOf, type Problem, post, request, type StockBody } from './client.ts';
import { hosts, TestStore } from './harness.ts';

const wait = { headers: { prefer: 'wait=20' } };
const TEN_MINUTES_MS = 600_000;

/** Injects faults into one function. */
async function faults(store: TestStore, part: FunctionName, body: object): Promise<void> {
  expect((await post(store.url('/automation-testing/faults', part), body)).status).toBe(200);
}

async function statusOf(store: TestStore, orderId: string): Promise<string> {
  return (await get<OrderBody>(store.url(`/orders/${orderId}`))).status;
}

async function figure(store: TestStore, part: 'order' | 'inventory', name: string): Promise<number> {
  const { text } = await request('GET', store.url('/metrics', part));
  return Number(new RegExp(`^${name}\\{[^}]*\\} (.+)$`, 'm').exec(text)?.[1]);
}

async function receive(store: TestStore, quantity: number): Promise<Answer> {
  return post(store.url('/stock/PRODUCT_001/receipts'), { quantity });
}

describe.each(hosts)('in %s, an order whose messages fail', (host) => {
  it('waits alone while other orders complete, and completes in order once the error is over', async () => {
    const store = await TestStore.start(host, { RETRY_LONGEST_MS: '200', RETRY_ATTEMPTS: '1000' });
    await faults(store, 'inventory', { poison: { subject: 'BAD', as: 'transient' } });
    await post(store.url('/orders'), orderOf('BAD'));
    const others = await Promise.all(
      Array.from({ length: 5 }, (_, n) => post(store.url('/orders'), orderOf(`GOOD-${n}`), wait)),
    );
    await waitUntil(async () => (await figure(store, 'inventory', 'saga_parked_messages')) === 1);
    const meanwhile = await statusOf(store, 'BAD');

    await faults(store, 'inventory', { poison: null });
    await store.settle();

    expect(others.map((answer) => bodyOf<OrderBody>(answer).status)).toEqual(Array(5).fill('confirmed'));
    expect([meanwhile, await statusOf(store, 'BAD')]).toEqual(['placed', 'confirmed']);
    expect(await figure(store, 'inventory', 'saga_parked_messages')).toBe(0);
  });

  it('waits for an operator as a dead letter after a few attempts when the failure is a bug', async () => {
    const store = await TestStore.start(host, { RETRY_FIRST_MS: '5' });
    await faults(store, 'inventory', { poison: { subject: 'BAD', as: 'bug' } });
    await post(store.url('/orders'), orderOf('BAD'));

    await waitUntil(async () => (await figure(store, 'inventory', 'saga_dead_letters')) === 1);

    expect([await figure(store, 'inventory', 'saga_parked_messages'), await statusOf(store, 'BAD')]).toEqual([
      0,
      'placed',
    ]);
    store.prove();
  });

  it('completes although its function was killed while the message was parked', async () => {
    const store = await TestStore.start('a process each', { RETRY_LONGEST_MS: '200', RETRY_ATTEMPTS: '1000' });
    await faults(store, 'inventory', { poison: { subject: 'BAD', as: 'transient' } });
    await post(store.url('/orders'), orderOf('BAD'));
    await waitUntil(async () => (await figure(store, 'inventory', 'saga_parked_messages')) === 1);

    await store.kill('inventory');
    await store.start(['inventory']);
    await store.settle();

    expect(await statusOf(store, 'BAD')).toBe('confirmed');
  });
});

describe('a full disk', () => {
  it('is answered with 507, loses nothing, and takes orders again as soon as there is room', async () => {
    const store = await TestStore.start('a process each');
    await post(store.url('/orders'), orderOf('BEFORE'), wait);
    await faults(store, 'order', { noRoom: true });
    const refused: Answer[] = [];
    let accepted = 0;
    // Free pages of the file are used up first.
    await waitUntil(async () => {
      const answer = await post(store.url('/orders'), orderOf(`FULL-${refused.length + accepted}`));
      if (answer.status === 202) accepted += 1;
      else refused.push(answer);
      return refused.length === 3;
    });

    await faults(store, 'order', { noRoom: false });
    const after = await post(store.url('/orders'), orderOf('AFTER'), wait);
    const ledger = await store.settle();

    expect(refused.map(({ status, headers }) => [status, headers['retry-after']])).toEqual(Array(3).fill([507, '5']));
    expect(bodyOf<Problem>(refused[0] as Answer).code).toBe('no_room');
    expect(bodyOf<OrderBody>(after).status).toMatch(/confirmed|rejected/);
    expect(Object.values(ledger.orders.byStatus).reduce((sum, n) => sum + n, 0)).toBe(accepted + 2);
  });

  it('leaves messages unread until the reader has room', async () => {
    const store = await TestStore.start('a process each');
    await receive(store, 1_000);
    await faults(store, 'inventory', { noRoom: true });
    const orders = Array.from({ length: 60 }, (_, n) => `READ-${n}`);
    for (const id of orders) expect((await post(store.url('/orders'), orderOf(id))).status).toBe(202);
    await waitUntil(async () => (await request('GET', store.url('/readyz', 'inventory'))).status === 503);

    await faults(store, 'inventory', { noRoom: false });

    expect((await store.settle()).orders.byStatus).toEqual({ confirmed: orders.length });
  });
});

describe('a database lock held by another program for 3 s', () => {
  it.each(functionNames)('only delays %s', async (name) => {
    const store = await TestStore.start('a process each');
    const holder = new Database(dataFile(store.dataDir, name));
    holder.exec('BEGIN IMMEDIATE');
    const posting = post(store.url('/orders'), orderOf('LOCKED'));
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    holder.exec('ROLLBACK');
    holder.close();

    expect((await posting).status).toBe(202);
    expect((await store.settle()).orders.byStatus).toEqual({ confirmed: 1 });
  });
});

describe('a reader that never ends its transaction', () => {
  it('blocks no function, and shows in the size of the write-ahead log', async () => {
    const store = await TestStore.start('a process each');
    const readers = functionNames.map((name) => new Database(dataFile(store.dataDir, name), { readonly: true }));
    for (const reader of readers) reader.exec('BEGIN; SELECT count(*) FROM inbox');
    await receive(store, 1_000);
    for (let n = 0; n < 50; n++) await post(store.url('/orders'), orderOf(`OPEN-${n}`));
    const ledger = await store.settle();
    const walBytes = () => statSync(`${dataFile(store.dataDir, 'order')}-wal`).size;
    // The function writes now and then also while it has nothing to do.
    await waitUntil(async () => (await figure(store, 'order', 'saga_wal_bytes')) === walBytes());
    const size = walBytes();
    for (const reader of readers) reader.close();

    expect(ledger.orders.byStatus).toEqual({ confirmed: 50 });
    expect(size).toBeGreaterThan(50 * 4096);
  });
});

describe('a clock that is wrong by ten minutes', () => {
  it.each(
    functionNames.flatMap((name) =>
      [TEN_MINUTES_MS, -TEN_MINUTES_MS].map((clockShiftMs) => [name, clockShiftMs] as const),
    ),
  )('at %s, by %i ms, changes no outcome', async (name, clockShiftMs) => {
    const store = await TestStore.start('a process each');
    await post(store.url('/orders'), orderOf('EARLY', 2), wait);
    await faults(store, name, { clockShiftMs });
    const answers = await Promise.all(
      [3, 3, 3].map((quantity, n) => post(store.url('/orders'), orderOf(`LATE-${n}`, quantity), wait)),
    );
    await faults(store, name, { clockShiftMs: 0 });
    await post(store.url('/orders'), orderOf('LAST', 2), wait);
    await store.settle();

    const stock = await get<StockBody>(store.url('/stock/PRODUCT_001'));
    const confirmed = answers.filter((answer) => bodyOf<OrderBody>(answer).status === 'confirmed').length;
    // Ten units: two, then two of three times three, then two again.
    expect([confirmed, await statusOf(store, 'LAST'), stock.sold]).toEqual([2, 'confirmed', 10]);
  });

  it('does not delay the next attempt of a parked message when it is set back', async () => {
    const store = await TestStore.start('a process each', { RETRY_LONGEST_MS: '200', RETRY_ATTEMPTS: '1000' });
    await faults(store, 'inventory', { poison: { subject: 'BAD', as: 'transient' } });
    await post(store.url('/orders'), orderOf('BAD'));
    await waitUntil(async () => (await figure(store, 'inventory', 'saga_parked_messages')) === 1);

    await faults(store, 'inventory', { clockShiftMs: -TEN_MINUTES_MS, poison: null });

    expect((await store.settle()).orders.byStatus).toEqual({ confirmed: 1 });
  });
});

describe('fault injection', () => {
  it('refuses unknown faults, and is unavailable without test automation', async () => {
    const store = await TestStore.start('a process each');
    const unknown = await post(store.url('/automation-testing/faults', 'order'), { earthquake: true });
    const withoutAutomation = await TestStore.start('a process each', { ENABLE_AUTOMATION: 'false' });
    const missing = await post(withoutAutomation.url('/automation-testing/faults', 'order'), {});

    expect([unknown.status, missing.status]).toEqual([422, 404]);
  });
});
