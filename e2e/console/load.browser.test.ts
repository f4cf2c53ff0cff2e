/** A load is started and stopped in a browser; what became of it is read from the store. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadBody } from '../../functions/gateway/load-representation.ts';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { get, post, request } from '../scenarios/client.ts';
import { TestStore } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { ConsoleView } from './console-view.ts';
import { holdRequests, tabTo } from './page-steps.ts';

const PATH = '/automation-testing/load';
/** Runs in the page, as text: a browser's names are not those of Node. */
const PRESS_AS_IT_CHANGES = `
  globalThis.button = document.querySelector('.load-form button');
  globalThis.presses = new MutationObserver(() => button.click());
  presses.observe(button, { childList: true, characterData: true, subtree: true });
`;

describe.skipIf(chromiumPath() === null)('a load', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  async function open() {
    const store = await TestStore.start('one process');
    const { page } = await ConsoleView.open(browser, store.url(''));
    return { store, page, load: () => get<LoadBody>(store.url(PATH)) };
  }

  it('is started once and stopped once, however often the button is pressed at a time', async () => {
    const { store, page } = await open();
    const sent: string[] = [];
    page.on('request', (request) => {
      if (request.method() !== 'GET') sent.push(request.method());
    });
    const button = page.getByRole('button', { name: 'Start' });
    const isReady = (word: string) =>
      page.locator('.load-form button:not([aria-disabled=true])').getByText(word, { exact: true }).waitFor();

    // A press that was meant for the word before: the load began, and ended, without this page.
    await button.waitFor();
    await page.evaluate(PRESS_AS_IT_CHANGES);
    expect((await post(store.url(PATH), { ordersPerSecond: 1, forS: 600 })).status).toBe(202);
    await isReady('Stop');
    expect((await request('DELETE', store.url(PATH))).status).toBe(200);
    await isReady('Start');
    expect(sent).toEqual([]);

    const release = await holdRequests(page, `**${PATH}`);
    await tabTo(page, button);
    await page.keyboard.press('Enter');
    await page.keyboard.press('Enter');
    release();
    await isReady('Stop');
    expect(sent).toEqual(['POST']);
    // A key that is held down repeats.
    for (let n = 0; n < 3; n++) await page.keyboard.down('Enter');
    await isReady('Start');
    await page.keyboard.down('Enter');
    await page.keyboard.up('Enter');

    await page.getByText('The last load has ended').waitFor();
    expect(sent).toEqual(['POST', 'DELETE']);
    expect(await page.getByRole('alert').count()).toBe(0);
  });

  it('goes on when the page is loaded again, and is stopped', async () => {
    const { store, page, load } = await open();

    await page.getByLabel('Orders a second').fill('20');
    await page.getByLabel('For seconds').fill('600');
    await page.getByLabel('Too many, %').fill('50');
    await page.getByRole('button', { name: 'Start' }).press('Enter');
    await page.locator('button:focus').getByText('Stop').waitFor();
    await waitUntil(async () => (await load()).acknowledged >= 10, { timeoutMs: 60_000, what: 'orders of the load' });
    expect(await load()).toMatchObject({ running: true, ordersPerSecond: 20, forS: 600, mix: { short: 0.5 } });
    await page.reload();
    await page.getByText('20 orders a second').waitFor();
    expect(await page.getByLabel('Too many, %').inputValue()).toBe('50');
    await page.getByRole('button', { name: 'Stop' }).click();
    await page.getByText('The last load has ended').waitFor();

    await store.settle();
    // The load reads outcomes from time to time.
    await waitUntil(async () => (await load()).outcomes.waiting === 0, { timeoutMs: 60_000, what: 'all outcomes' });
    const { running, acknowledged, outcomes } = await load();
    const { confirmed, rejected, cancelled } = outcomes;
    expect([running, confirmed + rejected + cancelled]).toEqual([false, acknowledged]);
  });
});
