import { join, resolve } from 'node:path';
import { type FunctionName, functionNames, topics } from '../saga/choreography.ts';
import { catalogue } from '../seed/catalogue.ts';
import { logChannel } from '../shared/adapters/channels/log-channel.ts';
import { EmbeddedLog, type EmbeddedTopic } from '../shared/adapters/embedded/log/embedded-log.ts';
import { SqliteStore } from '../shared/adapters/embedded/store/sqlite-store.ts';
import { systemClock } from '../shared/adapters/system-clock.ts';
import { ConfigError } from '../shared/core/errors.ts';
import type { MessageLog } from '../shared/ports/message-log.ts';
import type { Store } from '../shared/ports/store.ts';
import type { DeadLetterScope } from '../shared/runtime/dead-letters/dead-letter.ts';
import { replayAfterUpgrade } from '../shared/runtime/dead-letters/replay-after-upgrade.ts';
import { addDeadLetterRoutes } from '../shared/runtime/dead-letters/routes.ts';
import { deadLetterLimitsOf } from '../shared/runtime/dead-letters/settings.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import type { App } from '../shared/runtime/http/app.ts';
import { createFunctionApp } from '../shared/runtime/http/operations-routes.ts';
import { guardOperations, operationsAccess } from '../shared/runtime/http/operator-auth.ts';
import { describeError } from '../shared/runtime/observe/error-report.ts';
import type { Logger } from '../shared/runtime/observe/logger.ts';
import { retentionDaysOf } from '../shared/runtime/retention/settings.ts';
import { type Wait, waitsOf } from '../shared/runtime/why/waits.ts';
import { addWhy } from '../shared/runtime/why/why-routes.ts';
import { addFaultRoutes, FaultInjection } from '../shared/runtime/worker/fault-injection.ts';
import { FunctionWorker } from '../shared/runtime/worker/function-worker.ts';
import { addStoreMetrics } from '../shared/runtime/worker/store-metrics.ts';
import { wokenLoop } from '../shared/runtime/worker/woken-loop.ts';
import { FunctionMetrics } from '../shared/runtime/worker/worker-metrics.ts';
import { asksForFilling, BackorderFiller } from './inventory/backorder-filler.ts';
import { inventory } from './inventory/index.ts';
import { isEmpty, seedStock } from './inventory/seed.ts';
import { backorderWaits } from './inventory/why.ts';
import { notification } from './notification/index.ts';
import { asksForSending, NoticeSender } from './notification/sender.ts';
import { createOrder } from './order/index.ts';
import { deadlineWaits } from './order/why.ts';
import { retrySettingsFor } from './retry-settings.ts';
import { addRoutes } from './routes.ts';
import type { Config } from './settings.ts';
import { startRetention } from './start-retention.ts';

/** A function as these settings make it. */
function functionOf(name: FunctionName, { ORDER_DEADLINE_S, BACKORDER_DEADLINE_S }: Config): StoreFunction {
  const deadlines = { deadlineMs: ORDER_DEADLINE_S * 1000, backorderDeadlineMs: BACKORDER_DEADLINE_S * 1000 };
  return { order: createOrder(deadlines), inventory, notification }[name];
}

/** What the parts of a process share. */
export interface HostContext {
  readonly config: Config;
  readonly logger: Logger;
  readonly log: MessageLog;
}

/** A function that runs: its app to be served or called, and its way to stop. */
export interface RunningFunction {
  readonly name: FunctionName;
  readonly app: App;
  readonly worker: FunctionWorker;
  /** Ends the streams, so that a server can be closed. */
  endStreams(): void;
  stop(): Promise<void>;
}

/** Where the data of a function lies. */
export function dataFile(dataDir: string, name: string): string {
  return join(resolve(dataDir), name, `${name}.db`);
}

/** The log without a broker. `here`: the functions that run in this process, in whatever thread. */
export function createLog(config: Config, here: readonly FunctionName[]): EmbeddedLog {
  const embedded = Object.entries(topics).map(([topic, writer]): [string, EmbeddedTopic] => {
    if (writer !== null) {
      const file = dataFile(config.DATA_DIR, writer);
      return [topic, { file, writtenHere: here.includes(writer), isPublic: false }];
    }
    const file = join(resolve(config.DATA_DIR), 'topics', `${topic}.db`);
    return [topic, { file, writtenHere: false, isPublic: true }];
  });
  const readers = functionNames.map((name) => {
    return { group: name, file: dataFile(config.DATA_DIR, name), topics: functionOf(name, config).consumes };
  });
  return new EmbeddedLog({ topics: Object.fromEntries(embedded), readers, pollMs: config.EMBEDDED_POLL_MS });
}

/**
 * Opens the store of a function and runs it.
 * @throws {AppError} when another process already runs it, {@link ConfigError} when it would forget too soon.
 */
export async function startFunction(name: FunctionName, surroundings: HostContext): Promise<RunningFunction> {
  const { config, logger, log } = surroundings;
  const fn = functionOf(name, config);
  const file = dataFile(config.DATA_DIR, name);
  const retries = retrySettingsFor(config, name);
  const days = retentionDaysOf(config, retries.policy);
  const store = openStore(fn, file);
  const parts = new FaultInjection(systemClock, (noRoom) => store.simulateNoRoom(noRoom));
  const metrics = new FunctionMetrics(name, store, () => worker.waiting());
  addStoreMetrics(metrics.registry, () => store.walBytes());
  const worker = new FunctionWorker({
    fn: config.ENABLE_AUTOMATION ? parts.poisoned(fn) : fn,
    store,
    log,
    clock: parts.clock,
    logger,
    metrics,
    ...retries,
  });
  const stopping = new AbortController();
  const app = createFunctionApp(
    {
      name,
      unavailableReason: () => worker.unavailableReason(),
      metrics: () => metrics.registry.metrics(),
      automation: config.ENABLE_AUTOMATION
        ? {
            seed: async () => (name === 'inventory' ? seedStock(worker, catalogue) : []),
            clear: () => worker.clear(),
          }
        : null,
    },
    logger,
  );
  if (config.ENABLE_AUTOMATION) addFaultRoutes(app, parts);
  const waitsHere = waitsAt(fn, store, log);
  addWhy(app, waitsHere);
  addRoutes(name, app, worker, {
    defaultCurrency: config.DEFAULT_CURRENCY,
    stopping: stopping.signal,
    waitsOf: waitsHere,
  });
  const scope = { fn, context: worker, limits: deadLetterLimitsOf(config), stopping: stopping.signal };
  guardOperations(app, operationsAccess(config));
  addDeadLetterRoutes(app, scope);
  await worker.open();
  await takeUpAgain(scope, logger);
  // In the queue before the loop starts, so that orders that wait in the topic already find the stock.
  const needsSeed = name === 'inventory' && config.ENABLE_AUTOMATION && (await isEmpty(worker));
  const seeded = needsSeed ? seedStock(worker, catalogue) : Promise.resolve();
  worker.start();
  await seeded;
  const beside = startLoops(name, worker, logger, stopping.signal);
  const everyMs = config.RETENTION_EVERY_S * 1000;
  const kept = { fn, worker, log, clock: parts.clock, logger, metrics, days, everyMs };
  const cleaning = startRetention(kept, stopping.signal);
  return {
    name,
    app,
    worker,
    endStreams: () => stopping.abort(),
    async stop() {
      stopping.abort();
      await Promise.all([beside, cleaning]);
      await worker.stop();
      await store.close();
    },
  };
}

/** What a key waits for at a function: what the runtime knows, and what only the function does. */
function waitsAt(fn: StoreFunction, store: Store, log: MessageLog): (key: string) => Promise<readonly Wait[]> {
  return async (key) => {
    const waits = await waitsOf(fn, store, (topic) => log.progress(topic), key);
    if (fn.name === 'order') return [...waits, ...(await deadlineWaits({ store }, key))];
    return fn.name === 'inventory' ? [...waits, ...(await backorderWaits(store, key))] : waits;
  };
}

async function takeUpAgain(scope: DeadLetterScope, logger: Logger): Promise<void> {
  const { replayed, discarded } = await replayAfterUpgrade(scope);
  if (replayed + discarded === 0) return;
  logger.info({ replayed, discarded }, `${scope.fn.name} can read letters that an older program could not`);
}

/** @throws {ConfigError} naming `DATA_DIR` when the system refuses the folder. */
function openStore({ name, tables, migrations }: StoreFunction, file: string): SqliteStore {
  try {
    return SqliteStore.open({ name, file, tables, migrations: migrations.sqlite });
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    throw new ConfigError('DATA_DIR', `the data cannot be kept there: ${error.message}`);
  }
}

/** What a function does besides its batches, until `signal` aborts; what waits from an earlier life goes first. */
async function startLoops(
  name: FunctionName,
  worker: FunctionWorker,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  if (name === 'notification') {
    const channel = logChannel((fields, text) => logger.info(fields, text));
    const sender = new NoticeSender(worker, channel);
    const step = () => sender.step();
    await wokenLoop(worker, signal, { step, wakes: asksForSending }, (error) =>
      logger.error({ error: describeError(error) }, 'notices cannot be sent; they are tried again'),
    );
  }
  if (name === 'inventory') {
    const filler = new BackorderFiller(worker);
    const step = () => filler.step();
    await wokenLoop(worker, signal, { step, wakes: asksForFilling }, (error) =>
      logger.error({ error: describeError(error) }, 'back-orders cannot be filled; they are tried again'),
    );
  }
}
