/** The first page of the console, in a real browser. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { TestStore } from '../scenarios/harness.ts';
import { ConsoleView } from './console-view.ts';
import { expectGoodLooks } from './looks.ts';

describe.skipIf(chromiumPath() === null)('the overview', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it('looks right', async () => {
    const store = await TestStore.start('one process');
    const view = await ConsoleView.open(browser, store.url(''));
    await view.page.getByRole('heading', { name: 'Overview' }).waitFor();
    await expectGoodLooks(view, 'overview');
  });
});

const KB = 1024;
const ALL_KB = 110;

describe('the size of the console', () => {
  const assets = fileURLToPath(new URL('../../dist/console/assets/', import.meta.url));
  const bytesOf = (names: readonly string[]) =>
    names.reduce((sum, name) => sum + gzipSync(readFileSync(join(assets, name)), { level: 9 }).length, 0);

  it(`is at most ${ALL_KB} KB of scripts in all`, () => {
    const scripts = readdirSync(assets).filter((name) => name.endsWith('.js'));
    expect(scripts).not.toEqual([]);
    expect(bytesOf(scripts) / KB).toBeLessThanOrEqual(ALL_KB);
  });
});
