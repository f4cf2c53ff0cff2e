/** The orders of the console, in a real browser: what a person does there, and what the store says about it afterwards. */
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OrderBody } from '../../functions/order/representation.ts';
import { fillStore } from '../bench/fill.ts';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { get, orderIn, orderOf, post, put } from '../scenarios/client.ts';
import { TestStore } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { ConsoleView } from './console-view.ts';
import { expectGoodLooks } from './looks.ts';

/** A slow machine may take long for each of them. */
const TIMEOUT_MS = 30_000;
const HOSTILE = '<img src=x onerror="document.title=\'taken over\'">\u202egnp.exe';

async function place(store: TestStore, orderId: string, quantity = 1, productId = 'PRODUCT_001'): Promise<void> {
  expect((await post(store.url('/orders'), orderOf(orderId, quantity, productId))).status).toBe(202);
}

const orderAt = (store: TestStore, orderId: string) => get<OrderBody>(store.url(`/orders/${orderId}`));

/** Waits for a locator to have this text, whole or in part. */
async function expectText(locator: Locator, text: string | RegExp): Promise<void> {
  let seen = '';
  const isThere = async () => {
    seen = (await locator.count()) === 0 ? '' : ((await locator.first().textContent()) ?? '');
    return typeof text === 'string' ? seen.includes(text) : text.test(seen);
  };
  await waitUntil(isThere, { timeoutMs: TIMEOUT_MS, what: `${text} in ${seen}` });
}

/** Presses Tab until an element has the focus. */
async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let presses = 0; presses < 80; presses++) {
    if (await target.evaluate((element) => element.ownerDocument.activeElement === element)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the Tab key does not come to ${target}`);
}

describe.skipIf(chromiumPath() === null)('the orders in the console', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it('are 10,000 with at most 60 rows in the page, and the keys reach them all', async () => {
    const store = await TestStore.start('one process');
    for (const product of ['PRODUCT_001', 'PRODUCT_002']) {
      expect((await post(store.url(`/stock/${product}/receipts`), { quantity: 40_000 })).status).toBe(201);
    }
    await place(store, 'FIRST');
    await store.settle();
    await store.stopAll();
    fillStore(store.dataDir, 9_999);
    await store.start();

    const { page } = await ConsoleView.open(browser, store.url(''), '/console/orders', { height: 2_000 });
    await expectText(page.getByRole('status').filter({ hasText: 'orders' }), '200 orders read');
    await tabTo(page, page.locator('.order-row a').first());
    let most = 0;
    const atEnd = async () => {
      await page.keyboard.press('End');
      most = Math.max(most, await page.locator('.order-list tr').count());
      return page.getByText('10,000 orders', { exact: true }).isVisible();
    };
    await waitUntil(atEnd, { timeoutMs: 90_000, what: 'the last of the orders' });
    await page.keyboard.press('End');
    await page.locator('.order-row a:focus').getByText('FIRST').waitFor();
    expect(most).toBeLessThanOrEqual(60);
    expect(most).toBeGreaterThan(20);

    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('PageUp');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'FIRST' }).waitFor();
  });

  it('are found by status, customer and id, which the address keeps', async () => {
    const store = await TestStore.start('one process');
    await place(store, 'GOOD');
    await place(store, 'MANY', 1_000);
    await post(store.url('/orders'), { ...orderOf('OTHER'), customerId: 'CUSTOMER_777' });
    await orderIn('rejected', store.url('/orders/MANY'));
    // An id that no order has is asked for too.
    const { page } = await ConsoleView.open(browser, store.url(''), '/console/orders', { statuses: [404] });
    const shown = async (...ids: readonly string[]) => {
      const links = page.locator('.order-row a');
      await waitUntil(async () => (await links.allTextContents()).join() === ids.join(), { what: ids.join() });
    };
    await shown('OTHER', 'MANY', 'GOOD');

    await page.getByLabel('Status').selectOption('rejected');
    await shown('MANY');
    expect(new URL(page.url()).search).toBe('?status=rejected');
    await page.reload();
    await shown('MANY');
    await page.getByLabel('Status').selectOption('');
    await page.getByLabel('Customer').fill('CUSTOMER_777');
    await page.keyboard.press('Enter');
    await shown('OTHER');
    await page.getByLabel('Customer').fill('');
    await page.keyboard.press('Enter');
    await shown('OTHER', 'MANY', 'GOOD');
    await page.getByLabel('Order, its whole id').fill('GOOD');
    await page.keyboard.press('Enter');
    await shown('GOOD');
    expect(new URL(page.url()).search).toBe('?id=GOOD');

    await page.getByLabel('Order, its whole id').fill('GOO');
    await page.keyboard.press('Enter');
    await page.getByText('No order is like this.').waitFor();
    await page.getByRole('link', { name: 'Show all orders' }).click();
    await shown('OTHER', 'MANY', 'GOOD');
    // One that is placed now comes by itself.
    await place(store, 'NEW');
    await shown('NEW', 'OTHER', 'MANY', 'GOOD');
  }, 240_000);

  it('are placed by the keyboard alone', async () => {
    const store = await TestStore.start('one process');
    const { page } = await ConsoleView.open(browser, store.url(''), '/console/orders', { statuses: [404] });
    await tabTo(page, page.getByRole('button', { name: 'Place an order' }).first());
    await page.keyboard.press('Enter');
    await page.getByRole('option', { name: /PRODUCT_002/ }).waitFor({ state: 'attached' });
    await tabTo(page, page.getByLabel('Order id'));
    await page.keyboard.type('BY_KEYS');
    await tabTo(page, page.getByLabel('Product'));
    await page.keyboard.press('ArrowDown');
    await tabTo(page, page.getByLabel('Quantity'));
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('2');
    await page.keyboard.press('Enter');

    await page.getByRole('heading', { name: 'BY_KEYS' }).waitFor();
    const order = await orderIn('confirmed', store.url('/orders/BY_KEYS'));
    expect(order.items).toEqual([{ productId: 'PRODUCT_002', quantity: 2, price: '10.00' }]);
    await store.settle();
  });

  it('say what is wrong with one that is refused', async () => {
    const store = await TestStore.start('one process');
    const { page } = await ConsoleView.open(browser, store.url(''), '/console/orders', { statuses: [422] });
    await page.getByRole('button', { name: 'Place an order' }).first().click();
    await page.getByRole('button', { name: 'Add a line' }).click();
    await page.getByLabel('Price of one').last().fill('cheap');
    await page.getByRole('button', { name: 'Place it' }).click();
    await expectText(page.getByRole('alert'), /items\/1\/price/);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect((await get<{ orders: readonly unknown[] }>(store.url('/orders'))).orders).toEqual([]);
  });
});

describe.skipIf(chromiumPath() === null)('an order in the console', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it('is cancelled with a reason, and a hostile one stays a text', async () => {
    const store = await TestStore.start('one process');
    await place(store, 'A', 3);
    await orderIn('confirmed', store.url('/orders/A'));
    const view = await ConsoleView.open(browser, store.url(''), '/console/orders/A');
    const { page } = view;
    await page.getByRole('button', { name: 'Cancel …' }).click();
    await page.getByLabel('Why').fill(HOSTILE);
    await page.getByRole('button', { name: 'Cancel the order' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    const order = await orderIn('cancelled', store.url('/orders/A'));
    expect(order.reason?.detail).toContain(HOSTILE);
    const { products } = await store.settle();
    expect(products.find(({ productId }) => productId === 'PRODUCT_001')?.level).toMatchObject({ onHand: 10, sold: 0 });
    const shown = HOSTILE.replace('\u202e', '\\u202e');
    await expectText(page.getByLabel('The order'), shown);
    const cancelled = page.locator('.step').filter({ hasText: 'OrderCancelled' });
    await cancelled.click();
    await expectText(page.getByLabel('The selected message'), JSON.stringify(shown).replaceAll('\\\\', '\\'));
    expect(await page.locator('main img').count()).toBe(0);
    expect(await page.title()).toBe('A · saga-store');
    expect(await page.getByRole('button', { name: /^(Cancel …|Dispatch)$/ }).count()).toBe(0);
  });

  it('is dispatched by its button, and a command that is too late shows why', async () => {
    const store = await TestStore.start('one process');
    await place(store, 'A');
    await place(store, 'B');
    await orderIn('confirmed', store.url('/orders/B'));
    const { page } = await ConsoleView.open(browser, store.url(''), '/console/orders/A', { statuses: [409] });
    await page.getByRole('button', { name: 'Dispatch' }).click();
    await orderIn('dispatched', store.url('/orders/A'));
    await expectText(page.getByLabel('The order'), 'dispatched');

    await page.goto(store.url('/console/orders/B'));
    await page.getByRole('button', { name: 'Cancel …' }).click();
    expect((await post(store.url('/orders/B/dispatch'), {})).status).toBe(200);
    await page.getByLabel('Why').fill('too late');
    await page.getByRole('button', { name: 'Cancel the order' }).click();
    await expectText(page.getByRole('alert'), 'dispatched');
    await page.getByRole('button', { name: 'Keep it' }).click();
    await page.getByRole('button', { name: 'Cancel …' }).waitFor({ state: 'detached' });
    expect((await orderAt(store, 'B')).status).toBe('dispatched');
  });

  it('shows the same message in its timeline and its table, which the address names', async () => {
    const store = await TestStore.start('one process');
    await place(store, 'A');
    await orderIn('confirmed', store.url('/orders/A'));
    const { page } = await ConsoleView.open(browser, store.url(''), '/console/orders/A');
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const pressed = async (type: string) => {
      const on = page.locator('[aria-pressed="true"]');
      await waitUntil(async () => (await on.count()) === 2, { what: 'a card and a row' });
      for (const text of await on.allTextContents()) expect(text).toContain(type);
    };
    await page.locator('.step').filter({ hasText: 'StockReserved' }).click();
    await pressed('StockReserved');
    expect(await page.locator('.edge.is-selected').count()).toBe(1);
    const id = new URL(page.url()).searchParams.get('m');
    await page.getByRole('button', { name: 'Copy as JSON' }).click();
    await page.getByText('Copy as JSON ✓').waitFor();
    expect(JSON.parse(await page.evaluate('navigator.clipboard.readText()'))).toMatchObject({
      id,
      type: 'StockReserved',
    });
    await page.getByRole('button', { name: 'Copy as curl' }).click();
    await page.getByText('Copy as curl ✓').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toContain(`/operations/messages/${id}'`);

    await page.keyboard.press('Shift+Tab');
    await tabTo(page, page.locator('.step[tabindex="0"]'));
    await page.keyboard.press('ArrowRight');
    await pressed('OrderConfirmed');
    await page
      .locator('.raw-table button')
      .filter({ hasText: /^OrderPlaced$/ })
      .click();
    await pressed('OrderPlaced');
    // The middle of the arrow to it.
    await page.locator(`.edge[data-leads-to="${id}"] .edge-reach`).click({ force: true });
    await pressed('StockReserved');
    await page.reload();
    await pressed('StockReserved');

    await page.getByLabel('Clock scale').check();
    await page.locator('.leader').first().waitFor({ state: 'attached' });
    await page.getByLabel('Each notice').check();
    await waitUntil(async () => (await page.locator('.step.is-at-notification').count()) === 2, {
      what: 'each notice',
    });
    await expectGoodLooks({ page } as ConsoleView, 'order-by-clock');
  }, 240_000);

  it('says why it waits while inventory is away, and goes on by itself when it is back', async () => {
    const store = await TestStore.start('a process each', { GATEWAY_TIMEOUT_MS: '1000' });
    await store.kill('inventory');
    await place(store, 'A');
    const view = await ConsoleView.open(browser, store.url(''), '/console/orders/A');
    const { page } = view;
    await expectText(page.locator('.why-summary'), 'inventory has not read OrderPlaced');
    await expectText(page.locator('.wait'), 'unread');
    await expectText(page.locator('.ghost').first(), 'StockReserved');
    await page.locator('.saga-lane.is-away').waitFor();
    await page.locator('.read.is-unread.of-inventory').waitFor();
    await expectText(page.locator('.why'), 'npm run why A');
    await expectGoodLooks(view, 'order-away');

    await store.start(['inventory']);
    await orderIn('confirmed', store.url('/orders/A'));
    await page.locator('.why').waitFor({ state: 'detached', timeout: TIMEOUT_MS });
    await expectText(page.locator('.step').filter({ hasText: 'StockSold' }), 'StockSold');
    expect(await page.locator('.ghost, .wait').count()).toBe(0);
    await store.settle();
  }, 240_000);

  it('looks right while it waits for goods, and after it was cancelled; so does the list', async () => {
    const store = await TestStore.start('one process');
    expect((await put(store.url('/stock/PRODUCT_002/policy'), { whenShort: 'wait' })).status).toBe(200);
    await place(store, 'ORDER_001', 3);
    await place(store, 'ORDER_002', 500, 'PRODUCT_002');
    await orderIn('confirmed', store.url('/orders/ORDER_001'));
    await post(store.url('/orders/ORDER_001/cancel'), { reason: 'changed my mind' });
    await orderIn('backordered', store.url('/orders/ORDER_002'));
    const view = await ConsoleView.open(browser, store.url(''), '/console/orders/ORDER_002');
    await expectText(view.page.locator('.why'), 'Queue of PRODUCT_002');
    await view.page.locator('.ghost').first().waitFor();
    await expectGoodLooks(view, 'order-waits');
    await view.goto('/console/orders/ORDER_001');
    await view.page.locator('.step').filter({ hasText: 'StockReturned' }).click();
    await expectGoodLooks(view, 'order-cancelled');
    await view.goto('/console/orders');
    await view.page.locator('.order-row').nth(1).waitFor();
    await expectGoodLooks(view, 'orders');
    await view.page.getByRole('button', { name: 'Place an order' }).click();
    await view.page.getByLabel('Product').waitFor();
    await expectGoodLooks(view, 'orders-place');
  }, 240_000);
});
