/** An `EventSource` in a page of the store, as a test sees it. */
import type { Browser, Page } from 'playwright-core';
import { onTestFinished } from 'vitest';
import type { NoticeBody } from '../scenarios/client.ts';

interface PageState {
  /** `EventSource.readyState`: 2 is closed for good. */
  readonly readyState: number;
  readonly opened: number;
  readonly errors: number;
  readonly lastEventId: string;
  readonly notices: readonly NoticeBody[];
  readonly resets: readonly { readonly reason: string; readonly position: string }[];
}

/** Runs in the page, so it is text: the names of a browser are not those of Node. */
const script = (url: string) => `
  const source = new EventSource(${JSON.stringify(url)});
  const seen = { opened: 0, errors: 0, lastEventId: '', notices: [], resets: [] };
  source.onopen = () => { seen.opened += 1; };
  source.onerror = () => { seen.errors += 1; };
  source.addEventListener('notification', ({ data, lastEventId }) => {
    seen.notices.push(JSON.parse(data));
    seen.lastEventId = lastEventId;
  });
  source.addEventListener('reset', ({ data, lastEventId }) => {
    seen.resets.push(JSON.parse(data));
    seen.lastEventId = lastEventId;
  });
  globalThis.stateOfStream = () => ({ readyState: source.readyState, ...seen });
`;

export class PageStream {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  /** Opens a page of the gateway, and in it the stream at `path`, with one `EventSource` for the whole test. */
  static async open(browser: Browser, gateway: string, path: string): Promise<PageStream> {
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    await page.goto(`${gateway}/docs`);
    await page.evaluate(`(() => {${script(path)}})()`);
    return new PageStream(page);
  }

  state(): Promise<PageState> {
    return this.#page.evaluate<PageState>('globalThis.stateOfStream()');
  }

  /** The notices received, as `ORDER fact`. */
  async notices(): Promise<readonly string[]> {
    return (await this.state()).notices.map(({ orderId, fact }) => `${orderId} ${fact}`);
  }
}
