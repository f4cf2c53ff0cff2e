/** A backlog that is larger than the memory, and a stop that is interrupted. */
import { setTimeout as sleep } from 'node:timers/promises';
import { v7 as uuidv7 } from 'uuid';
import { expect, it } from 'vitest';
import { readConfig } from '../../functions/settings.ts';
import { openStoreLog } from '../../functions/store-log.ts';
import { catalog } from '../../saga/catalog.ts';
import { command } from '../../shared/core/message.ts';
import { versionOf } from '../../shared/core/message-catalog.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { orderOf, post } from './client.ts';
import { TestStore } from './harness.ts';

const ORDERS = 20_000;
/** The messages of all those orders are about five times larger than this, as text alone. */
const HEAP_MB = 48;

/** Appends orders of another program to the topic before order reads it. */
async function produce(store: TestStore, count: number): Promise<void> {
  const { log } = await openStoreLog(readConfig(store.env), []);
  const time = new Date().toISOString();
  const messages = Array.from({ length: count }, (_, n) => {
    const orderId = `BACKLOG-${n}`;
    const lines = [{ productId: 'PRODUCT_001', quantity: 1, priceMinor: 1000 }];
    const data = { orderId, customerId: 'C', currency: 'EUR', lines };
    const envelope = { id: uuidv7(), time, schemaversion: versionOf(catalog, 'PlaceOrder') };
    return { ...command({ type: 'PlaceOrder', subject: orderId, data }, envelope), source: '/another-shop' };
  });
  await log.append('order-commands', messages);
  await log.close();
}

it(`handles a backlog of ${ORDERS} orders in a heap of ${HEAP_MB} MB, and answers requests meanwhile`, async () => {
  const store = await TestStore.create('a process each', { NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` });
  await produce(store, ORDERS);
  await store.start();
  await post(store.url('/stock/PRODUCT_001/receipts'), { quantity: ORDERS });
  const answer = await post(store.url('/orders'), orderOf('IN-BETWEEN'), { headers: { prefer: 'wait=30' } });
  expect(answer.status).toBeLessThan(300);

  const isDone = () => {
    const { byStatus } = store.ledger().orders;
    return Object.values(byStatus).reduce((sum, n) => sum + n, 0) === ORDERS + 1;
  };
  await waitUntil(isDone, { timeoutMs: 180_000, what: 'all orders to be placed' });
  const { orders } = await store.settle();

  expect(Object.keys(orders.byStatus).filter((status) => !['confirmed', 'rejected'].includes(status))).toEqual([]);
});

it('loses nothing when a stop under load is interrupted by kill -9', async () => {
  const store = await TestStore.start('one process');
  await post(store.url('/stock/PRODUCT_001/receipts'), { quantity: 10_000 });
  const answers: number[] = [];
  for (let run = 0; run < 5; run++) {
    const posts = Array.from({ length: 100 }, (_, n) =>
      post(store.url('/orders'), orderOf(`CUT-${run}-${n}`)).then(({ status }) => answers.push(status)),
    );
    await Promise.any(posts);
    store.program('order').signal('SIGTERM');
    await sleep(run * 4);
    await store.kill('order');
    await Promise.allSettled(posts);
    await store.start();
  }

  const { byStatus } = (await store.settle()).orders;
  expect(Object.keys(byStatus)).toEqual(['confirmed']);
  const accepted = answers.filter((status) => status === 202).length;
  expect(byStatus['confirmed']).toBeGreaterThanOrEqual(accepted);
  expect(accepted).toBeGreaterThan(0);
  // A request that comes too late is answered with 503, or its connection breaks.
  expect(answers.filter((status) => status !== 202 && status !== 503)).toEqual([]);
});
