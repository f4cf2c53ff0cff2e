/** Many dead letters are replayed in a browser, and failed notices sent again; what comes of it is read from the store. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NoticeBody } from '../../functions/notification/representation.ts';
import type { ReplayJobsBody } from '../../shared/runtime/dead-letters/replay-schemas.ts';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { get, orderIn } from '../scenarios/client.ts';
import { TestStore } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { ConsoleView } from './console-view.ts';
import { expectGoodLooks } from './looks.ts';
import { atOnce, commandOf, deadLettersOf, place, produce, setFaults, withBug } from './stores.ts';

const PAGE = '/console/dead-letters';
const names = (count: number) => Array.from({ length: count }, (_, n) => `BAD-${n}`);

async function sign(page: Page, confirm: string): Promise<void> {
  await page.getByLabel('Who').fill('ann');
  await page.getByLabel('Why').fill('it is fixed');
  await page.getByRole('button', { name: confirm, exact: true }).click();
}

async function noticesIn(store: TestStore, status: string, count: number): Promise<void> {
  const path = store.url(`/notifications?limit=200&status=${status}`);
  const areThere = async () => (await get<{ notifications: NoticeBody[] }>(path)).notifications.length === count;
  await waitUntil(areThere, { timeoutMs: 30_000, what: `${count} notices that are ${status}` });
}

describe.skipIf(chromiumPath() === null)('in a browser', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it('a group is replayed in batches, each with what came of it', async () => {
    const store = await TestStore.start('one process', atOnce);
    await withBug(store, names(4));
    const { page } = await ConsoleView.open(browser, store.url(''), PAGE);
    await page.getByRole('button', { name: /^Replay … 4 letters of inventory/ }).click();
    await page.getByText('In batches of 1, 2, 1').waitFor();
    await sign(page, 'Replay 4 dead letters');

    await page.getByRole('status').getByText('4 letters passed, 0 failed, 0 left').waitFor();
    const rows = page.getByRole('region', { name: 'Batches' }).getByRole('row');
    expect(await rows.allInnerTexts()).toEqual([
      expect.stringContaining('Batch'),
      ...[1, 2, 1].map((size, n) =>
        expect.stringMatching(new RegExp(`^${n + 1}\\s+✓ passed\\s+${size}\\s+${size}\\s+0\\s+0$`)),
      ),
    ]);
    for (const name of names(4)) await orderIn('confirmed', store.url(`/orders/${name}`));
    const { replays } = await get<ReplayJobsBody>(store.url('/operations/inventory/replays'));
    expect(replays).toMatchObject([{ state: 'done', who: 'ann', reason: 'it is fixed' }]);
  });

  it('a replay that fails as before stops, and says why', async () => {
    const store = await TestStore.start('one process', atOnce);
    await withBug(store, names(4), false);
    const { page } = await ConsoleView.open(browser, store.url(''), `${PAGE}/inventory`);
    await page.getByRole('button', { name: 'Replay all that match …' }).click();
    await sign(page, 'Replay 4 dead letters');

    await page.getByText(/failed as before: TypeError: OrderPlaced of BAD-0/).waitFor();
    await page.getByRole('link', { name: '4 open dead letters of these left' }).click();
    await page.getByRole('heading', { name: 'Dead letters of inventory' }).waitFor();
    expect(await deadLettersOf(store, 'inventory', 4)).toMatchObject([{ replays: 1 }, {}, {}, { replays: 0 }]);
  });

  it('a replay is stopped by its button', async () => {
    const store = await TestStore.start('one process', { ...atOnce, DEAD_LETTER_REPLAYS_PER_SECOND: '1' });
    await withBug(store, names(20));
    const { page } = await ConsoleView.open(browser, store.url(''), PAGE);
    await page.getByRole('button', { name: /^Replay … 20 letters of inventory/ }).click();
    await sign(page, 'Replay 20 dead letters');
    await page.getByRole('button', { name: 'Stop' }).click();

    await page.getByText('an operator has stopped it').waitFor();
    const { replays } = await get<ReplayJobsBody>(store.url('/operations/inventory/replays'));
    expect(replays).toMatchObject([{ state: 'stopped', failed: 0 }]);
    const [{ passed, left } = { passed: 0, left: 0 }] = replays;
    expect(passed + left).toBe(20);
    expect(left).toBeGreaterThan(0);
    await deadLettersOf(store, 'inventory', left);
  });

  it('failed notices are sent again, one and then all', async () => {
    const store = await TestStore.start('one process');
    await setFaults(store, 'notification', { calls: { share: 1, as: 'terminal' } });
    await place(store, 'BAD-0', 'BAD-1');
    await noticesIn(store, 'failed', 4);
    await setFaults(store, 'notification', { calls: null });
    const view = await ConsoleView.open(browser, store.url(''), PAGE);
    const { page } = view;
    await page.getByRole('link', { name: 'Failed notices' }).click();
    await page.getByRole('list', { name: 'Failed notices' }).waitFor();
    await expectGoodLooks(view, 'notices');

    await page.getByRole('button', { name: 'Send again … OrderPlaced of BAD-0' }).click();
    await sign(page, 'Send 1 notice again');
    await noticesIn(store, 'sent', 1);
    await page.getByRole('button', { name: 'Send all again …' }).click();
    await page.getByText('3 notices', { exact: true }).waitFor();
    await sign(page, 'Send 3 notices again');

    await noticesIn(store, 'sent', 4);
    await page.getByText('No failed notices.').waitFor();
  });

  it('dead letters look right: none, groups, a list, one, its dialog', async () => {
    const store = await TestStore.start('one process', atOnce);
    const view = await ConsoleView.open(browser, store.url(''), PAGE);
    const { page } = view;
    await page.getByText('No dead letters.').waitFor();
    await expectGoodLooks(view, 'dead-letters-none');

    await produce(store, commandOf('BROKEN', {}, 0), commandOf('UNKNOWN', { type: 'Nonsense' }));
    await withBug(store, names(8));
    await page.getByText('8').first().waitFor();
    await expectGoodLooks(view, 'dead-letters-groups');

    await view.goto(`${PAGE}/inventory`);
    await page.getByRole('list', { name: 'Dead letters' }).waitFor();
    await expectGoodLooks(view, 'dead-letters-list');

    await page
      .getByRole('link', { name: /^OrderPlaced / })
      .first()
      .click();
    await page.getByRole('region', { name: 'Audit' }).waitFor();
    await expectGoodLooks(view, 'dead-letter');
    await page.getByRole('button', { name: 'Replay …' }).click();
    await page.getByText('It would be handled').waitFor();
    await expectGoodLooks(view, 'dead-letter-dialog');
  });

  it('their changes look right: an edit with an error, a replay that is over', async () => {
    const store = await TestStore.start('one process', atOnce);
    await produce(store, commandOf('BROKEN', {}, 0));
    await withBug(store, names(8));
    const view = await ConsoleView.open(browser, store.url(''), PAGE, { statuses: [422] });
    const { page } = view;
    const [{ letter } = { letter: '' }] = await deadLettersOf(store, 'order', 1);
    await view.goto(`${PAGE}/order/${letter}/edit`);
    await page.getByText('Line 8').waitFor();
    await expectGoodLooks(view, 'dead-letter-edit');

    await view.goto(`${PAGE}/inventory`);
    await page.getByRole('button', { name: 'Replay all that match …' }).click();
    await sign(page, 'Replay 8 dead letters');
    await page.getByText('8 letters passed').waitFor();
    await expectGoodLooks(view, 'dead-letters-replay');
  });
});
