/** The first page of the console and those of the functions, in a real browser. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { choreography } from '../../saga/choreography.ts';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { get, orderIn, orderOf, post, postSample, put } from '../scenarios/client.ts';
import { TestStore } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { ConsoleView } from './console-view.ts';
import { expectGoodLooks } from './looks.ts';

const KB = 1024;
const FIRST_KB = 60;
const ALL_KB = 110;
const LONG = { timeout: 60_000 };
/** How far the clocks there are ahead of UTC. */
const KATHMANDU_MS = 5.75 * 3_600_000;
const UP = 'All functions are up and keep pace.';
const assets = fileURLToPath(new URL('../../dist/console/assets/', import.meta.url));

function compressedKb(names: readonly string[]): number {
  const bytes = names.map((name) => gzipSync(readFileSync(join(assets, name)), { level: 9 }).length);
  return bytes.reduce((sum, length) => sum + length, 0) / KB;
}

describe.skipIf(chromiumPath() === null)('the overview', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it('looks right at rest, with charts that have something to show', async () => {
    const store = await TestStore.start('one process');
    const view = await ConsoleView.open(browser, store.url(''));
    await view.page.getByText(UP).waitFor(LONG);
    await postSample(store.url('/orders'), 1);
    await postSample(store.url('/orders'), 2);
    await orderIn('confirmed', store.url('/orders/ORDER_002'));
    await view.page.getByRole('link', { name: 'ORDER_002' }).first().waitFor(LONG);
    await view.page.getByText('10 = 5 on hand + 5 sold').waitFor(LONG);
    await expectGoodLooks(view, 'overview');
  });

  it('looks right while inventory is away and orders wait', async () => {
    const store = await TestStore.start('one process');
    const view = await ConsoleView.open(browser, store.url(''), '/console', { statuses: [503] });
    await view.page.getByText(UP).waitFor(LONG);
    await put(store.url('/automation-testing/faults/inventory'), { away: true, forS: 600 });
    for (let n = 0; n < 60; n += 1) await post(store.url('/orders'), orderOf(`ORDER_${n}`));
    await view.page
      .locator('.lane.is-away .tag')
      .getByText(/away .*\d s/)
      .waitFor(LONG);
    await view.page.getByText('60 orders wait for inventory. Nothing is lost.').waitFor(LONG);
    // What is read out has no figure that would have it read again at each change.
    await view.page.getByRole('status').getByText('Orders wait for inventory.', { exact: true }).waitFor(LONG);
    expect(
      await view.page
        .getByRole('status')
        .getByText(/\d orders wait/)
        .count(),
    ).toBe(0);
    await expectGoodLooks(view, 'overview-away');
  });

  it('looks right without a product, and where nothing may be tried', async () => {
    const store = await TestStore.start('one process', { ENABLE_AUTOMATION: 'false' });
    const view = await ConsoleView.open(browser, store.url(''));
    await view.page.getByText(UP).waitFor(LONG);
    await view.page.getByRole('heading', { name: 'Stock' }).waitFor(LONG);
    for (const name of ['Try it', 'Break it', 'Load']) {
      expect(await view.page.getByRole('heading', { name, exact: true }).count()).toBe(0);
    }
    await expectGoodLooks(view, 'overview-plain');
  });

  it('has a map that fits from 1,024 px on, and scrolls below', async () => {
    const store = await TestStore.start('one process');
    const { page } = await ConsoleView.open(browser, store.url(''));
    const map = page.getByRole('region', { name: 'Saga map' });
    await map.getByRole('img').waitFor(LONG);
    const fitsAt = async (width: number) => {
      await page.setViewportSize({ width, height: 900 });
      const isFit = async () => (await map.evaluate(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)) <= 0;
      return waitUntil(async () => (await isFit()) === width >= 1_024, { what: `the map at ${width} px` });
    };
    for (const width of [1_440, 1_100, 1_024, 800]) await fitsAt(width);
  });

  it('has the same as its pictures in tables', async () => {
    const store = await TestStore.start('one process');
    const { page } = await ConsoleView.open(browser, store.url(''));
    await page.getByText(UP).waitFor(LONG);
    await postSample(store.url('/orders'), 1);
    await orderIn('confirmed', store.url('/orders/ORDER_001'));

    await page.getByText('The saga as a table').click();
    const row = page.getByRole('row', { name: /^OrderPlaced inventory/ });
    await row.waitFor(LONG);
    expect(await page.getByRole('region', { name: 'The saga as a table' }).locator('tbody tr').count()).toBe(
      choreography.length,
    );
    await waitUntil(async () => (await row.getByRole('cell').nth(3).textContent()) === '1', {
      what: 'one in the table',
    });
    for (const name of ['Orders by outcome as a table', 'From place to outcome as a table']) {
      await page.getByText(name).click();
      await page.getByRole('region', { name }).locator('tbody tr').first().waitFor(LONG);
    }
  });

  it('has moving dots, and with reduced motion counts only', async () => {
    const store = await TestStore.start('one process');
    const moving = await ConsoleView.open(browser, store.url(''));
    const still = await ConsoleView.open(browser, store.url(''), '/console', { reducedMotion: true });
    for (const { page } of [moving, still])
      await page.getByRole('img', { name: /13 events|events in 3 lanes/ }).waitFor(LONG);
    expect([await moving.page.locator('.map canvas').count(), await still.page.locator('.map canvas').count()]).toEqual(
      [1, 0],
    );
    await postSample(store.url('/orders'), 1);
    for (const { page } of [moving, still]) {
      await page.locator('.event', { hasText: 'OrderConfirmed' }).getByText('1', { exact: true }).waitFor(LONG);
    }
  });

  it('can be held while messages come, whose times are local', async () => {
    const store = await TestStore.start('one process');
    const context = await browser.newContext({ timezoneId: 'Asia/Kathmandu', viewport: { width: 1440, height: 900 } });
    const { page } = await ConsoleView.openIn(context, store.url(''), '/console');
    await page.getByText(UP).waitFor(LONG);
    await postSample(store.url('/orders'), 1);
    await page.getByRole('link', { name: 'ORDER_001' }).first().waitFor(LONG);

    await page.getByRole('button', { name: 'Hold' }).click();
    const time = page.locator('.messages time').first();
    const local = new Date(Date.parse((await time.getAttribute('datetime')) ?? '') + KATHMANDU_MS);
    expect(await time.textContent()).toContain(local.toISOString().slice(11, -1));
    await postSample(store.url('/orders'), 2);
    await page.locator('.event', { hasText: 'OrderConfirmed' }).getByText('2', { exact: true }).waitFor(LONG);
    expect(await page.getByRole('link', { name: 'ORDER_002' }).count()).toBe(0);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByRole('link', { name: 'ORDER_002' }).first().waitFor(LONG);

    // What came before is not seen, so the page does not say that nothing did.
    await page.reload();
    await page.getByText('No order was seen to end in the last five minutes.').first().waitFor(LONG);
    await page.getByText('Nothing has happened since this page was opened.').waitFor(LONG);
  });

  it(`loads at most ${FIRST_KB} KB of scripts, and has ${ALL_KB} KB in all`, async () => {
    const store = await TestStore.start('one process');
    const { page } = await ConsoleView.open(browser, store.url(''));
    await page.locator('.chart canvas').first().waitFor(LONG);
    const loaded = await page.evaluate<string[]>(
      `performance.getEntriesByType('resource').map(({ name }) => new URL(name).pathname.split('/').at(-1))`,
    );
    const first = [...new Set(loaded.filter((name) => name.endsWith('.js')))];
    const all = readdirSync(assets).filter((name) => name.endsWith('.js'));

    expect(first.length).toBeGreaterThan(1);
    expect(compressedKb(first)).toBeLessThanOrEqual(FIRST_KB);
    expect(compressedKb(all)).toBeLessThanOrEqual(ALL_KB);
  });

  it('leads to the page of each function, which says how it is', async () => {
    const store = await TestStore.start('one process');
    const view = await ConsoleView.open(browser, store.url(''), '/console', { statuses: [503] });
    const { page } = view;
    await page.getByText(UP).waitFor(LONG);
    await postSample(store.url('/orders'), 1);
    await orderIn('confirmed', store.url('/orders/ORDER_001'));

    await page.getByRole('link', { name: 'inventory', exact: true }).click();
    await page.getByRole('heading', { name: 'inventory' }).waitFor(LONG);
    const row = page.getByRole('row', { name: /^OrderPlaced/ });
    await waitUntil(async () => /^OrderPlaced100/.test((await row.textContent()) ?? ''), {
      timeoutMs: 60_000,
      what: 'one handled message',
    });
    await page.getByRole('row', { name: /^order-events/ }).waitFor(LONG);
    await expectGoodLooks(view, 'function');

    await put(store.url('/automation-testing/faults/inventory'), { away: true, forS: 600 });
    await post(store.url('/orders'), orderOf('WAITS'));
    await page.getByText('What comes for it waits in its topics; nothing is lost.').waitFor(LONG);
    await page
      .getByRole('row', { name: /^order-events/ })
      .getByText('1', { exact: true })
      .waitFor(LONG);
    await expectGoodLooks(view, 'function-away');
    expect((await get<{ status: string }>(store.url('/orders/WAITS'))).status).toBe('placed');
  });
});
