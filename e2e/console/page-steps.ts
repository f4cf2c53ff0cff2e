/** What tests of several pages do in them. */
import type { Locator, Page } from 'playwright-core';
import { waitUntil } from '../tools/wait-until.ts';

/** A slow machine may take long for each of them. */
const TIMEOUT_MS = 30_000;
const TABS_MAX = 80;

/** A text that would become markup, and turn round what follows it, in a page that is not careful. */
export const hostileText = '<img src=x onerror="document.title=\'taken over\'">\u202egnp.exe';
/** The same as a page shows it. */
export const hostileShown = hostileText.replace('\u202e', '\\u202e');

/** Waits for an element to have this text, whole or in part. */
export async function expectText(locator: Locator, text: string | RegExp): Promise<void> {
  let seen = '';
  const isThere = async () => {
    seen = (await locator.count()) === 0 ? '' : ((await locator.first().textContent()) ?? '');
    return typeof text === 'string' ? seen.includes(text) : text.test(seen);
  };
  await waitUntil(isThere, { timeoutMs: TIMEOUT_MS, what: `${text} in ${locator}` });
}

/** Holds back the requests for addresses like `glob`. @returns lets them go on, and those to come */
export async function holdRequests(page: Page, glob: string): Promise<() => void> {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.route(glob, async (route) => {
    await held;
    await route.continue();
  });
  return release;
}

/** Presses Tab until an element has the focus. */
export async function tabTo(page: Page, target: Locator): Promise<void> {
  await target.waitFor();
  for (let presses = 0; presses < TABS_MAX; presses++) {
    if (await target.evaluate((element) => element.ownerDocument.activeElement === element)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`the Tab key does not come to ${target}`);
}
