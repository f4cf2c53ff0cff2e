/** The stock in the console, in a real browser: what a person does there, and what the store says about it afterwards. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fillStore } from '../bench/fill.ts';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { get, orderIn, orderOf, post, put, type StockBody } from '../scenarios/client.ts';
import { TestStore } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { ConsoleView } from './console-view.ts';
import { expectGoodLooks } from './looks.ts';
import { holdRequests, hostileShown, hostileText, tabTo } from './page-steps.ts';

const PRODUCT = '/console/stock/PRODUCT_001';

interface Movement {
  readonly kind: string;
  readonly quantity: number;
  readonly causedBy: string;
  readonly reason: string | null;
}

const stockOf = (store: TestStore, productId = 'PRODUCT_001') => get<StockBody>(store.url(`/stock/${productId}`));

async function movementsOf(store: TestStore): Promise<readonly Movement[]> {
  return (await get<{ movements: readonly Movement[] }>(store.url('/stock/PRODUCT_001/movements'))).movements;
}

describe.skipIf(chromiumPath() === null)('the stock in the console', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  async function open(path: string, statuses: readonly number[] = []): Promise<{ store: TestStore; page: Page }> {
    const store = await TestStore.start('one process');
    const { page } = await ConsoleView.open(browser, store.url(''), path, { statuses });
    return { store, page };
  }

  it('is received by the keyboard alone, and serves the orders that wait', async () => {
    const store = await TestStore.start('one process');
    expect((await put(store.url('/stock/PRODUCT_001/policy'), { whenShort: 'wait' })).status).toBe(200);
    await post(store.url('/orders'), orderOf('WAITS', 14));
    await orderIn('backordered', store.url('/orders/WAITS'));
    const { page } = await ConsoleView.open(browser, store.url(''), PRODUCT);
    await page.locator('.queue').getByText('WAITS').waitFor();

    const units = page.getByRole('form', { name: 'Receive goods' }).getByLabel('Units');
    await tabTo(page, units);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('5');
    await page.keyboard.press('Enter');
    await page.getByText('✓ 5 received').waitFor();

    await orderIn('confirmed', store.url('/orders/WAITS'));
    await store.settle();
    expect(await stockOf(store)).toMatchObject({ received: 15, onHand: 1, sold: 14, backordered: 0 });
    await page.getByText('15 = 1 on hand + 14 sold').waitFor();
    await page.getByText('No order waits for it.').waitFor();
    await page.locator('.ledger').getByText('sold').waitFor();
  });

  it('is received once while a receipt is sent, and again by another press of Enter', async () => {
    const { store, page } = await open(PRODUCT);
    const form = page.getByRole('form', { name: 'Receive goods' });
    const release = await holdRequests(page, '**/receipts');
    await form.getByRole('button').focus();
    await page.keyboard.press('Enter');
    await form.locator('button[aria-disabled="true"]').waitFor();
    await page.keyboard.press('Enter');
    release();
    await form.getByText('✓ 10 received; 20 on hand now').waitFor();

    await page.keyboard.press('Enter');
    await form.getByText('✓ 10 received; 30 on hand now').waitFor();
    expect((await stockOf(store)).received).toBe(30);
  });

  it('is corrected both ways, with a hostile reason that stays a text', async () => {
    const { store, page } = await open(PRODUCT, [409]);
    const form = page.getByRole('form', { name: 'Correct the count' });
    const correct = async (units: string, reason: string) => {
      await form.getByLabel('Units').fill(units);
      await form.getByLabel('Why').fill(reason);
      await form.getByRole('button').click();
    };
    await correct('-3', hostileText);
    await form.getByText('✓ 3 missing; 7 on hand now').waitFor();
    await correct('1', 'it was behind the shelf');
    await form.getByText('✓ 1 found; 8 on hand now').waitFor();
    expect(await stockOf(store)).toMatchObject({ received: 8, onHand: 8 });
    expect((await movementsOf(store)).slice(-2)).toMatchObject([
      { kind: 'corrected', quantity: -3, reason: hostileText },
      { kind: 'corrected', quantity: 1, reason: 'it was behind the shelf' },
    ]);
    await page.locator('.ledger').getByText(hostileShown).waitFor();
    expect(await page.locator('main img').count()).toBe(0);
    expect(await page.title()).toBe('PRODUCT_001 · saga-store');

    await correct('-9', 'more than there is');
    await form.getByRole('alert').waitFor();
    expect((await stockOf(store)).onHand).toBe(8);
    await store.settle();
  });

  it('lets orders wait, or rejects them, by a switch', async () => {
    const { store, page } = await open(PRODUCT);
    await page.getByLabel('Let it wait for goods').check();
    await waitUntil(async () => (await stockOf(store)).whenShort === 'wait', { what: 'the policy to be wait' });
    await page.getByLabel('Reject it').focus();
    await page.locator('input[value="wait"]:checked').waitFor();
    await page.keyboard.press('Space');
    await waitUntil(async () => (await stockOf(store)).whenShort === 'reject', { what: 'the policy to be reject' });
  });

  it('has a new product by its first goods, whatever its name', async () => {
    const { store, page } = await open('/console/stock', [404]);
    await page.getByRole('button', { name: 'Receive goods' }).click();
    await page.getByLabel('Product id').fill('a b');
    await page.getByRole('button', { name: 'Receive', exact: true }).click();
    await page.getByRole('alert').waitFor();
    expect(await page.getByText('may be recorded').count()).toBe(0);
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Receive goods' }).click();
    await page.getByLabel('Product id').waitFor();
    expect(await page.getByRole('alert').count()).toBe(0);
    await page.getByLabel('Product id').fill('LAMP.9');
    await page.getByLabel('Name').fill(hostileText);
    await page.getByLabel('Units').fill('4');
    await page.getByRole('button', { name: 'Receive', exact: true }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await stockOf(store, 'LAMP.9')).toMatchObject({ name: hostileText, onHand: 4 });
    await page.getByText(hostileShown).waitFor();
    expect(await page.locator('main img').count()).toBe(0);

    await page.getByRole('link', { name: 'LAMP.9' }).click();
    await page.getByRole('heading', { name: 'LAMP.9' }).waitFor();
    await page.getByText('4 = 4 on hand + 0 sold').waitFor();
  });

  it('is received once by a retry after a lost answer, and anew in a dialog that is opened again', async () => {
    const { store, page } = await open('/console/stock', [0]);
    const [unsure, sendButton] = [page.getByText('it may be recorded already'), { name: 'Receive', exact: true }];
    const fill = async (productId: string, units: string) => {
      await page.getByRole('button', { name: 'Receive goods' }).click();
      await page.getByLabel('Product id').fill(productId);
      await page.getByLabel('Units').fill(units);
    };
    const send = () => page.getByRole('button', sendButton).click();
    const close = () => page.getByRole('button', { name: 'Close' }).click();
    const loseAnswer = () =>
      page.route('**/receipts', async (route) => (await route.fetch()) && route.abort(), { times: 1 });
    const received = async (productId: string) => (await stockOf(store, productId)).received;

    await loseAnswer();
    await fill('LAMP', '5');
    await send();
    await page.getByText('Sent again as it is, it counts once; changed, it is another receipt.').waitFor();
    await send();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await received('LAMP')).toBe(5);

    await loseAnswer();
    await fill('LAMP', '5');
    expect(await unsure.count()).toBe(0);
    await send();
    await page.getByRole('alert').waitFor();
    await close();
    await fill('LAMP', '5');
    await unsure.waitFor();
    await send();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await received('LAMP')).toBe(15);

    const release = await holdRequests(page, '**/LAMP/receipts');
    await fill('LAMP', '1');
    await send();
    await close();
    await fill('CHAIR', '2');
    release();
    await waitUntil(async () => (await received('LAMP')) === 16, { what: 'the receipt that was sent' });
    await page.getByText('16 = 16 on hand').waitFor();
    expect(await page.getByLabel('Product id').inputValue()).toBe('CHAIR');
    await send();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await received('CHAIR')).toBe(2);
  });

  it('leads from each movement to its message', async () => {
    const { store, page } = await open(PRODUCT);
    await post(store.url('/orders'), orderOf('A', 2));
    await orderIn('confirmed', store.url('/orders/A'));
    const sold = page.locator('.ledger tr').filter({ hasText: 'sold' });
    await sold.locator('.ledger-message a').click();
    await page.getByRole('heading', { name: 'A', exact: true }).waitFor();
    const moved = (await movementsOf(store)).find(({ kind }) => kind === 'sold');
    expect(new URL(page.url()).searchParams.get('m')).toBe(moved?.causedBy);
    await page.locator('.step[aria-pressed="true"]').filter({ hasText: 'OrderConfirmed' }).waitFor();

    await page.goBack();
    await page.locator('.ledger tr').filter({ hasText: 'received' }).locator('.ledger-message a').click();
    await page.getByRole('heading', { name: 'inventory-events' }).waitFor();
  });

  it('shows the newest movements first, and older ones by a button', async () => {
    const store = await TestStore.start('one process');
    for (const product of ['PRODUCT_001', 'PRODUCT_002']) {
      expect((await post(store.url(`/stock/${product}/receipts`), { quantity: 400 })).status).toBe(201);
    }
    await store.settle();
    await store.stopAll();
    fillStore(store.dataDir, 100);
    await store.start();
    const { page } = await ConsoleView.open(browser, store.url(''), PRODUCT);
    await page.getByText('the newest 50', { exact: true }).waitFor();
    expect(await page.locator('.ledger tbody tr').first().textContent()).toContain('FILL-00000100');
    for (const shown of ['the newest 100', 'the newest 150', 'the newest 200', '202 movements']) {
      await page.getByRole('button', { name: 'Show older ones' }).click();
      await page.getByText(shown, { exact: true }).waitFor();
    }
    expect(await page.locator('.ledger tbody tr').last().textContent()).toContain('received');
    expect(await page.getByRole('button', { name: 'Show older ones' }).count()).toBe(0);
  });

  it('shows its bars also in the colours of a reader', async () => {
    const store = await TestStore.start('one process');
    const { page } = await ConsoleView.open(browser, store.url(''), '/console/stock', { theme: 'dark' });
    await page.evaluate("localStorage.setItem('saga-store theme', 'light')");
    await page.emulateMedia({ forcedColors: 'active', colorScheme: 'dark' });
    await page.reload();
    await page.locator('.level-part.is-available').first().waitFor();

    const color = "getComputedStyle(document.querySelector('.level-part.is-available')).backgroundColor";
    expect(await page.evaluate(color)).toBe('rgb(235, 162, 74)');
  });

  it('shows its movements also where they are read more slowly than they come', async () => {
    const { store, page } = await open(PRODUCT);
    const failed: string[] = [];
    page.on('requestfailed', (each) => void failed.push(each.url()));
    await page.locator('.ledger').getByText('received').waitFor();
    const release = await holdRequests(page, '**/movements?*');
    for (const onHand of [20, 30]) {
      expect((await post(store.url('/stock/PRODUCT_001/receipts'), { quantity: 10 })).status).toBe(201);
      await page.getByText(`${onHand} = ${onHand} on hand`).waitFor();
    }
    release();

    await page.getByText('3 movements', { exact: true }).waitFor();
    expect(failed).toEqual([]);
  });

  it('looks right', async () => {
    const store = await TestStore.start('one process');
    await put(store.url('/stock/PRODUCT_002/policy'), { whenShort: 'wait' });
    await post(store.url('/orders'), orderOf('ORDER_001', 3));
    await post(store.url('/orders'), orderOf('ORDER_002', 500, 'PRODUCT_002'));
    await orderIn('backordered', store.url('/orders/ORDER_002'));
    const view = await ConsoleView.open(browser, store.url(''), '/console/stock');
    await view.page.getByText('10 = 7 on hand + 3 sold').waitFor();
    await expectGoodLooks(view, 'stock');
    await view.goto('/console/stock/PRODUCT_002');
    await view.page.locator('.queue').getByText('ORDER_002').waitFor();
    await view.page.locator('.ledger').waitFor();
    await expectGoodLooks(view, 'product');
  }, 240_000);
});
