import type { Crash } from '../shared/runtime/worker/fault-routes.ts';

/** The exit code of a crash that a test asks for. The launcher (`shared/tools/commands.mjs`) starts such a process again. */
export const CRASH_CODE = 86;
/** After which time the process ends: the answer is with the client by then. */
const CRASH_AFTER_MS = 200;

/** The crash of a process in which these parts run. `start` does it where this is not the thread that can. */
export function crashOf(takes: readonly string[], start: () => void = crashSoon): Crash {
  return { takes: [...takes], restarts: process.env['SAGA_STORE_RESTARTS'] === 'true', start };
}

/** Ends the process as `kill -9` does, but for the code: nothing is written, flushed or closed by the program. */
export function crashSoon(): void {
  setTimeout(() => {
    process.removeAllListeners('exit');
    process.exit(CRASH_CODE);
  }, CRASH_AFTER_MS);
}
