/** A function whose data are put back to an older copy, while the others know more. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { dataFile } from '../../functions/engine.ts';
import type { FunctionName } from '../../saga/choreography.ts';
import { checksOf } from '../prove/checks.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { get, type NoticeBody, orderIn, orderOf, post, put, request, type StockBody, whyOf } from './client.ts';
import { run, TestStore, temporaryFolder } from './harness.ts';

interface DeadLetter {
  readonly letter: string;
  readonly attributes: { readonly type: string; readonly subject: string };
}

/** A store with a copy of its data, and the way back to it. */
async function storeWithCopy(before: (store: TestStore) => Promise<void> = async () => undefined) {
  const store = await TestStore.start('a process each');
  await before(store);
  await store.settle();
  const copy = join(temporaryFolder(), 'copy');
  expect((await run('dist/e2e/tools/backup.js', [copy], { DATA_DIR: store.dataDir }).exit).code).toBe(0);
  const restore = async (...names: readonly FunctionName[]) => {
    for (const name of names) {
      await store.stop(name);
      const file = dataFile(store.dataDir, name);
      for (const suffix of ['', '-wal', '-shm']) rmSync(`${file}${suffix}`, { force: true });
      cpSync(dataFile(copy, name), file);
    }
    await store.start(names);
    await waitUntil(() => store.ledger().readings.every(({ position, end }) => position === end), {
      what: 'all messages to be read',
    });
  };
  return { store, restore };
}

async function place(store: TestStore, orderId: string, quantity: number, productId: string): Promise<void> {
  expect((await post(store.url('/orders'), orderOf(orderId, quantity, productId))).status).toBe(202);
  await orderIn('confirmed', store.url(`/orders/${orderId}`));
}

async function receive(store: TestStore, productId: string, quantity: number): Promise<void> {
  expect((await post(store.url(`/stock/${productId}/receipts`), { quantity })).status).toBeLessThan(300);
}

async function deadLettersAt(store: TestStore, name: FunctionName): Promise<readonly DeadLetter[]> {
  const page = await get<{ letters: readonly DeadLetter[] }>(store.url(`/operations/${name}/dead-letters`));
  return page.letters;
}

async function replay(store: TestStore, letter: string): Promise<void> {
  const body = { reason: 'the goods are back', who: 'ann' };
  const answer = await post(store.url(`/operations/inventory/dead-letters/${letter}/replay`), body);
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
}

function differences(store: TestStore): readonly string[] {
  return checksOf(store.ledger()).flatMap((check) => check.differences);
}

describe('inventory restored from an older copy', () => {
  it('sells again what was confirmed since, and nothing twice, where the stock is there', async () => {
    const { store, restore } = await storeWithCopy();
    await place(store, 'SINCE-1', 4, 'PRODUCT_001');
    await place(store, 'SINCE-2', 5, 'PRODUCT_001');
    await store.settle();

    await restore('inventory');

    await store.settle();
    expect(await get<StockBody>(store.url('/stock/PRODUCT_001'))).toMatchObject({ onHand: 1, reserved: 0, sold: 9 });
    expect((await post(store.url('/orders'), orderOf('NEW', 2))).status).toBe(202);
    await orderIn('rejected', store.url('/orders/NEW'));
  });

  it('leaves each confirmed order whose goods it has lost to an operator, and sells it when they are there', async () => {
    const { store, restore } = await storeWithCopy();
    await receive(store, 'LAMP', 2);
    await place(store, 'LOST-1', 1, 'LAMP');
    await place(store, 'LOST-2', 1, 'LAMP');
    await store.settle();

    await restore('inventory');
    await receive(store, 'LAMP', 2);
    await place(store, 'NEW-1', 1, 'LAMP');

    const waiting = await deadLettersAt(store, 'inventory');
    expect(waiting.map(({ attributes }) => [attributes.type, attributes.subject]).sort()).toEqual([
      ['OrderConfirmed', 'LOST-1'],
      ['OrderConfirmed', 'LOST-2'],
    ]);
    const sentence = 'order LOST-1 is confirmed and its goods are not there: LAMP has 0 left and 1 were asked for';
    expect(await whyOf(store.url('/orders/LOST-1/why'))).toMatchObject({
      summary: expect.stringContaining(sentence),
      waits: [{ at: 'inventory', kind: 'dead_letter' }],
    });
    expect(differences(store)).toEqual([
      expect.stringContaining('order LOST-1 is confirmed and its stock is rejected'),
      expect.stringContaining('order LOST-2 is confirmed and its stock is rejected'),
    ]);
    const { text } = await request('GET', store.url('/metrics', 'inventory'));
    expect(text).toMatch(/^saga_dead_letters\{.*\} 2$/m);

    await receive(store, 'LAMP', 1);
    for (const { letter } of waiting) await replay(store, letter);
    await store.settle();
    expect(await get<StockBody>(store.url('/stock/LAMP'))).toMatchObject({ received: 3, onHand: 0, sold: 3 });
  });
});

describe('inventory that decides again in the same way, and has other figures now', () => {
  it('asks no operator: an order waits for more than before and is served, and a rejected one stays rejected', async () => {
    const { store, restore } = await storeWithCopy(async (store) => {
      await receive(store, 'LAMP', 1);
      for (const product of ['PRODUCT_001', 'LAMP']) {
        await put(store.url(`/stock/${product}/policy`), { whenShort: 'wait' });
      }
    });
    await receive(store, 'LAMP', 5);
    await receive(store, 'PRODUCT_002', 1);
    const items = [...orderOf('', 12, 'PRODUCT_001').items, ...orderOf('', 3, 'LAMP').items];
    expect((await post(store.url('/orders'), { ...orderOf('WAITS'), items })).status).toBe(202);
    await orderIn('backordered', store.url('/orders/WAITS'));
    expect((await post(store.url('/orders'), orderOf('LARGE', 90, 'PRODUCT_002'))).status).toBe(202);
    await orderIn('rejected', store.url('/orders/LARGE'));
    await store.settle();

    await restore('inventory');

    expect(await deadLettersAt(store, 'order')).toEqual([]);
    await receive(store, 'PRODUCT_001', 2);
    await orderIn('backordered', store.url('/orders/WAITS'));
    await receive(store, 'LAMP', 2);
    await orderIn('confirmed', store.url('/orders/WAITS'));
    await store.settle();
    expect([await deadLettersAt(store, 'inventory'), differences(store)]).toEqual([[], []]);
  });
});

describe('inventory restored to a time before goods arrived for which orders may wait', () => {
  it('keeps what arrives for the confirmed order that it queues again', async () => {
    const { store, restore } = await storeWithCopy(async (store) => {
      await put(store.url('/stock/PRODUCT_001/policy'), { whenShort: 'wait' });
    });
    await receive(store, 'PRODUCT_001', 5);
    await place(store, 'LARGE', 15, 'PRODUCT_001');
    await store.settle();

    await restore('inventory');

    expect(differences(store)).toEqual([expect.stringContaining('order LARGE is confirmed and its stock is waiting')]);
    const [waiting] = await deadLettersAt(store, 'inventory');
    expect((await post(store.url('/orders'), orderOf('SMALL', 1))).status).toBe(202);
    await receive(store, 'PRODUCT_001', 5);
    await waitUntil(async () => (await get<StockBody>(store.url('/stock/PRODUCT_001'))).reserved === 15);
    await replay(store, waiting?.letter ?? '');
    await orderIn('backordered', store.url('/orders/SMALL'));
    await waitUntil(async () => (await get<StockBody>(store.url('/stock/PRODUCT_001'))).sold === 15);
    expect(differences(store)).toEqual([]);
  });
});

describe('order restored from an older copy', () => {
  it('cancels an order again that was cancelled since, and tells the customer once', async () => {
    const { store, restore } = await storeWithCopy((store) => place(store, 'OLD', 2, 'PRODUCT_001'));
    const reason = 'I have changed my mind';
    expect((await post(store.url('/orders/OLD/cancel'), { reason })).status).toBe(200);
    await store.settle();

    await restore('order');

    const order = await orderIn('cancelled', store.url('/orders/OLD'));
    expect(order.reason?.detail).toBe(reason);
    await store.settle();
    const { notifications } = await get<{ notifications: readonly NoticeBody[] }>(
      store.url('/notifications?orderId=OLD'),
    );
    expect(notifications.map(({ fact }) => fact)).toEqual(['OrderPlaced', 'OrderConfirmed', 'OrderCancelled']);
    expect(await get<StockBody>(store.url('/stock/PRODUCT_001'))).toMatchObject({ onHand: 10, reserved: 0, sold: 0 });
  });

  it('does not know an order that was placed since, says so, and takes it again without selling it twice', async () => {
    const { store, restore } = await storeWithCopy();
    await place(store, 'SINCE', 3, 'PRODUCT_001');
    await store.settle();

    await restore('order');

    for (const path of ['/orders/SINCE', '/orders/SINCE/why']) {
      const { status, text } = await request('GET', store.url(path));
      expect([status, text]).toEqual([404, expect.stringContaining('so it was lost when order was restored')]);
    }
    expect(differences(store).join('\n')).toContain('SINCE');
    await place(store, 'SINCE', 3, 'PRODUCT_001');
    await store.settle();
    expect(await get<StockBody>(store.url('/stock/PRODUCT_001'))).toMatchObject({ onHand: 7, sold: 3 });
  });

  it('refuses a used id with other contents', async () => {
    const { store, restore } = await storeWithCopy();
    await place(store, 'SINCE', 3, 'PRODUCT_001');
    await store.settle();

    await restore('order');
    const answer = await post(store.url('/orders'), orderOf('SINCE', 5));

    expect([answer.status, answer.text]).toEqual([
      422,
      expect.stringContaining('placed before with different contents'),
    ]);
    expect(await get<StockBody>(store.url('/stock/PRODUCT_001'))).toMatchObject({ onHand: 7, sold: 3 });
  });
});

describe('notification restored from an older copy', () => {
  it('writes what it has lost again under the same ids', async () => {
    const { store, restore } = await storeWithCopy();
    await place(store, 'SINCE', 1, 'PRODUCT_001');
    await store.settle();
    const noticesOf = async () => {
      const url = store.url('/notifications?orderId=SINCE');
      return (await get<{ notifications: readonly NoticeBody[] }>(url)).notifications.map((notice) => [
        notice.notificationId,
        notice.fact,
      ]);
    };
    const before = await noticesOf();

    await restore('notification');
    await store.settle();

    expect([before.length, await noticesOf()]).toEqual([2, before]);
  });
});
