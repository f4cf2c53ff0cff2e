/** The overview under load: its first paint, its frames, and what it keeps. Times have bounds for a busy machine; what it keeps does not depend on one. */
import type { Browser, CDPSession } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LoadBody } from '../../functions/gateway/load-representation.ts';
import { chromiumPath, launchChromium } from '../browser/chromium.ts';
import { get, post } from '../scenarios/client.ts';
import { TestStore } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { ConsoleView } from './console-view.ts';

const LONG = { timeout: 60_000 };
/** Each order is five messages or more. */
const ORDERS_PER_SECOND = 100;
/** Before it is looked at, so that all lists are full; and for a minute while it is. */
const FIRST_ORDERS = 1_000;
const ORDERS = 60 * ORDERS_PER_SECOND;
/** A machine that places fewer orders than it is asked for takes longer. */
const LOAD_MS = 480_000;
/** On a machine of its own a frame takes 17 ms, and 25 at most. */
const FRAME_P95_MS = 500;
const FIRST_PAINT_MS = 10_000;
const HEAP_GROWTH_MB = 6;
const NODES_GROWTH = 1_000;
const MB = 1024 * 1024;
/** What the page draws between a collection and the count of what is left is counted, too, so it is counted again and again. */
const COUNTS = 20;

/** Runs in the page: how long frames take, until it is asked. */
const FRAMES = `
  globalThis.frames = [];
  let last = performance.now();
  const next = (now) => { globalThis.frames.push(now - last); last = now; requestAnimationFrame(next); };
  requestAnimationFrame(next);
`;

/** What the page keeps once what it does not need is collected: the least that was counted. */
async function keptBy(session: CDPSession): Promise<{ readonly heapMb: number; readonly nodes: number }> {
  const sizes: number[] = [];
  const counts: number[] = [];
  for (let n = 0; n < COUNTS; n += 1) {
    await session.send('HeapProfiler.collectGarbage');
    sizes.push((await session.send('Runtime.getHeapUsage')).usedSize);
    counts.push((await session.send('Memory.getDOMCounters')).nodes);
  }
  return { heapMb: Math.min(...sizes) / MB, nodes: Math.min(...counts) };
}

describe.skipIf(chromiumPath() === null)('the overview under load', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchChromium();
  });
  afterAll(() => browser?.close());

  it('goes on drawing, and keeps no more the longer it runs', async () => {
    const store = await TestStore.start('one process');
    const { page } = await ConsoleView.open(browser, store.url(''));
    await page.getByText('All functions are up and keep pace.').waitFor(LONG);
    const load = store.url('/automation-testing/load');
    const after = (count: number) =>
      waitUntil(async () => (await get<LoadBody>(load)).acknowledged >= count, {
        timeoutMs: LOAD_MS,
        what: 'the load',
      });
    // Half a second on a machine of its own.
    const paints = await page.evaluate<number[]>(
      "performance.getEntriesByType('paint').map(({ startTime }) => startTime)",
    );
    expect(paints.length).toBeGreaterThan(0);
    expect(Math.min(...paints)).toBeLessThan(FIRST_PAINT_MS);
    const started = await post(load, {
      ordersPerSecond: ORDERS_PER_SECOND,
      forS: 600,
      mix: { cancel: 0.1, short: 0.1 },
    });
    expect(started.status).toBeLessThan(300);
    await after(FIRST_ORDERS);

    const session = await page.context().newCDPSession(page);
    const before = await keptBy(session);
    await page.evaluate(FRAMES);
    await after(FIRST_ORDERS + ORDERS);
    const frames = (await page.evaluate<number[]>('globalThis.frames')).toSorted((a, b) => a - b);
    const now = await keptBy(session);

    expect(frames.length).toBeGreaterThan(0);
    expect(frames[Math.floor(frames.length * 0.95)]).toBeLessThan(FRAME_P95_MS);
    expect(now.heapMb - before.heapMb).toBeLessThan(HEAP_GROWTH_MB);
    expect(now.nodes - before.nodes).toBeLessThan(NODES_GROWTH);
  }, 600_000);
});
