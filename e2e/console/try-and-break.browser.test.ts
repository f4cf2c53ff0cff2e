/** README's five minutes in a browser: place orders, break the store, read why they wait, heal it. Effects are read from the store. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OrderBody } from '../../functions/order/representation.ts';
import type { Why } from '../../functions/order/why.ts';
import type { AllFaultsBody, FaultsBody } from '../../shared/runtime/worker/fault-representation.ts';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { get, type MovementsBody, orderIn, orderOf, post, put, request, type StockBody } from '../scenarios/client.ts';
import { TestStore } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { ConsoleView } from './console-view.ts';
import { tabTo } from './page-steps.ts';

/** An exit by the crash button. */
const CRASH_CODE = 86;
const LONG = { timeout: 60_000 };

async function onHand(store: TestStore): Promise<readonly number[]> {
  const { stock } = await get<{ stock: readonly StockBody[] }>(store.url('/stock'));
  return stock.map((level) => level.onHand);
}

async function faultsOf(store: TestStore, name: string): Promise<FaultsBody | null> {
  const { functions } = await get<AllFaultsBody>(store.url('/automation-testing/faults'));
  return functions.find((each) => each.function === name)?.faults ?? null;
}

/** The order that a button made an id for. */
async function triedOrder(store: TestStore): Promise<OrderBody> {
  const { orders } = await get<{ orders: readonly OrderBody[] }>(store.url('/orders'));
  const found = orders.find(({ orderId }) => orderId.startsWith('TRY_'));
  if (found === undefined) throw new Error('no order was placed');
  return found;
}

describe.skipIf(chromiumPath() === null)('the overview', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  /** A page that is there and listens to its store, by the sentence above its map. */
  async function open(store: TestStore, statuses: readonly number[] = []): Promise<ConsoleView> {
    const view = await ConsoleView.open(browser, store.url(''), '/console', { statuses });
    await view.page.getByText('All functions are up and keep pace.').waitFor(LONG);
    return view;
  }
  const press = ({ page }: ConsoleView, name: string | RegExp) => page.getByRole('button', { name }).click();
  const says = ({ page }: ConsoleView, text: string | RegExp) => page.getByText(text).first().waitFor(LONG);

  it('places the sample orders, and a repeat moves no stock', async () => {
    const store = await TestStore.start('one process');
    const view = await open(store);

    await press(view, 'Place ORDER_001');
    await says(view, 'ORDER_001 is confirmed.');
    await waitUntil(async () => (await onHand(store)).join() === '7,13');
    await press(view, 'The same again');
    await says(view, /a replay\. Stock has not moved: 7 and 13 on hand\./);
    await press(view, 'Place ORDER_002');
    await says(view, 'ORDER_002 is confirmed.');

    await store.settle();
    expect(await onHand(store)).toEqual([5, 13]);
    const { movements } = await get<MovementsBody>(store.url('/stock/PRODUCT_001/movements'));
    expect(movements.filter(({ kind }) => kind === 'sold').map(({ orderId }) => orderId)).toEqual([
      'ORDER_001',
      'ORDER_002',
    ]);
  });

  it('is worked by the keyboard alone', async () => {
    const store = await TestStore.start('one process');
    const view = await open(store);
    const { page } = view;
    const focused = () => page.evaluate<string>('document.activeElement?.textContent ?? ""');

    await page.keyboard.press('Tab');
    expect(await focused()).toContain('Skip to the content');
    await page.keyboard.press('Enter');
    await tabTo(page, page.getByRole('button', { name: 'Place ORDER_001' }));
    await page.keyboard.press('Enter');
    await says(view, 'ORDER_001 is confirmed.');
    // The button has kept the focus, so that it can be pressed again.
    await page.keyboard.press('Enter');
    await says(view, 'this is the first answer again, a replay.');
    // A question has the focus, and gives it back.
    const isAt = (name: string) => page.locator('button:focus').getByText(name, { exact: true }).waitFor();
    await tabTo(page, page.getByRole('button', { name: 'Crash …' }));
    await page.keyboard.press('Enter');
    await isAt('Leave it');
    await page.keyboard.press('Enter');
    await isAt('Crash …');

    await orderIn('confirmed', store.url('/orders/ORDER_001'));
  });

  it('asks for products where there are none, and has too large an order rejected', async () => {
    const store = await TestStore.start('one process');
    expect((await request('DELETE', store.url('/automation-testing/all'))).status).toBe(204);
    const view = await open(store);

    await press(view, 'Ask for too many');
    await says(view, 'There is no product. Add the example products first, under Stock.');
    expect(await view.page.getByRole('alert').textContent()).not.toContain('error');
    await press(view, 'Add the two example products');
    await says(view, '10 available');
    await press(view, 'Ask for too many');
    await says(view, /TRY_\w+ is rejected:/);

    const { status, reason } = await triedOrder(store);
    expect([status, reason?.code]).toEqual(['rejected', 'out_of_stock']);
    expect(await onHand(store)).toEqual([10, 15]);
  });

  it('lets an order wait for goods, and receives them', async () => {
    const store = await TestStore.start('one process');
    const view = await open(store);

    await press(view, 'Let one wait for goods');
    await says(view, /TRY_\w+ is backordered:/);
    expect((await triedOrder(store)).status).toBe('backordered');
    await press(view, 'Receive 3 of PRODUCT_002');
    await says(view, /3 came in: TRY_\w+ is confirmed\./);

    await store.settle();
    expect((await triedOrder(store)).status).toBe('confirmed');
    expect(await get<StockBody>(store.url('/stock/PRODUCT_002'))).toMatchObject({
      ...{ received: 18, onHand: 0, sold: 18, whenShort: 'reject' },
    });
  });

  it('sends inventory away, says why orders wait, heals it, and they drain', async () => {
    const store = await TestStore.start('one process');
    const view = await open(store, [503]);

    await view.page.getByRole('button', { name: 'Away for 30 s' }).hover();
    await view.page.locator('.lane.is-pointed-at').getByText('inventory').waitFor(LONG);
    await press(view, 'Away for 30 s');
    await says(view, /away, back in \d+ s/);
    expect(await faultsOf(store, 'inventory')).toMatchObject({ away: true });
    // A slow machine takes longer than the button's time for what follows.
    await put(store.url('/automation-testing/faults/inventory'), { away: true, forS: 600 });
    for (const id of ['A', 'B', 'C']) expect((await post(store.url('/orders'), orderOf(id))).status).toBe(202);
    await says(view, '3 orders wait for inventory. Nothing is lost.');
    await view.page.locator('.lane.is-away').getByText('3 unread').waitFor(LONG);
    await view.page
      .locator('.lane.is-away .tag')
      .getByText(/away .*\d s/)
      .waitFor(LONG);
    expect((await get<Why>(store.url('/orders/A/why'))).summary).toContain('inventory');

    await press(view, 'Heal all');
    for (const id of ['A', 'B', 'C']) await orderIn('confirmed', store.url(`/orders/${id}`));
    await says(view, 'All functions are up and keep pace.');
    expect(await faultsOf(store, 'inventory')).toMatchObject({ away: false });
    await store.settle();
    expect((await onHand(store))[0]).toBe(7);
  });

  it('breaks a function in each way, shows it, and heals that function alone', async () => {
    const store = await TestStore.start('one process');
    const view = await open(store, [503]);
    await view.page.getByLabel('Function').selectOption('notification');

    await press(view, 'Disk full');
    await says(view, /disk full/);
    expect(await faultsOf(store, 'notification')).toMatchObject({ noRoom: true });
    await press(view, 'Clock +10 min');
    await says(view, /clock \+10 min/);
    expect(await faultsOf(store, 'notification')).toMatchObject({ clockShiftMs: 600_000 });
    await press(view, 'Poison 1 in 5');
    await says(view, /poison: 20 % transient/);
    expect(await faultsOf(store, 'notification')).toMatchObject({ poison: { share: 0.2, as: 'transient' } });

    // The map marks what a button changes, not what is chosen for the other buttons.
    const marked = (name: string) => view.page.locator('.lane.is-pointed-at').getByText(name).waitFor(LONG);
    await view.page.getByLabel('Function').selectOption('order');
    await view.page.getByRole('button', { name: 'Disk full' }).hover();
    await marked('order');
    const isMarked = marked('notification');
    await view.page.getByRole('button', { name: 'Heal notification' }).press('Enter');
    await isMarked;
    await says(view, 'Nothing is broken. Whatever you break here, no order is lost.');
    expect(await faultsOf(store, 'notification')).toMatchObject({ noRoom: false, clockShiftMs: 0, poison: null });
    expect(await faultsOf(store, 'order')).toMatchObject({ noRoom: false, clockShiftMs: 0, poison: null });
  });

  it('takes the mark of a button with it that goes away, and gives its focus back', async () => {
    const store = await TestStore.start('one process');
    const view = await open(store, [503]);
    const { page } = view;
    const faults = store.url('/automation-testing/faults/inventory');
    const marked = page.locator('.lane.is-pointed-at');
    await put(faults, { away: true, forS: 600 });

    await page.getByRole('button', { name: 'Heal inventory' }).hover();
    await marked.getByText('inventory').waitFor(LONG);
    expect((await request('DELETE', faults)).status).toBe(200);
    await says(view, 'Nothing is broken. Whatever you break here, no order is lost.');
    await marked.waitFor({ state: 'detached', ...LONG });

    await put(faults, { away: true, forS: 600 });
    await tabTo(page, page.getByRole('button', { name: 'Heal inventory' }));
    await page.keyboard.press('Enter');
    await page.locator('select:focus').waitFor(LONG);
    expect(await faultsOf(store, 'inventory')).toMatchObject({ away: false });
  });

  it('crashes a process when it is asked twice, and sees it come back with all orders', async () => {
    const store = await TestStore.start('a process each');
    const view = await open(store, [503]);

    await press(view, 'Crash …');
    await press(view, 'Leave it');
    await press(view, 'Crash …');
    await press(view, 'Crash inventory');
    expect(await store.program('inventory').exit).toEqual({ code: CRASH_CODE, signal: null });
    await says(view, /The process of inventory has crashed\./);
    expect((await post(store.url('/orders'), orderOf('A'))).status).toBe(202);
    await says(view, '1 order waits for inventory. Nothing is lost.');

    await store.start(['inventory']);
    await orderIn('confirmed', store.url('/orders/A'));
    await says(view, 'All functions are up and keep pace.');
    await store.settle();
  });
});
