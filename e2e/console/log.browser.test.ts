/** Topics are looked at in a browser. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { orderIn } from '../scenarios/client.ts';
import { TestStore } from '../scenarios/harness.ts';
import { ConsoleView } from './console-view.ts';
import { expectGoodLooks } from './looks.ts';
import { holdRequests } from './page-steps.ts';
import { atOnce, commandOf, deadLettersOf, HOSTILE, place, produce, setFaults } from './stores.ts';

const PAGE = '/console/log';

/** The position, type and key of each message in the list, from its top. */
async function linesOf(page: Page): Promise<readonly string[]> {
  const lines = await page.getByRole('list', { name: 'Messages' }).locator('button.log-line').all();
  return Promise.all(
    lines.map(async (line) => {
      const [position, , type, key] = await line.locator(':scope > *').allInnerTexts();
      return `${position} ${type} ${key}`;
    }),
  );
}

describe.skipIf(chromiumPath() === null)('the log in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  async function withOrders(...orderIds: readonly string[]): Promise<TestStore> {
    const store = await TestStore.start('one process', atOnce);
    await place(store, ...orderIds);
    for (const orderId of orderIds) await orderIn('confirmed', store.url(`/orders/${orderId}`));
    await store.settle();
    return store;
  }

  it('tells for each topic who has not read how much, as it changes', async () => {
    const store = await withOrders('A');
    const { page } = await ConsoleView.open(browser, store.url(''), PAGE);
    const topic = page.getByRole('listitem').filter({ has: page.getByRole('link', { name: 'order-events' }) });
    const readers = topic.getByRole('list', { name: 'Readers of order-events' });
    await readers.getByRole('listitem').filter({ hasText: 'inventory' }).getByText('has read all').waitFor();

    await setFaults(store, 'inventory', { away: true, forS: 600 });
    await place(store, 'B', 'C');
    await readers.getByText('2 unread').waitFor();
    await setFaults(store, 'inventory', { away: false });
    await readers.getByText('2 unread').waitFor({ state: 'detached' });
    await orderIn('confirmed', store.url('/orders/C'));
  });

  it('shows messages from the newest, a position or a time, by equality, and keeps that in the address', async () => {
    const store = await withOrders('A', 'B');
    const view = await ConsoleView.open(browser, store.url(''), PAGE);
    const { page } = view;
    await page.getByRole('link', { name: 'order-events' }).click();
    await page.getByRole('list', { name: 'Messages' }).waitFor();
    const newest = await linesOf(page);
    expect(
      [...newest]
        .sort()
        .map((line) => line.replace(/^\d+ /, ''))
        .sort(),
    ).toEqual(['OrderConfirmed A', 'OrderConfirmed B', 'OrderPlaced A', 'OrderPlaced B']);
    expect(newest.map((line) => line[0])).toEqual(['4', '3', '2', '1']);

    await page.getByLabel('From').selectOption('position');
    await page.getByRole('textbox', { name: 'Position' }).fill('3');
    await page.keyboard.press('Enter');
    await page.getByText('Scanned 2: this is all.').waitFor();
    expect(await linesOf(page)).toEqual([newest[1], newest[0]]);
    await page.getByLabel('Key is').fill('B');
    await page.getByLabel('Type is').fill('OrderConfirmed');
    await page.getByRole('button', { name: 'Show' }).click();
    await page.waitForURL(/type=OrderConfirmed/);
    const address = new URL(page.url());
    expect([...address.searchParams]).toEqual([
      ['from', '3'],
      ['type', 'OrderConfirmed'],
      ['key', 'B'],
    ]);
    await page.reload();
    await page.getByRole('list', { name: 'Messages' }).waitFor();
    expect(await linesOf(page)).toEqual([expect.stringMatching(/^\d OrderConfirmed B$/)]);

    await view.goto(`${PAGE}/order-events?from=2000-01-01T00:00Z`);
    await page.getByText('Scanned 4: this is all.').waitFor();
    expect((await linesOf(page)).map((line) => line[0])).toEqual(['1', '2', '3', '4']);
    await page.getByLabel('Time, UTC').fill('2999-01-01T00:00:00Z');
    await page.keyboard.press('Enter');
    await page.getByText('No message matches.').waitFor();
  });

  it('loads more, as far as there is', async () => {
    const store = await TestStore.start('one process', atOnce);
    await produce(store, ...Array.from({ length: 120 }, (_, n) => commandOf(`N-${n}`, { type: 'Nonsense' })));
    const { page } = await ConsoleView.open(browser, store.url(''), `${PAGE}/order-commands`);
    await page.getByText('Scanned 50.').waitFor();
    const release = await holdRequests(page, '**/messages?*');
    await page.getByRole('button', { name: 'Load more' }).focus();
    await page.keyboard.press('Enter');
    await page.locator('button[aria-disabled="true"]').waitFor();
    await page.keyboard.press('Enter');
    release();
    await page.getByText('Scanned 100.').waitFor();
    await page.keyboard.press('Enter');
    await page.locator('p:focus').getByText('Scanned 120: this is all.').waitFor();
    expect(new Set(await linesOf(page)).size).toBe(120);
  });

  it('says how many messages it has looked at where a filter finds none among 10,000', async () => {
    const store = await TestStore.start('one process', { ...atOnce, LOG_LEVEL: 'fatal' });
    await produce(store, ...Array.from({ length: 10_050 }, (_, n) => commandOf(`N-${n}`, { type: 'Nonsense' })));
    const { page } = await ConsoleView.open(browser, store.url(''), `${PAGE}/order-commands?from=oldest&type=Other`);

    await page.getByText('Scanned 10,000.').waitFor();
    expect(await page.getByText('No message matches.').count()).toBe(0);
    await page.getByRole('button', { name: 'Load more' }).click();
    await page.getByText('Scanned 10,050: this is all.').waitFor();
    await page.getByText('No message matches.').waitFor();
  });

  it('follows what is written, and counts it while someone reads further down', async () => {
    const store = await TestStore.start('one process', atOnce);
    const nonsense = (name: string, count: number) =>
      produce(store, ...Array.from({ length: count }, (_, n) => commandOf(`${name}-${n}`, { type: 'Nonsense' })));
    await nonsense('OLD', 50);
    const { page } = await ConsoleView.open(browser, store.url(''), `${PAGE}/order-commands`);
    await page.getByText('OLD-49', { exact: true }).waitFor();
    await nonsense('NEW', 1);
    await page.getByText('NEW-0', { exact: true }).waitFor();

    await page.mouse.wheel(0, 900);
    await page.getByText('Paused while you read.').waitFor();
    await nonsense('LATE', 20);
    await page.getByRole('button', { name: '20 new' }).waitFor();
    expect(await page.getByText('LATE-0', { exact: true }).count()).toBe(0);
    await page.getByRole('button', { name: '20 new' }).press('Enter');
    await page.getByText('LATE-19', { exact: true }).waitFor();
    await page.locator('ul:focus').waitFor();
    expect(await page.evaluate('scrollY')).toBe(0);

    await page.getByRole('button', { name: 'Following' }).click();
    await nonsense('UNSEEN', 1);
    await deadLettersOf(store, 'order', 72);
    await page.getByRole('button', { name: 'Follow', exact: false }).click();
    await page.getByText('UNSEEN-0', { exact: true }).waitFor();
  });

  it('opens a message by the keyboard: attributes, data, reads, trace; its address opens it again', async () => {
    const store = await withOrders('A');
    const { page } = await ConsoleView.open(browser, store.url(''), `${PAGE}/order-events`);
    const line = page.getByRole('button', { name: /OrderPlaced A/ });
    await line.focus();
    await page.keyboard.press('Enter');
    const reads = page.getByRole('list', { name: 'Who has read it' });
    await reads.getByRole('listitem').filter({ hasText: 'inventory' }).getByText('handled').waitFor();
    await page.getByRole('region', { name: 'Data', exact: true }).getByText('"customerId": "CUSTOMER_001"').waitFor();
    await page.getByText('Trace of').click();
    await page.getByText('StockReserved').waitFor();
    expect(await line.getAttribute('aria-expanded')).toBe('true');

    await page.goto(`${page.url()}&from=2&type=OrderConfirmed`);
    await page.getByRole('region', { name: 'Data', exact: true }).waitFor();
    expect(await page.getByRole('button', { name: /OrderPlaced A/ }).count()).toBe(1);

    for (const place of ['0-99', 'nonsense']) {
      await page.goto(store.url(`${PAGE}/order-events?m=${place}`));
      await page.getByText('The selected message is not there').waitFor();
      await page.getByRole('button', { name: 'Close' }).press('Enter');
      await page.getByText('The selected message is not there').waitFor({ state: 'detached' });
      expect(await page.locator('ul:focus').getAttribute('aria-label')).toBe('Messages');
    }
  });

  it('shows hostile contents as the text that they are', async () => {
    const store = await TestStore.start('one process', atOnce);
    const time = '2026-01-02T03:04:05.678Z';
    await produce(
      store,
      commandOf('EVIL', {
        id: HOSTILE,
        source: HOSTILE,
        type: HOSTILE,
        subject: HOSTILE,
        time,
        data: { note: HOSTILE },
      }),
    );
    const { page } = await ConsoleView.open(browser, store.url(''), `${PAGE}/order-commands`);
    await page.locator('button.log-line').click();
    await page.getByText('Trace of').click();
    await page.getByRole('region', { name: 'Data', exact: true }).getByText('<img src=x').waitFor();

    expect(await page.evaluate('globalThis.harm')).toBeUndefined();
    expect(await page.locator('img, script:not([src]), a[href^="javascript:"]').count()).toBe(0);
    expect(await page.evaluate('document.body.textContent.includes("\\u202e")')).toBe(false);
  });

  it('looks right: topics, one of them, a message, an empty one', async () => {
    const store = await withOrders('A', 'B', 'C');
    await setFaults(store, 'inventory', { away: true, forS: 600 });
    await place(store, 'D');
    const view = await ConsoleView.open(browser, store.url(''), PAGE, { statuses: [503] });
    const { page } = view;
    await page.getByText('1 unread').waitFor();
    await expectGoodLooks(view, 'log-topics');
    await page.getByRole('link', { name: 'order-events' }).click();
    await page.getByRole('list', { name: 'Messages' }).waitFor();
    await expectGoodLooks(view, 'log-topic');
    await page.getByRole('button', { name: /OrderPlaced D/ }).click();
    await page.getByText('○ unread').waitFor();
    await page.getByText('Trace of').click();
    await page.getByText('The order page').waitFor();
    await expectGoodLooks(view, 'log-message');
    await view.goto(`${PAGE}/order-commands`);
    await page.getByText('Nothing was written into this topic yet.').waitFor();
    await expectGoodLooks(view, 'log-empty');
  });
});
