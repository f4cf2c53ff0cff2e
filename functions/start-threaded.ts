import { getPriority, setPriority } from 'node:os';
import { MessageChannel, parentPort, Worker, workerData } from 'node:worker_threads';
import { type FunctionName, functionNames } from '../saga/choreography.ts';
import { AppError, ConfigError } from '../shared/core/errors.ts';
import { describeError } from '../shared/runtime/observe/error-report.ts';
import { createLogger, type Logger } from '../shared/runtime/observe/logger.ts';
import { answerCalls, ThreadCaller } from './gateway/thread-upstream.ts';
import { moduleOf } from './registry.ts';
import type { Config } from './settings.ts';
import { readConfig } from './settings.ts';
import { type Part, parts, type RunningStore, startStore } from './start-store.ts';

/**
 * The whole store in one process: the gateway and order run in the main thread, so that taking an order costs no hop
 * between threads; the functions that only consume order events run in a second one, so that flushes use two cores.
 */
const SECOND: readonly FunctionName[] = functionNames.filter((name) => !moduleOf(name).besideGateway);
const MAIN: readonly Part[] = parts.filter((part) => !SECOND.some((name) => name === part));
/**
 * How much lower the priority of the second thread is: when processors are busy, taking orders goes first.
 */
const SECOND_LOWER_BY = 5;
const LOWEST_PRIORITY = 19;

/** `isExpected`: the error is a message for the operator, not a bug. */
type FromThread =
  | { readonly urls: readonly (readonly [Part, string])[] }
  | { readonly error: string; readonly isExpected: boolean };

/** @throws {Error} like {@link startStore}, also for failures in the second thread. */
export async function startThreaded(config: Config, logger: Logger): Promise<RunningStore> {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL(import.meta.url), {
    workerData: { env: { ...process.env }, port: port2 },
    transferList: [port2],
  });
  const caller = new ThreadCaller(port1);
  const inOtherThreads = new Map(SECOND.map((name) => [name, caller.upstream(name)]));
  let isStopping = false;
  let isStarted = false;
  // An unexpected error in the second thread ends the process: half a store does not run.
  worker.on('error', (error) => {
    if (isStarted) throw error;
  });
  worker.on('exit', (code) => {
    if (isStarted && !isStopping) throw new Error(`the second thread has ended with code ${code}`);
  });
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  const stopSecond = async () => {
    isStopping = true;
    worker.postMessage('stop');
    await ended;
  };
  const [first, second] = await Promise.allSettled([
    startStore(MAIN, config, logger, { inOtherThreads, inProcess: functionNames }),
    started(worker),
  ]);
  if (first.status === 'rejected' || second.status === 'rejected') {
    await Promise.all([first.status === 'fulfilled' ? first.value.stop() : undefined, stopSecond()]);
    throw first.status === 'rejected' ? first.reason : (second as PromiseRejectedResult).reason;
  }
  isStarted = true;
  const { urls, apps, stop } = first.value;
  return {
    urls: new Map([...urls, ...second.value]),
    apps,
    async stop() {
      // The gateway first: it may still be waiting for an answer of the second thread.
      await stop();
      await stopSecond();
      port1.close();
    },
  };
}

function started(worker: Worker): Promise<readonly (readonly [Part, string])[]> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('message', (message: FromThread) => {
      if ('urls' in message) resolve(message.urls);
      else reject(message.isExpected ? new AppError('unavailable', message.error) : new Error(message.error));
    });
  });
}

async function runSecond(): Promise<void> {
  // Only Linux has a priority for each thread; on other systems it would apply to the whole process.
  if (process.platform === 'linux') setPriority(Math.min(getPriority() + SECOND_LOWER_BY, LOWEST_PRIORITY));
  const { env, port } = workerData as { env: NodeJS.ProcessEnv; port: MessageChannel['port1'] };
  const config = readConfig(env);
  const { logger, flush } = createLogger(config.LOG_LEVEL);
  parentPort?.once('message', () => process.exit(0));
  const store = await startStore(SECOND, config, logger, { inProcess: functionNames });
  answerCalls(port, store.apps);
  parentPort?.removeAllListeners('message');
  parentPort?.once('message', async () => {
    await store.stop();
    flush();
    process.exit(0);
  });
  parentPort?.postMessage({ urls: [...store.urls] } satisfies FromThread);
}

if (parentPort !== null) {
  runSecond().catch((error: unknown) => {
    const isExpected = error instanceof AppError || error instanceof ConfigError;
    const text = isExpected ? error.message : describeError(error);
    parentPort?.postMessage({ error: text, isExpected } satisfies FromThread);
    process.exit(1);
  });
}
