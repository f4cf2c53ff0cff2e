/** The stream of the console: one for all tabs, and what a page says and does when it is lost. */
import type { Browser, BrowserContext, Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { orderIn, orderOf, post } from '../scenarios/client.ts';
import { TestStore } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { ConsoleView } from './console-view.ts';

const TABS = 7;
const LONG = { timeout: 60_000 };
const UP = 'All functions are up and keep pace.';

/** The pages of a profile whose stream flows now: one that was lost is opened again by the same page. */
function listenersIn(context: BrowserContext): () => readonly Page[] {
  const open = new Map<Request, Page>();
  context.on('response', (response) => {
    const request = response.request();
    if (new URL(request.url()).pathname === '/operations/stream') open.set(request, request.frame().page());
  });
  const end = (request: Request) => void open.delete(request);
  context.on('requestfinished', end);
  context.on('requestfailed', end);
  return () => [...open.values()].filter((page) => !page.isClosed());
}

describe.skipIf(chromiumPath() === null)('the stream of the console', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  async function contextOf(): Promise<BrowserContext> {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
    onTestFinished(() => context.close());
    return context;
  }

  it('is one for seven tabs, which all load, and goes on in another when its tab is closed', async () => {
    const store = await TestStore.start('one process');
    const context = await contextOf();
    const listeners = listenersIn(context);
    const views: ConsoleView[] = [];
    for (let n = 0; n < TABS; n += 1) views.push(await ConsoleView.openIn(context, store.url(''), '/console'));
    for (const { page } of views) await page.getByText(UP).waitFor(LONG);
    await waitUntil(() => listeners().length === 1, { what: 'one stream' });

    // Whichever asked first has it, and that need not be the first tab.
    const [leader] = listeners();
    await leader?.close();
    await waitUntil(() => listeners().length === 1, { timeoutMs: 30_000, what: 'another tab to open the stream' });
    await post(store.url('/orders'), orderOf('AFTER'));
    await orderIn('confirmed', store.url('/orders/AFTER'));

    const left = views.filter(({ page }) => page !== leader);
    expect(left).toHaveLength(TABS - 1);
    for (const { page } of left) await page.getByRole('link', { name: 'AFTER' }).first().waitFor(LONG);
    await waitUntil(() => listeners().length === 1, { what: 'one stream' });
  });

  it('says since when it is lost, and the page reads again when it is back', async () => {
    const store = await TestStore.start('a process each');
    // The gateway is not there for a while, and the proxy before nothing answers.
    const view = await ConsoleView.open(browser, store.url(''), '/console', { statuses: [0, 503] });
    const { page } = view;
    await page.getByText(UP).waitFor(LONG);

    await store.kill('gateway');
    await page.getByText(/Paused since \d{2}:\d{2}:\d{2}/).waitFor(LONG);
    await page.getByText(`Last known: ${UP}`).waitFor(LONG);
    expect((await post(store.url('/orders', 'order'), orderOf('DURING'))).status).toBe(202);
    await store.start(['gateway']);

    await page.getByText(/Paused since/).waitFor({ ...LONG, state: 'detached' });
    await page.getByText(/^\W*All functions are up/).waitFor(LONG);
    await page.getByText('9 available').waitFor(LONG);
    await post(store.url('/orders'), orderOf('AFTER'));
    await page.getByRole('link', { name: 'AFTER' }).first().waitFor(LONG);
  });
});
