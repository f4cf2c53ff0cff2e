import { join } from 'node:path';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { runBundle } from './bundle.ts';
import { hasSecondThread } from './threads.ts';

/**
 * The file that a process of the store is started with. The program itself is one bundle, which each thread loads: the second
 * thread begins before the main one has loaded its own, so that they load side by side.
 */
const BUNDLE = join(import.meta.dirname, '../server/store.cjs');

type Program = typeof import('./program.ts');

if (isMainThread) {
  const second = hasSecondThread(process.argv.slice(2), process.env) ? new Worker(new URL(import.meta.url)) : null;
  runBundle<Program>(BUNDLE).exports.runProgram(process.argv.slice(2), second);
} else if (parentPort !== null) {
  runBundle<Program>(BUNDLE).exports.runSecondThread(parentPort);
}
