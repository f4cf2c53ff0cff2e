/** The orders of the console, in a real browser: what a person does there, and what the store says about it afterwards. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fillStore } from '../bench/fill.ts';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { get, orderIn, orderOf, post } from '../scenarios/client.ts';
import { TestStore } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { ConsoleView } from './console-view.ts';
import { expectGoodLooks } from './looks.ts';
import { expectText, tabTo } from './page-steps.ts';

async function place(store: TestStore, orderId: string, quantity = 1, productId = 'PRODUCT_001'): Promise<void> {
  expect((await post(store.url('/orders'), orderOf(orderId, quantity, productId))).status).toBe(202);
}

/** A store with `count` orders that are confirmed, of which FIRST is the oldest. */
async function storeWith(count: number): Promise<TestStore> {
  const store = await TestStore.start('one process');
  for (const product of ['PRODUCT_001', 'PRODUCT_002']) {
    expect((await post(store.url(`/stock/${product}/receipts`), { quantity: 40_000 })).status).toBe(201);
  }
  await place(store, 'FIRST');
  await store.settle();
  await store.stopAll();
  fillStore(store.dataDir, count - 1);
  await store.start();
  return store;
}

/** Runs in the page: how many times an alert is seen, from now on. */
const ALERTS = `
  globalThis.alerts = 0;
  new MutationObserver(() => { globalThis.alerts += document.querySelectorAll('[role="alert"]').length; })
    .observe(document.body, { childList: true, subtree: true });
`;

/** Runs in the page: how long its tasks take that are longer than 50 ms, from now on. */
const LONG_TASKS = `
  globalThis.longTasks = [];
  new PerformanceObserver((list) => globalThis.longTasks.push(...list.getEntries().map(({ duration }) => duration)))
    .observe({ type: 'longtask' });
`;

describe.skipIf(chromiumPath() === null)('the orders in the console', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it('are 10,000 with at most 60 rows in the page, and the keys reach them all', async () => {
    const store = await storeWith(10_000);
    const { page } = await ConsoleView.open(browser, store.url(''), '/console/orders', { height: 2_000 });
    await expectText(page.getByRole('status').filter({ hasText: 'orders' }), '200 orders read');
    await tabTo(page, page.locator('.order-row a').first());
    await page.evaluate(LONG_TASKS);
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
    // On a machine of its own no task takes 50 ms, so none is a long one.
    expect(Math.max(0, ...(await page.evaluate<number[]>('globalThis.longTasks')))).toBeLessThan(1_000);

    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('PageUp');
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'FIRST' }).waitFor();
  });

  it('go on after an older page of another filter was not answered, and say nothing of it', async () => {
    const store = await storeWith(500);
    const { page } = await ConsoleView.open(browser, store.url(''), '/console/orders', { statuses: [0] });
    const list = page.getByRole('region', { name: 'Orders, the newest first' });
    const goToEnd = () => list.evaluate((element) => element.scrollTo(0, element.scrollHeight));
    await page.getByText('200 orders read').waitFor();
    await page.evaluate(ALERTS);
    let fail: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      fail = resolve;
    });
    const isOlder = /\/orders\?.*cursor=/;
    await page.route(isOlder, (route) => held.then(() => route.abort()), { times: 1 });
    await Promise.all([page.waitForRequest(isOlder), goToEnd()]);

    await page.getByLabel('Status').selectOption('confirmed');
    await list.locator('[data-row="0"]').waitFor();
    await page.getByText('200 orders read').waitFor();
    await goToEnd();
    await list.locator('[data-row="199"]').waitFor();
    fail();
    await page.getByText('400 orders read').waitFor();
    expect(await page.evaluate('globalThis.alerts')).toBe(0);
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
    // The other fields hold for a single order too.
    await page.getByLabel('Status').selectOption('rejected');
    await page.getByText('No order is like this.').waitFor();
    await page.getByLabel('Status').selectOption('');
    await shown('GOOD');

    await page.getByLabel('Order, its whole id').fill('GOO');
    await page.keyboard.press('Enter');
    await page.getByText('No order is like this.').waitFor();
    await page.getByRole('link', { name: 'Show all orders' }).click();
    await shown('OTHER', 'MANY', 'GOOD');
    // One that is placed now comes by itself.
    await place(store, 'NEW');
    await shown('NEW', 'OTHER', 'MANY', 'GOOD');
    // What looks like a path is an id too.
    await page.getByLabel('Order, its whole id').fill('..');
    await page.keyboard.press('Enter');
    await page.getByText('No order is like this.').waitFor();
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
    await page.getByRole('option', { name: /PRODUCT_002/ }).waitFor({ state: 'attached' });
    await page.getByRole('button', { name: 'Add a line' }).click();
    await page.getByLabel('Price of one').last().fill('cheap');
    await page.getByRole('button', { name: 'Place it' }).press('Enter');
    await expectText(page.getByRole('alert'), /items\/1\/price/);
    await page.locator('button:focus').getByText('Place it').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect((await get<{ orders: readonly unknown[] }>(store.url('/orders'))).orders).toEqual([]);
  });

  it('are placed once by a second try after a lost answer', async () => {
    const store = await TestStore.start('one process');
    const { page } = await ConsoleView.open(browser, store.url(''), '/console/orders', { statuses: [0, 404] });
    await page.route(
      (url) => url.pathname === '/orders',
      async (route) =>
        route.request().method() === 'POST' ? (await route.fetch()) && route.abort() : route.continue(),
    );
    await page.getByRole('button', { name: 'Place an order' }).first().click();
    await page.getByRole('option', { name: /PRODUCT_002/ }).waitFor({ state: 'attached' });
    const place = page.getByRole('button', { name: 'Place it' });
    await place.click();
    await page.getByText('The order may be recorded all the same.').waitFor();
    await page.unrouteAll();
    await place.click();

    await page.getByRole('dialog').waitFor({ state: 'detached' });
    const { orders } = await get<{ orders: readonly { orderId: string }[] }>(store.url('/orders'));
    expect(orders).toHaveLength(1);
    await page.getByRole('heading', { name: String(orders[0]?.orderId) }).waitFor();
    await store.settle();
  });

  it('look right', async () => {
    const store = await TestStore.start('one process');
    await place(store, 'ORDER_001', 3);
    await place(store, 'ORDER_002', 1_000);
    await orderIn('rejected', store.url('/orders/ORDER_002'));
    const view = await ConsoleView.open(browser, store.url(''), '/console/orders');
    await view.page.locator('.order-row').nth(1).waitFor();
    await expectGoodLooks(view, 'orders');
    // As wide as a window of 1,280 px is at a zoom of 400 %: an id is read, not guessed.
    await view.page.setViewportSize({ width: 320, height: 640 });
    const cell = view.page.locator('.order-row td').first();
    expect(await cell.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)).toBe(0);
    await view.page.getByRole('button', { name: 'Place an order' }).click();
    await view.page.getByRole('option', { name: /PRODUCT_002/ }).waitFor({ state: 'attached' });
    await expectGoodLooks(view, 'orders-place');
  }, 240_000);
});
