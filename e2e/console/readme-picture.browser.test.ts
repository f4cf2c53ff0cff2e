/**
 * The picture at the top of the README: a store under load whose inventory is away. `README_PICTURE=true npm run test-browser`
 * takes it anew; without that, this shows that it can be taken, and that the README has one.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { LoadBody } from '../../functions/gateway/load-representation.ts';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { get, post, put } from '../scenarios/client.ts';
import { TestStore } from '../scenarios/harness.ts';
import { rootOf } from '../tools/root.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { ConsoleView } from './console-view.ts';

const ROOT = rootOf(import.meta.dirname);
const MAX_BYTES = 200 * 1024;
const LONG = { timeout: 60_000 };
const themes = ['light', 'dark'] as const;
const fileOf = (theme: string) => `docs/console-${theme}.png`;

function folder(): string {
  if (process.env['README_PICTURE'] === 'true') return ROOT;
  const temporary = mkdtempSync(join(tmpdir(), 'saga-store-picture-'));
  mkdirSync(join(temporary, 'docs'));
  onTestFinished(() => rmSync(temporary, { recursive: true }));
  return temporary;
}

describe.skipIf(chromiumPath() === null)('the picture in the README', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it('is taken of a store under load whose inventory is away, light and dark, in less than 200 KB each', async () => {
    const store = await TestStore.start('one process');
    const view = await ConsoleView.open(browser, store.url(''), '/console', { statuses: [503], height: 500 });
    const load = { ordersPerSecond: 40, forS: 600, mix: { short: 0.1, duplicate: 0, cancel: 0.1 } };
    expect((await post(store.url('/automation-testing/load'), load)).status).toBe(202);
    const isFlowing = async () => {
      const { outcomes } = await get<LoadBody>(store.url('/automation-testing/load'));
      return outcomes.confirmed > 100;
    };
    await waitUntil(isFlowing, { timeoutMs: 60_000, what: 'a hundred confirmed orders' });
    await put(store.url('/automation-testing/faults/inventory'), { away: true, forS: 600 });
    await view.page.getByText(/[1-9][\d,]{2,} orders wait for inventory\. Nothing is lost\./).waitFor(LONG);

    const target = folder();
    for (const theme of themes) {
      await view.page.emulateMedia({ colorScheme: theme });
      const bytes = await view.page.screenshot();
      expect(bytes.length).toBeLessThan(MAX_BYTES);
      writeFileSync(join(target, fileOf(theme)), bytes);
    }
  });

  it('is there for both themes', () => {
    const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');

    for (const theme of themes) {
      expect(readme).toContain(fileOf(theme));
      expect(statSync(join(ROOT, fileOf(theme))).size).toBeLessThan(MAX_BYTES);
    }
  });
});
