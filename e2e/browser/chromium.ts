/** The browser of the tests in this folder: the machine's own Chromium, driven by playwright-core, which brings none. */
import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const PATHS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The program of the browser (`CHROMIUM` says which, if not one of {@link PATHS}); null where there is none. */
export function chromiumPath(): string | null {
  return [process.env['CHROMIUM'] ?? '', ...PATHS].find((path) => path !== '' && existsSync(path)) ?? null;
}

/** Starts the browser, with these arguments besides its own. The sandbox is off: it does not run as root, and the pages are the store's own. */
export function launchChromium(args: readonly string[] = []): Promise<Browser> {
  const executablePath = chromiumPath();
  if (executablePath === null) throw new Error('there is no Chromium on this machine (apt-get install chromium)');
  return chromium.launch({ executablePath, args: ['--no-sandbox', ...args] });
}
