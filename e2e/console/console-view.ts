/** A page of the console in a real browser. What goes wrong in it fails the test: errors, reports of the policy, foreign requests. */
import type { Browser, BrowserContext, ConsoleMessage, Page } from 'playwright-core';
import { expect, onTestFinished } from 'vitest';

export type Theme = 'light' | 'dark';

export interface ViewOptions {
  readonly width?: number;
  readonly height?: number;
  readonly theme?: Theme;
  readonly reducedMotion?: boolean;
  /** Statuses that the test provokes: without them, an answer that is no success is an error of the page. 0: no answer at all. */
  readonly statuses?: readonly number[];
  /** False for a test about what goes wrong: the view does not expect at its end that nothing did. */
  readonly isWatched?: boolean;
}

/** Runs in the page before anything else, as text: a browser's names are not those of Node. */
const NOTE_REPORTS = `
  globalThis.policyReports = [];
  addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile, lineNumber }) => {
    globalThis.policyReports.push([violatedDirective, blockedURI, sourceFile, lineNumber].join(' '));
  });
`;
/** For each step in a page: a busy machine takes long. */
const STEP_MS = 60_000;
const FAILED_LOAD = /^Failed to load resource:.*?(?:status of (\d{3})|net::)/;

export class ConsoleView {
  readonly page: Page;
  readonly #problems: string[] = [];
  readonly #statuses: ReadonlySet<number>;
  readonly #origin: string;

  private constructor(page: Page, origin: string, statuses: readonly number[]) {
    this.page = page;
    this.#origin = origin;
    this.#statuses = new Set(statuses);
  }

  /**
   * Opens `path` of the console at `gateway` in a context of its own. After the test it expects that nothing went wrong in it,
   * and closes it.
   */
  static async open(
    browser: Browser,
    gateway: string,
    path = '/console',
    options: ViewOptions = {},
  ): Promise<ConsoleView> {
    const { width = 1440, height = 900, theme = 'light', reducedMotion = false } = options;
    const context = await browser.newContext({
      viewport: { width, height },
      colorScheme: theme,
      reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
    });
    return ConsoleView.openIn(context, gateway, path, options);
  }

  /** Opens one more tab in the same browser profile. */
  static async openIn(
    context: BrowserContext,
    gateway: string,
    path: string,
    options: ViewOptions = {},
  ): Promise<ConsoleView> {
    const page = await context.newPage();
    page.setDefaultTimeout(STEP_MS);
    const view = new ConsoleView(page, new URL(gateway).origin, options.statuses ?? []);
    onTestFinished(async () => {
      // The last tab takes the context with it.
      if (context.pages().length <= 1) await context.close();
      else await page.close();
    });
    if (options.isWatched !== false) onTestFinished(() => view.expectNoProblems());
    await view.#watch();
    await page.goto(gateway + path);
    return view;
  }

  /** Goes to another path by a fresh load. */
  async goto(path: string): Promise<void> {
    await this.expectNoProblems();
    await this.page.goto(this.#origin + path);
  }

  /** What went wrong since the view was opened; of the policy, since the last load. */
  async problems(): Promise<readonly string[]> {
    const reports = this.page.isClosed() ? [] : await this.page.evaluate<string[]>('globalThis.policyReports ?? []');
    return [...this.#problems, ...reports.map((report) => `policy: ${report}`)];
  }

  async expectNoProblems(): Promise<void> {
    expect(await this.problems()).toEqual([]);
  }

  async #watch(): Promise<void> {
    const { page } = this;
    page.on('pageerror', (error) => this.#problems.push(`error: ${error.stack ?? error.message}`));
    page.on('console', (message) => this.#note(message));
    page.on('request', (request) => {
      const url = new URL(request.url());
      if (url.origin !== this.#origin && url.protocol !== 'data:') this.#problems.push(`foreign request: ${url.href}`);
    });
    await page.addInitScript(NOTE_REPORTS);
  }

  #note(message: ConsoleMessage): void {
    if (message.type() !== 'error' && message.type() !== 'warning') return;
    const text = message.text();
    const load = FAILED_LOAD.exec(text);
    if (load !== null && this.#statuses.has(Number(load[1] ?? 0))) return;
    this.#problems.push(`console ${message.type()}: ${text} (${message.location().url})`);
  }
}
