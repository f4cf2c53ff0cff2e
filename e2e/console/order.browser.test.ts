/** One order in the console, in a real browser: what it shows, what can be asked of it, and what the store says afterwards. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OrderBody } from '../../functions/order/representation.ts';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { get, orderIn, orderOf, post, put } from '../scenarios/client.ts';
import { TestStore } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { ConsoleView } from './console-view.ts';
import { expectGoodLooks } from './looks.ts';
import { expectText, hostileShown, hostileText, tabTo } from './page-steps.ts';

async function place(store: TestStore, orderId: string, quantity = 1, productId = 'PRODUCT_001'): Promise<void> {
  expect((await post(store.url('/orders'), orderOf(orderId, quantity, productId))).status).toBe(202);
}

const orderAt = (store: TestStore, orderId: string) => get<OrderBody>(store.url(`/orders/${orderId}`));

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
    await page.getByLabel('Why').fill(hostileText);
    await page.getByRole('button', { name: 'Cancel the order' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    const order = await orderIn('cancelled', store.url('/orders/A'));
    expect(order.reason?.detail).toContain(hostileText);
    const { products } = await store.settle();
    expect(products.find(({ productId }) => productId === 'PRODUCT_001')?.level).toMatchObject({ onHand: 10, sold: 0 });
    await expectText(page.getByLabel('The order'), hostileShown);
    const cancelled = page.locator('.step').filter({ hasText: 'OrderCancelled' });
    await cancelled.click();
    await expectText(page.getByLabel('The selected message'), 'onerror=\\"document.title');
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
    await page.locator('button:focus').getByText('Cancel the order', { exact: true }).waitFor();
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
    const store = await TestStore.start('a process each');
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
    await page.locator('.why').waitFor({ state: 'detached' });
    await expectText(page.locator('.step').filter({ hasText: 'StockSold' }), 'StockSold');
    expect(await page.locator('.ghost, .wait').count()).toBe(0);
    await store.settle();
  }, 240_000);

  it('leads to the dead letter that blocks it', async () => {
    const store = await TestStore.start('one process');
    const poison = { poison: { subject: 'BAD', as: 'bug' } };
    expect((await post(store.url('/automation-testing/faults', 'inventory'), poison)).status).toBe(200);
    await place(store, 'BAD');
    const { page } = await ConsoleView.open(browser, store.url(''), '/console/orders/BAD');
    await expectText(page.locator('.why-summary'), 'inventory gave OrderPlaced up');
    await page.locator('.read.is-dead.of-inventory').waitFor();
    await expectText(page.locator('.wait'), 'dead letter');
    const link = page.getByRole('link', { name: /^Dead letter / });
    const letter = (await link.textContent())?.replace('Dead letter ', '') ?? '';
    await expectText(page.locator('.why'), `npm run dead-letters -- show ${letter} --function inventory`);
    await link.click();
    await page.waitForURL(`**/console/dead-letters/inventory/${letter}`);
    await expectText(page.locator('main'), 'was poisoned by a test');
  });

  it('looks right while it waits for goods, and after it was cancelled', async () => {
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
  }, 240_000);
});
