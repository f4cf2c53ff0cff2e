/** The page of a function in a real browser: what it says while the function answers, and while it does not. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { orderIn } from '../scenarios/client.ts';
import { TestStore } from '../scenarios/harness.ts';
import { ConsoleView } from './console-view.ts';
import { holdRequests } from './page-steps.ts';
import { place } from './stores.ts';

const PAGE = '/console/functions';

describe.skipIf(chromiumPath() === null)('a function in the console', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it('says what it reads and writes, and what is not known while its writer is away', async () => {
    const store = await TestStore.start('a process each', { GATEWAY_RETRIES: '0' });
    await place(store, 'A');
    await orderIn('confirmed', store.url('/orders/A'));
    const view = await ConsoleView.open(browser, store.url(''), '/console/log', { statuses: [503] });
    const { page } = view;
    const release = await holdRequests(page, '**/operations/topics');
    await view.goto(`${PAGE}/order`);
    await page.getByRole('region', { name: 'Figures' }).waitFor();
    expect(await page.getByText('It writes no topic.').count()).toBe(0);
    release();
    const [reads, writes] = ['What it reads', 'What it writes'].map((name) => page.getByRole('region', { name }));
    await reads?.getByRole('row').filter({ hasText: 'inventory-events' }).waitFor();
    await writes?.getByText('order-events · 2 messages').waitFor();

    await store.kill('order');
    await page.getByText('order does not answer. What comes for it waits in its topics; nothing is lost.').waitFor();
    await reads?.getByText('? Nothing is known of order-commands: no function that reads it answers.').waitFor();
    await writes?.getByText('order-events · 2 messages').waitFor();
    expect(
      await page
        .getByRole('region', { name: 'Figures' })
        .getByText(/^(none|0)$/)
        .count(),
    ).toBe(0);

    // Another function's page says nothing of a topic that only order reads.
    await page.getByRole('link', { name: 'notification' }).click();
    await reads?.getByRole('row').filter({ hasText: 'order-events' }).waitFor();
    expect(await reads?.getByText('order-commands').count()).toBe(0);
    await page.getByRole('link', { name: 'order', exact: true }).click();

    for (const part of ['inventory', 'notification'] as const) await store.kill(part);
    await writes?.getByText('order-events ? order does not answer').waitFor();
    await reads?.getByText('? Nothing is known of inventory-events: inventory does not answer.').waitFor();
    expect(await page.getByText('It reads no topic.').count()).toBe(0);
  });
});
