/** What the console does where a page cannot be shown as it should be: the rest of it stays, and there is a way on. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { TestStore } from '../scenarios/harness.ts';
import { ConsoleView } from './console-view.ts';
import { faultsByAxe } from './looks.ts';
import { expectText, holdRequests, tabTo } from './page-steps.ts';
import { commandOf, deadLettersOf, place, produce } from './stores.ts';

describe.skipIf(chromiumPath() === null)('a page of the console', () => {
  let browser: Browser;
  let store: TestStore;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());
  beforeEach(async () => {
    store = await TestStore.start('one process');
  });

  it('says that it has an error, and leaves the way to the others', async () => {
    await place(store, 'ORDER_A');
    const view = await ConsoleView.open(browser, store.url(''), '/console/orders', { isWatched: false });
    const { page } = view;
    await page.route('**/orders/ORDER_A', (route) => route.fulfill({ json: { id: 'ORDER_A', status: 'placed' } }));
    await page.getByRole('link', { name: 'ORDER_A' }).click();
    await page.getByRole('heading', { name: 'This page has an error' }).waitFor();
    expect(await faultsByAxe(view)).toEqual([]);
    expect((await view.problems()).join()).toContain('TypeError');

    await page.getByRole('link', { name: 'Stock' }).click();
    await page.getByRole('heading', { name: 'Stock', level: 1 }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'This page has an error' }).waitFor();
    await page.unroute('**/orders/ORDER_A');
    await page.getByRole('button', { name: 'Try again' }).press('Enter');

    await expectText(page.getByRole('heading', { level: 1 }), 'ORDER_A');
    await page.locator('main:focus').waitFor();
  });

  it('that could not be loaded says so, and is loaded by another try', async () => {
    const view = await ConsoleView.open(browser, store.url(''), '/console', { isWatched: false });
    const { page } = view;
    await page.route('**/assets/uPlot*', (route) => route.abort('connectionrefused'));
    await page.reload();
    await page.getByText('What draws the lines could not be loaded.').first().waitFor();
    await page.route('**/assets/*.js', (route) => route.abort('connectionrefused'));
    await page.getByRole('link', { name: 'Stock' }).click();
    await page.getByRole('heading', { name: 'This page was not loaded' }).waitFor();
    await expectText(
      page.getByRole('alert'),
      /dynamically imported module.+ or was upgraded since the console was opened/,
    );
    expect((await view.problems()).join()).toContain('dynamically imported module');

    await page.route('**/*', (route) => route.abort('connectionrefused'));
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('alert').getByText('The store does not answer.').waitFor();
    await page.unrouteAll();
    await page.getByRole('button', { name: 'Try again' }).click();

    await page.getByRole('heading', { name: 'Stock', level: 1 }).waitFor();
  });

  it('keeps the focus in its dialog while a dry run is asked for again', async () => {
    await produce(store, commandOf('BROKEN', {}, 0));
    const [{ letter } = { letter: '' }] = await deadLettersOf(store, 'order', 1);
    const path = `/console/dead-letters/order/${letter}`;
    const { page } = await ConsoleView.open(browser, store.url(''), path, { statuses: [0] });
    await page.route('**/discard', (route) => route.abort('connectionrefused'));
    await page.getByRole('button', { name: 'Discard …' }).press('Enter');
    const again = page.getByRole('button', { name: 'Try again' });
    await tabTo(page, again);
    await page.unrouteAll();
    const answer = await holdRequests(page, '**/discard');
    await page.keyboard.press('Enter');
    await expectText(page.locator(':focus[aria-disabled=true]'), 'Try again');
    answer();
    await page.getByText('The message is never handled').waitFor();
    await expectText(page.locator(':focus'), 'Discard PlaceOrder');
  });

  it('says what it needs where a browser runs no scripts', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    onTestFinished(() => context.close());
    const page = await context.newPage();

    await page.goto(store.url('/console'));

    expect((await page.locator('body').innerText()).trim()).toBe(
      'The console needs JavaScript. What it shows can also be read as JSON, at the paths that /openapi.json lists, ' +
        'and on the command line.',
    );
    await page.getByRole('link').click();
    expect(JSON.parse(await page.locator('body').innerText())).toHaveProperty('paths./orders');
  });

  it('is shown in the theme that is chosen where the browser keeps nothing for it', async () => {
    const { page } = await ConsoleView.open(browser, store.url(''));
    await page.locator('.uplot').first().waitFor();
    await page.addInitScript(
      `Object.defineProperty(globalThis, 'localStorage', { get() { throw new DOMException('blocked', 'SecurityError'); } });`,
    );
    await page.reload();
    await page.getByRole('button', { name: 'Theme: auto' }).click();

    await page.getByRole('button', { name: 'Theme: light' }).waitFor();

    expect(await page.locator('html').getAttribute('data-theme')).toBe('light');
  });
});
