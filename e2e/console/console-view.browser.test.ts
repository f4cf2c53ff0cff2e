/** What the tests of the console fail on, each made on purpose. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { TestStore } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { ConsoleView } from './console-view.ts';
import { faultsByAxe } from './looks.ts';

describe.skipIf(chromiumPath() === null)('a test of the console', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it('sees what goes wrong in a page', async () => {
    const store = await TestStore.start('one process');
    for (const [script, seen] of [
      ['setTimeout(() => { throw new Error("of a script"); })', 'of a script'],
      ['console.error("of the console")', 'of the console'],
      ['document.body.setAttribute("style", "color: red")', 'policy: style-src-attr'],
      ['document.body.innerHTML = "<p>markup</p>"', 'policy: require-trusted-types-for'],
      ['void fetch("http://127.0.0.1:9/").catch(() => undefined)', 'policy: connect-src'],
      [`location.href = "${store.url('/livez', 'order')}"`, 'foreign request'],
      ['void fetch("/nowhere")', 'status of 404'],
    ] as const) {
      const view = await ConsoleView.open(browser, store.url(''), '/console', { isWatched: false });
      await view.page.evaluate(`try { ${script} } catch {}`);
      await waitUntil(async () => (await view.problems()).some((problem) => problem.includes(seen)), { what: seen });
    }

    const quiet = await ConsoleView.open(browser, store.url(''), '/console', { statuses: [404] });
    await quiet.page.evaluate('fetch("/nowhere").then((answer) => answer.text())');
    expect(await quiet.problems()).toEqual([]);
  });

  it('sees what is not accessible', async () => {
    const store = await TestStore.start('one process');
    const view = await ConsoleView.open(browser, store.url(''));
    await view.page.getByRole('heading', { name: 'Overview' }).waitFor();
    expect(await faultsByAxe(view)).toEqual([]);
    await view.page.evaluate('document.querySelector("#content").append(document.createElement("input"))');
    expect(await faultsByAxe(view)).toEqual([expect.stringContaining('label')]);
  });
});
