/** Runs once before the tests in a browser: they need Chromium. */
import { chromiumPath } from './chromium.ts';

/** @throws where CI is set and there is no browser: a test that CI does not run is not there */
export function setup(): void {
  if (chromiumPath() !== null) return;
  const text = '!!! NOTHING IS TESTED IN A BROWSER: this machine has no Chromium (apt-get install chromium) !!!';
  if (process.env['CI'] !== undefined) throw new Error(text);
  console.error(`\n${text}\n`);
}
