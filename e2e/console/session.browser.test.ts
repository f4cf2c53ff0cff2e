/** Operators sign in to the console with their token; what is shown before, and after the session has ended. */
import { generateSignedCookie } from 'hono/cookie';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { cookieNameAt, sessionKeyOf } from '../../functions/gateway/session.ts';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { request } from '../scenarios/client.ts';
import { TestStore } from '../scenarios/harness.ts';
import { ConsoleView } from './console-view.ts';
import { expectGoodLooks } from './looks.ts';
import { commandOf, produce } from './stores.ts';

const TOKEN = 'open-sesame';
/** Longer than a slow machine takes to load a page. */
const SHORT_SESSION_MS = 20_000;
/** Before the page looks at its session without a reason. */
const SOON = { timeout: 40_000 };
const PAGE = '/console/dead-letters';
const NO_ANSWER = 0;
/** Further apart, the middles of two controls are in different rows. */
const ROW_PX = 8;
const production = { OPERATIONS_TOKEN: TOKEN, NODE_ENV: 'production', ENABLE_AUTOMATION: 'false' };

/** The links and buttons of the head in the order of the Tab key, and where they are. */
async function controlsInHead(page: Page) {
  const controls = await page.locator('header').locator('a, button').all();
  return Promise.all(
    controls.map(async (control) => {
      const { x = 0, y = 0, height = 0 } = (await control.boundingBox()) ?? {};
      return { name: await control.textContent(), x, middle: y + height / 2 };
    }),
  );
}

type Control = Awaited<ReturnType<typeof controlsInHead>>[number];

/** Row by row. */
function asRead(one: Control, other: Control): number {
  const down = one.middle - other.middle;
  return Math.abs(down) > ROW_PX ? down : one.x - other.x;
}

describe.skipIf(chromiumPath() === null)('the console of a store with a token', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  async function open(path = PAGE, statuses: readonly number[] = []) {
    const store = await TestStore.start('one process', production);
    const asked = new Set<string>();
    const view = await ConsoleView.open(browser, store.url(''), '/console/log', { statuses: [401, ...statuses] });
    view.page.on('request', (each) => void asked.add(new URL(each.url()).pathname));
    await view.goto(path);
    return { store, view, page: view.page, asked };
  }

  it('shows data only after the right token, until the operator signs out', async () => {
    const { store, view, page, asked } = await open(PAGE, [NO_ANSWER]);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await expectGoodLooks(view, 'sign-in');
    expect([...asked].filter((path) => !path.startsWith('/console'))).toEqual(['/operations/session']);
    await page.getByLabel('Token').fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').getByText("this is not the operators' token").waitFor();
    expect(await page.getByRole('heading', { name: 'Dead letters' }).count()).toBe(0);

    await signIn(page);
    await page.getByText('No dead letters.').waitFor();
    const [cookie] = await page.context().cookies();
    await page.reload();
    await page.getByText('No dead letters.').waitFor();
    await page.setViewportSize({ width: 380, height: 900 });
    const controls = await controlsInHead(page);
    expect(controls).toHaveLength(9);
    expect([...controls].sort(asRead)).toEqual(controls);
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Strict' });
    expect(await page.evaluate('document.cookie')).toBe('');

    await page.route('**/operations/session', (route) => route.abort());
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('alert').getByText('Signing out failed: The store does not answer.').waitFor();
    await page.getByText('No dead letters.').waitFor();
    await page.unrouteAll();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.getByText('No dead letters.').count()).toBe(0);
    expect(await page.context().cookies()).toEqual([]);
    expect((await request('GET', store.url('/operations/dead-letters/groups'))).status).toBe(401);
  });

  it('says why no session is kept, and what to do, where it came over plain HTTP from another machine', async () => {
    const store = await TestStore.start('one process', { ...production, ALLOWED_HOSTS: 'shop.test' });
    const away = await launchChromium(['--host-resolver-rules=MAP shop.test 127.0.0.1']);
    onTestFinished(() => away.close());
    const { port } = new URL(store.url(''));
    const { page } = await ConsoleView.open(away, `http://shop.test:${port}`, PAGE, { statuses: [401] });
    await page.getByText('This page came over plain HTTP').waitFor();
    await page.getByText(`ssh -L ${port}:127.0.0.1:${port} shop.test`).waitFor();

    await signIn(page);
    await page.getByRole('alert').getByText('The token is right, but this browser has not kept the session').waitFor();
    expect(await page.getByRole('heading', { name: /^Dead letters|has ended$/ }).count()).toBe(0);
    expect(await page.context().cookies()).toEqual([]);
  });

  it('refuses to compare tokens after five wrong ones in a minute', async () => {
    const { page } = await open(PAGE, [429]);
    for (let tries = 0; tries < 6; tries += 1) {
      await page.getByLabel('Token').fill(`wrong ${tries}`);
      const [answer] = await Promise.all([
        page.waitForResponse((each) => each.request().method() === 'POST'),
        page.getByRole('button', { name: 'Sign in' }).click(),
      ]);
      expect(answer.status()).toBe(tries < 5 ? 401 : 429);
    }
    await page.getByText(/wrong tokens came within a minute; try again in \d+ s/).waitFor();
  });

  async function signIn(page: Page): Promise<void> {
    await page.getByLabel('Token').fill(TOKEN);
    await page.keyboard.press('Enter');
  }

  /** Gives the browser a session that ends then, and loads the page again. */
  async function sessionUntil(ms: number, page: Page, url: string): Promise<void> {
    const made = await generateSignedCookie(cookieNameAt(url), String(ms), await sessionKeyOf(TOKEN));
    const [name = '', value = ''] = made.split(';', 1)[0]?.split('=') ?? [];
    await page.context().addCookies([{ name, value, url }]);
    await page.reload();
  }

  it('shows nothing to a session that is over', async () => {
    const { store, page } = await open();
    const cookieAt = (ms: number) => sessionUntil(ms, page, store.url(''));

    await cookieAt(Date.now() - 1);
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.getByRole('heading', { name: 'Dead letters' }).count()).toBe(0);
    await cookieAt(Date.now() + 3_600_000);
    await page.getByText('No dead letters.').waitFor();
  });

  it.each([
    ['right', 0],
    ['an hour ahead', 3_600_000],
  ])('says that a session has ended while the page is open, by a clock that is %s', async (_, aheadMs) => {
    const { store, page } = await open();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    if (aheadMs > 0) await page.clock.setFixedTime(Date.now() + aheadMs);
    await sessionUntil(Date.now() + SHORT_SESSION_MS, page, store.url(''));
    await page.getByText('No dead letters.').waitFor();

    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor(SOON);
    await signIn(page);
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor({ state: 'detached' });
    await page.getByText('No dead letters.').waitFor();
  });

  it('keeps the page, and what was typed into it, when the session ends', async () => {
    const { store, page } = await open();
    await signIn(page);
    await page.getByText('No dead letters.').waitFor();
    await produce(store, commandOf('BROKEN', {}, 0));
    await page.getByRole('link', { name: /must be at least 1/ }).click();
    await page.getByLabel('Key, such as an order').fill('typed');
    await page.getByRole('button', { name: 'Replay all that match …' }).click();
    await page.getByLabel('Why').fill('typed as well');
    await page.context().clearCookies();

    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor();
    for (let n = 0; n < 5; n += 1) await page.keyboard.press('Escape');
    expect(await page.getByLabel('Key, such as an order').inputValue()).toBe('typed');
    await signIn(page);
    await page.getByRole('heading', { name: 'Your session has ended' }).waitFor({ state: 'detached' });
    await page.getByRole('alert').waitFor({ state: 'detached' });
    expect(await page.getByLabel('Key, such as an order').inputValue()).toBe('typed');
    expect(await page.getByLabel('Why').inputValue()).toBe('typed as well');
  });

  it('lets the operator sign out where a page has an error, and sign in again', async () => {
    const store = await TestStore.start('one process', production);
    const { page } = await ConsoleView.open(browser, store.url(''), PAGE, { isWatched: false });
    await page.route('**/dead-letters/groups*', (route) => route.fulfill({ json: { groups: [null] } }));
    await signIn(page);
    await page.getByRole('heading', { name: 'This page has an error' }).waitFor();

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    expect(await page.getByRole('heading', { name: 'This page has an error' }).count()).toBe(0);

    await page.unrouteAll();
    await signIn(page);
    await page.getByText('No dead letters.').waitFor();
  });

  it('ends and begins in all tabs of a browser', async () => {
    const { store, page } = await open();
    await signIn(page);
    await page.getByText('No dead letters.').waitFor();
    const other = await ConsoleView.openIn(page.context(), store.url(''), PAGE, { statuses: [401] });
    await other.page.getByText('No dead letters.').waitFor();
    await page.context().clearCookies();
    const here = page.getByRole('heading', { name: 'Your session has ended' });
    await here.waitFor();
    await other.page.getByRole('heading', { name: 'Your session has ended' }).waitFor();

    await signIn(other.page);

    await here.waitFor({ state: 'detached' });
    await page.getByText('No dead letters.').waitFor();
    await page.getByRole('alert').waitFor({ state: 'detached' });
  });
});

describe('a store in production', () => {
  it('has no console without a token', async () => {
    const store = await TestStore.start('one process', { NODE_ENV: 'production', ENABLE_AUTOMATION: 'false' });

    for (const path of ['/console', '/console/orders', '/console/assets/main.js']) {
      expect((await request('GET', store.url(path))).status).toBe(404);
    }
    const start = await request('GET', store.url('/'), { headers: { accept: 'text/html' } });
    expect([start.status, start.text.includes('/console')]).toEqual([200, false]);
  });

  it('answers no foreign name, and no page of another origin', async () => {
    const store = await TestStore.start('one process', production);
    const foreign = await request('GET', store.url('/console'), { headers: { host: 'attacker.example' } });
    const page = await request('POST', store.url('/operations/session'), {
      headers: { 'content-type': 'application/json', origin: 'http://attacker.example' },
      body: JSON.stringify({ token: TOKEN }),
    });

    expect([foreign.status, page.status, page.headers['set-cookie']]).toEqual([421, 403, undefined]);
    expect((await request('GET', store.url('/console'))).status).toBe(200);
  });
});
