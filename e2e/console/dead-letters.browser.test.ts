/** Dead letters are resolved in a browser; what comes of it is read from the store. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { get, orderIn, post } from '../scenarios/client.ts';
import { type Env, TestStore } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { ConsoleView, type ViewOptions } from './console-view.ts';
import { holdRequests } from './page-steps.ts';
import { atOnce, commandOf, deadLetter, deadLettersOf, HOSTILE, place, produce, setFaults, withBug } from './stores.ts';

const PAGE = '/console/dead-letters';
const by = { who: 'ann', reason: 'it is fixed' };

/** A page of dead letters, which another follows. */
interface LettersBody {
  readonly letters: readonly { readonly letter: string }[];
  readonly _links: { readonly next: { readonly href: string } };
}

async function sign(page: Page, confirm: string): Promise<void> {
  await page.getByLabel('Who').fill(by.who);
  await page.getByLabel('Why').fill(by.reason);
  await page.getByRole('button', { name: confirm, exact: true }).click();
}

describe.skipIf(chromiumPath() === null)('the page of a dead letter', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  async function open(env: Env = atOnce, options: ViewOptions = {}) {
    const store = await TestStore.start('one process', env);
    const openAt = (path: string) => ConsoleView.open(browser, store.url(''), path, options);
    return { store, openAt };
  }

  /** A store with one dead letter of inventory, and its page. */
  async function openLetter(orderId: string, { isFixed = true } = {}) {
    const { store, openAt } = await open();
    await withBug(store, [orderId], isFixed);
    const [found] = await deadLettersOf(store, 'inventory', 1);
    const letter = found?.letter ?? '';
    const { page } = await openAt(`${PAGE}/inventory/${letter}`);
    return { store, letter, page, url: store.url(`/orders/${orderId}`) };
  }

  it('is reached by its group, and replays it once the dry run passes', async () => {
    const { store, openAt } = await open();
    await withBug(store, ['BAD'], false);
    const [{ letter } = { letter: '' }] = await deadLettersOf(store, 'inventory', 1);
    const { page } = await openAt(PAGE);

    await page.getByRole('link', { name: 'TypeError: OrderPlaced of BAD was poisoned by a test' }).click();
    await page.getByRole('heading', { name: 'Dead letters of inventory' }).waitFor();
    expect(await page.evaluate('document.activeElement.id')).toBe('content');
    await page.getByRole('link', { name: /^OrderPlaced / }).click();
    await page.getByRole('button', { name: 'Replay …' }).click();
    await page.getByText('It would not be handled').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    await setFaults(store, 'inventory', { poison: null });
    await page.getByRole('button', { name: 'Replay …' }).click();
    await page.getByText('It would be handled: 1 event, 3 rows.').waitFor();
    const before = await deadLetter(store, 'inventory', letter);
    await sign(page, 'Replay 1 message');

    await orderIn('confirmed', store.url('/orders/BAD'));
    await page.getByRole('status').getByText('replayed').waitFor();
    expect(before).toMatchObject({ status: 'open', decisions: [] });
    expect((await deadLetter(store, 'inventory', letter)).decisions).toMatchObject([{ action: 'replay', ...by }]);
    await page.getByRole('region', { name: 'Audit' }).getByText('it is fixed').waitFor();
  });

  it('says what waits behind it, and discards it', async () => {
    const { store, letter, page } = await openLetter('BAD');
    await page.getByRole('button', { name: 'Discard …' }).click();
    await page.getByText('The message is never handled, even when it is delivered again.').waitFor();
    await page.getByRole('dialog').getByText('No message waits behind it.').waitFor();
    await sign(page, 'Discard 1 message');

    await page.getByRole('status').getByText('discarded').waitFor();
    expect(await deadLetter(store, 'inventory', letter)).toMatchObject({
      status: 'discarded',
      decisions: [{ action: 'discard', ...by }],
    });
  });

  it('cancels the order of a dead letter', async () => {
    const { store, letter, page, url } = await openLetter('BAD');
    await page.getByRole('button', { name: 'Compensate …' }).click();
    await sign(page, 'Cancel its order and discard 1 message');

    expect(await orderIn('cancelled', url)).toMatchObject({ reason: { detail: by.reason } });
    expect((await deadLetter(store, 'inventory', letter)).status).toBe('compensated');
  });

  it('repeats in the button how many messages wait behind it', async () => {
    const { store, page, url } = await openLetter('BAD', { isFixed: false });
    const cancelled = await fetch(`${url}/cancel`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"reason":"changed my mind"}',
    });
    expect(cancelled.status).toBe(200);
    const [{ letter } = { letter: '' }] = await deadLettersOf(store, 'inventory', 1);
    await waitUntil(async () => (await deadLetter(store, 'inventory', letter)).behind === 1, { what: 'one behind it' });
    await setFaults(store, 'inventory', { poison: null });

    await page.getByRole('button', { name: 'Replay …' }).click();
    await sign(page, 'Replay 1 message, 1 behind it');

    await page.getByRole('status').getByText('replayed').waitFor();
    await store.settle();
  });

  it('forces a replay past the limit, and only then', async () => {
    const { store, openAt } = await open({ ...atOnce, DEAD_LETTER_REPLAYS_MAX: '1' }, { statuses: [409] });
    await withBug(store, ['BAD'], false);
    const [{ letter } = { letter: '' }] = await deadLettersOf(store, 'inventory', 1);
    const { page } = await openAt(`${PAGE}/inventory/${letter}`);
    await page.getByRole('button', { name: 'Replay …' }).click();
    await sign(page, 'Replay 1 message');
    await waitUntil(async () => (await deadLetter(store, 'inventory', letter)).replays === 1, { what: 'its replay' });
    await deadLettersOf(store, 'inventory', 1);
    await setFaults(store, 'inventory', { poison: null });

    await page.getByRole('button', { name: 'Replay …' }).click();
    await page.getByText('was replayed once, and 1 is the most').waitFor();
    expect(await page.getByRole('button', { name: 'Replay 1 message' }).count()).toBe(0);
    await page.getByLabel('Force it, also past the limits').check();
    await page.getByText('It would be handled').waitFor();
    await sign(page, 'Replay 1 message');

    await orderIn('confirmed', store.url('/orders/BAD'));
  });

  it('edits it: errors by line, the differences, then a new message in its place', async () => {
    const { store, openAt } = await open(atOnce, { statuses: [0, 422] });
    await produce(store, commandOf('BROKEN', {}, 0));
    const [{ letter } = { letter: '' }] = await deadLettersOf(store, 'order', 1);
    const { page } = await openAt(`${PAGE}/order/${letter}`);
    await page.getByRole('link', { name: 'Edit and replay' }).click();
    const field = page.getByRole('textbox', { name: 'Instead' });

    await page.getByText('Line 8').waitFor();
    await page.getByText(': /lines/0/quantity must be at least 1').waitFor();
    await field.fill((await field.inputValue()).replace('"quantity": 0,', '"quantity": 2'));
    await page.getByRole('button', { name: 'Line 9, column 7' }).click();
    await page.getByText('there is " where a comma or } is expected').waitFor();
    expect(await page.getByRole('button', { name: /^Replace/ }).count()).toBe(0);
    await page.route('**/edit', (route) => route.abort());
    await page.keyboard.type(', ');
    await page.getByRole('alert').getByText('The store does not answer.').waitFor();
    await page.unrouteAll();
    const release = await holdRequests(page, '**/edit');
    await page.getByRole('button', { name: 'Try again' }).press('Enter');
    await page.locator('button:focus[aria-disabled=true]').getByText('Try again').waitFor();
    release();
    await page.getByRole('list', { name: 'Differences' }).getByText('+ 2').waitFor();
    await page.locator('h2:focus').getByText('What would happen').waitFor();
    await page.getByText('It would be handled: 1 event').waitFor();
    await sign(page, 'Replace and replay 1 message');

    expect(await orderIn('confirmed', store.url('/orders/BROKEN'))).toMatchObject({ totalQuantity: 2 });
    expect(await deadLetter(store, 'order', letter)).toMatchObject({
      status: 'edited',
      decisions: [{ action: 'edit', ...by }],
    });
  });

  it('is worked by the keyboard alone', async () => {
    const { store, letter, page } = await openLetter('BAD');
    const discard = page.getByRole('button', { name: 'Discard …' });
    await discard.waitFor();
    const isDiscard = async () => (await page.evaluate('document.activeElement.textContent')) === 'Discard …';
    for (let tabs = 0; tabs < 40 && !(await isDiscard()); tabs += 1) await page.keyboard.press('Tab');

    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    expect(await isDiscard()).toBe(true);
    await page.keyboard.press('Enter');
    await page.getByLabel('Who').waitFor();
    // From the heading past the button that closes.
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.type('bob');
    await page.keyboard.press('Tab');
    await page.keyboard.type('no use');
    await page.keyboard.press('Enter');

    await page.getByRole('status').getByText('discarded').waitFor();
    expect((await deadLetter(store, 'inventory', letter)).decisions).toMatchObject([{ who: 'bob', reason: 'no use' }]);
  });

  it('shows hostile contents as the text that they are', async () => {
    const { store, openAt } = await open(atOnce, { statuses: [409, 422] });
    await produce(
      store,
      commandOf('EVIL', { id: HOSTILE, source: HOSTILE, type: HOSTILE, data: { orderId: HOSTILE, note: HOSTILE } }),
      commandOf('EVIL-2', { subject: HOSTILE, partitionkey: HOSTILE, data: { orderId: HOSTILE } }),
    );
    const letters = await deadLettersOf(store, 'order', 2);
    const view = await openAt(PAGE);
    await view.page.getByText('<img src=x onerror=').first().waitFor();

    for (const path of [`${PAGE}/order`, ...letters.flatMap(({ letter }) => [`/${letter}`, `/${letter}/edit`])]) {
      await view.goto(path.startsWith(PAGE) ? path : `${PAGE}/order${path}`);
      await view.page.getByText('<img src=x onerror=').first().waitFor();
      expect(await view.page.evaluate('globalThis.harm')).toBeUndefined();
      expect(await view.page.locator('img, script:not([src]), a[href^="javascript:"]').count()).toBe(0);
      expect(await view.page.evaluate('document.body.textContent.includes("\\u202e")')).toBe(false);
    }
  });

  it('of a function that is away leaves the rest of the page, and says what is not known', async () => {
    const store = await TestStore.start('a process each', { ...atOnce, GATEWAY_RETRIES: '0' });
    await store.stop('inventory');
    const { page } = await ConsoleView.open(browser, store.url(''), PAGE, { statuses: [0, 503] });

    await page.getByRole('alert').getByText('inventory is unavailable').waitFor();
    await page.getByText('No dead letters of order and notification. ? Nothing is known of inventory.').waitFor();
    expect(await page.getByText('✓').count()).toBe(0);

    await produce(store, commandOf('BROKEN', {}, 0));
    await page.getByRole('link', { name: /must be at least 1/ }).waitFor();
    await page.getByRole('alert').getByText('inventory is unavailable').waitFor();

    await store.kill('gateway');
    await page.getByText('inventory is unavailable').waitFor({ state: 'detached' });
    await page.getByRole('alert').getByText('The store does not answer.').waitFor();
    expect(await page.getByRole('alert').count()).toBe(1);
  });

  it('are replayed from their list where there are any', async () => {
    const { store, openAt } = await open();
    const { page } = await openAt(`${PAGE}/order`);
    const replay = page.getByRole('button', { name: 'Replay all that match …' });
    await page.getByText('No dead letters match.').waitFor();
    expect(await replay.count()).toBe(0);

    await produce(store, commandOf('BROKEN', {}, 0));
    await replay.waitFor();
    const [letter] = await deadLettersOf(store, 'order', 1);
    const release = await holdRequests(page, '**/dead-letters?code=*');
    await page.getByLabel('Code').selectOption(letter?.code ?? '');
    await page.getByRole('status').getByText('Loading …').waitFor();
    expect(await replay.count()).toBe(0);
    release();
    await replay.waitFor();

    // A later page whose letters were resolved meanwhile: those before it still match.
    await produce(store, commandOf('LATER', {}, 0));
    await deadLettersOf(store, 'order', 2);
    const { _links } = await get<LettersBody>(store.url('/operations/order/dead-letters?limit=1'));
    const cursor = new URL(_links.next.href, store.url('')).searchParams.get('cursor') ?? '';
    const { letters } = await get<LettersBody>(store.url(_links.next.href));
    const later = `/operations/order/dead-letters/${letters[0]?.letter}/discard`;
    expect((await post(store.url(later), by)).status).toBe(200);
    await page.goto(store.url(`${PAGE}/order?cursor=${encodeURIComponent(cursor)}`));
    await page.getByText('There are no more.').waitFor();
    await replay.click();
    await page.getByText('1 open dead letter').waitFor();
  });

  it('changes nothing by its dry run, which is tried again where it was not answered', async () => {
    const { store, openAt } = await open(atOnce, { statuses: [0] });
    await withBug(store, ['BAD']);
    const { page } = await openAt(PAGE);
    await page.route('**/dead-letters/replay', (route) => route.abort('connectionrefused'));
    await page.getByRole('button', { name: /^Replay … 1 letter of inventory/ }).click();
    await page.getByRole('dialog').getByText('The store does not answer.').waitFor();
    await page.unroute('**/dead-letters/replay');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByText('1 open dead letter').waitFor();
    await place(store, 'NEXT');
    await orderIn('confirmed', store.url('/orders/NEXT'));
    await deadLettersOf(store, 'inventory', 1);
  });
});
