/** How a page looks: at each width, in both themes, checked by axe, and as pictures to look at. */
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AxeResults, ElementContext, RunOptions } from 'axe-core';
import { expect } from 'vitest';
import type { ConsoleView, Theme } from './console-view.ts';

const widths = [380, 1440, 2560] as const;
const themes: readonly Theme[] = ['light', 'dark'];
const HEIGHT = 900;
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Where the pictures go: `CONSOLE_PICTURES`, or a folder among the temporary ones. */
const PICTURES = process.env['CONSOLE_PICTURES'] ?? join(tmpdir(), 'saga-store-console');

declare const axe: { run(context: ElementContext, options: RunOptions): Promise<AxeResults> };
declare const document: { readonly documentElement: { readonly scrollWidth: number; readonly clientWidth: number } };

/** What axe finds in the page as it is, as lines; scripts of the driver are not subject to the page's policy. */
export async function faultsByAxe({ page }: ConsoleView): Promise<readonly string[]> {
  await page.evaluate(`${AXE};undefined`);
  const { violations } = await page.evaluate(() =>
    axe.run('html' as unknown as ElementContext, { resultTypes: ['violations'] }),
  );
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${help} at ${target.join(' ')} (${failureSummary})`),
  );
}

/** A picture of the whole page, to be looked at. @returns its path */
async function picture({ page }: ConsoleView, name: string): Promise<string> {
  mkdirSync(PICTURES, { recursive: true });
  const path = join(PICTURES, `${name}.png`);
  await page.screenshot({ path, fullPage: true });
  return path;
}

/**
 * Expects a page that has been brought to an interesting state to be clean by axe, and no wider than its window, at each width
 * and in both themes. Takes a picture of each, named `NAME-WIDTH-THEME`.
 */
export async function expectGoodLooks(view: ConsoleView, name: string): Promise<void> {
  const faults: string[] = [];
  for (const theme of themes) {
    await view.page.emulateMedia({ colorScheme: theme });
    for (const width of widths) {
      await view.page.setViewportSize({ width, height: HEIGHT });
      await twoFrames(view);
      const found = [...(await faultsByAxe(view)), ...(await overflow(view))];
      faults.push(...found.map((fault) => `${name} at ${width} px, ${theme}: ${fault}`));
      await picture(view, `${name}-${width}-${theme}`);
    }
  }
  expect(faults).toEqual([]);
}

/** Layout and what observes it have settled after two frames. */
async function twoFrames({ page }: ConsoleView): Promise<void> {
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
}

async function overflow({ page }: ConsoleView): Promise<readonly string[]> {
  const { scroll, client } = await page.evaluate(() => ({
    scroll: document.documentElement.scrollWidth,
    client: document.documentElement.clientWidth,
  }));
  return scroll > client ? [`the page is ${scroll} px wide, and its window ${client} px`] : [];
}
