import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Env, temporaryFolder } from './harness.ts';

/** How often a process looks whether its clock was set. */
const LOOK_MS = 20;

/** The machine's clock as processes see it that are started with `env`: it can be set while they run. */
export class MachineClock {
  readonly env: Env;
  readonly #file: string;

  constructor() {
    const folder = temporaryFolder();
    this.#file = join(folder, 'offset');
    const preload = join(folder, 'clock.mjs');
    this.setBy(0);
    writeFileSync(preload, preloadOf(this.#file));
    this.env = { NODE_OPTIONS: `--import ${pathToFileURL(preload).href}` };
  }

  /** Sets the clock to the right time and so many days more, or less. */
  setBy(days: number): void {
    writeFileSync(`${this.#file}.new`, String(days * 86_400_000));
    renameSync(`${this.#file}.new`, this.#file);
  }
}

/** Moves `Date.now`, the only source of the time of day in the store, in each thread. */
function preloadOf(file: string): string {
  return `
    import { readFileSync } from 'node:fs';
    const now = Date.now;
    let offsetMs = 0;
    let nextLookMs = 0;
    Date.now = () => {
      if (performance.now() >= nextLookMs) {
        offsetMs = Number(readFileSync(${JSON.stringify(file)}, 'utf8'));
        nextLookMs = performance.now() + ${LOOK_MS};
      }
      return now() + offsetMs;
    };`;
}
