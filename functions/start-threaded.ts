import { MessageChannel, type MessagePort, type Worker } from 'node:worker_threads';
import { functionNames } from '../saga/choreography.ts';
import { createLogger, type Logger } from '../shared/runtime/observe/logger.ts';
import { crashOf, crashSoon } from './crash.ts';
import { answerCalls, ThreadCaller } from './gateway/thread-upstream.ts';
import { assertPortsDiffer } from './ports.ts';
import { type Begin, type FromThread, inSecondThread, type Order, SecondThread } from './second-thread.ts';
import { type Config, readConfig } from './settings.ts';
import { explain } from './start-error.ts';
import { closed, type PreparedStore, parts, prepareStore, type RunningStore } from './start-store.ts';
import { assertDataPlaces } from './store-log.ts';

/**
 * Runs a whole store in this thread and `worker`, which is to call {@link runSecondThread}.
 *
 * Ports open once the functions of both threads work, the gateway's last. When the start fails, or `signal` aborts it,
 * everything that it opened is closed.
 * @throws {Error} like `startStore`, also for failures in the second thread; the reason of `signal`.
 */
export async function startThreaded(
  worker: Worker,
  config: Config,
  logger: Logger,
  signal?: AbortSignal,
): Promise<RunningStore> {
  assertPortsDiffer(config, parts);
  // All of them first: else one thread would write errors into the log while the other ends the start.
  assertDataPlaces(config, functionNames);
  const failing = new AbortController();
  const { port1, port2 } = new MessageChannel();
  let isStarted = false;
  const second = new SecondThread(worker, process.env, port2, (error) => {
    // An unexpected error in the second thread ends the process: half a store does not run.
    if (isStarted) throw error;
    failing.abort(error);
  });
  second.onCrash(crashSoon);
  const caller = new ThreadCaller(port1);
  const inSecond = inSecondThread(config);
  const inMain = parts.filter((part) => !inSecond.some((name) => name === part));
  const inOtherThreads = new Map(inSecond.map((name) => [name, caller.upstream(name)]));
  // What one thread does while the other fails, or is told to stop, ends soon.
  failing.signal.addEventListener('abort', () => void second.stop());
  const abort = () => failing.abort(signal?.reason);
  signal?.addEventListener('abort', abort);
  if (signal?.aborted) abort();
  const options = { inOtherThreads, inProcess: functionNames, signal: failing.signal, crash: crashOf(parts) };
  const preparing = prepareStore(inMain, config, logger, options);
  preparing.catch((error: unknown) => failing.abort(error));
  const stop = async () => {
    // The gateway first: it may still be waiting for an answer of the second thread.
    const first = await preparing.catch(() => null);
    await first?.stop();
    await second.stop();
    port1.close();
  };
  try {
    const [first] = await Promise.all([preparing, second.prepared()]);
    const secondUrls = await second.openPorts();
    const firstUrls = await first.openPorts();
    failing.signal.throwIfAborted();
    second.answer();
    first.answer();
    isStarted = true;
    return { urls: new Map([...firstUrls, ...secondUrls]), apps: first.apps, stop };
  } catch (error) {
    failing.abort(error);
    await closed(stop());
    throw failing.signal.reason;
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}

/** Runs the second thread of a store, from the first message of `main` on. */
export function runSecondThread(main: MessagePort): void {
  main.once('message', (begin: Begin) => void runSecond(main, begin));
}

async function runSecond(main: MessagePort, { env, port }: Begin): Promise<void> {
  const config = readConfig(env);
  const { logger, output } = createLogger(config.LOG_LEVEL);
  const stopping = new AbortController();
  const tell = (message: FromThread) => main.postMessage(message);
  let prepared: PreparedStore | null = null;
  const follow = async (order: Order) => {
    if (order === 'open') return tell({ urls: [...((await prepared?.openPorts()) ?? [])] });
    if (order === 'answer') return prepared?.answer();
    stopping.abort();
    if (prepared === null) return;
    await prepared.stop();
    await output.flush();
    process.exit(0);
  };
  const end = async (error: unknown) => {
    await closed(prepared?.stop() ?? Promise.resolve());
    await output.flush();
    tell({ ...explain(error) });
    process.exit(1);
  };
  main.on('message', (order: Order) => void follow(order).catch(end));
  try {
    prepared = await prepareStore(inSecondThread(config), config, logger, {
      inProcess: functionNames,
      signal: stopping.signal,
      // This thread cannot end the process. The answer to the caller goes to the main one first, however slow this one is.
      crash: crashOf(parts, () => void setImmediate(() => tell({ isCrash: true }))),
    });
    answerCalls(port, prepared.apps);
    tell({ isPrepared: true });
  } catch (error) {
    await end(error);
  }
}
