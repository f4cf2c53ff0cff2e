import type { FunctionName } from '../saga/choreography.ts';
import type { MessageLog } from '../shared/ports/message-log.ts';
import type { Store } from '../shared/ports/store.ts';
import type { DeadLetterScope } from '../shared/runtime/dead-letters/dead-letter.ts';
import { replayAfterUpgrade } from '../shared/runtime/dead-letters/replay-after-upgrade.ts';
import { addDeadLetterRoutes } from '../shared/runtime/dead-letters/routes.ts';
import { deadLetterLimitsOf } from '../shared/runtime/dead-letters/settings.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import type { FunctionModule } from '../shared/runtime/function-module.ts';
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
import { clock, openStore } from './engine.ts';
import { moduleOf } from './registry.ts';
import { retrySettingsFor } from './retry-settings.ts';
import type { Config } from './settings.ts';
import { startRetention } from './start-retention.ts';

/** What the functions of a process share. */
export interface HostContext {
  readonly config: Config;
  readonly logger: Logger;
  readonly log: MessageLog;
}

/** A running function, with its app to be served or called. */
export interface RunningFunction {
  readonly name: FunctionName;
  readonly app: App;
  readonly worker: FunctionWorker;
  /** Ends the streams, so that a server can be closed. */
  endStreams(): void;
  stop(): Promise<void>;
}

/**
 * Opens the store of a function and runs it.
 * @throws {AppError} when another process already runs it, {@link ConfigError} when its inbox would be pruned too soon.
 */
export async function startFunction(name: FunctionName, host: HostContext): Promise<RunningFunction> {
  const { config, logger, log } = host;
  const module = moduleOf(name);
  const fn = module.create(config);
  const retries = retrySettingsFor(config, name);
  const days = retentionDaysOf(config, retries.policy);
  const store = openStore(fn, config);
  const faults = new FaultInjection(clock, (noRoom) => store.simulateNoRoom(noRoom));
  const metrics = new FunctionMetrics(name, store, () => worker.waiting());
  addStoreMetrics(metrics.registry, () => store.walBytes());
  const worker = new FunctionWorker({
    fn: config.ENABLE_AUTOMATION ? faults.poisoned(fn) : fn,
    store,
    log,
    clock: faults.clock,
    logger,
    metrics,
    ...retries,
  });
  const stopping = new AbortController();
  const app = createApp(module, { config, logger, worker, metrics });
  if (config.ENABLE_AUTOMATION) addFaultRoutes(app, faults);
  const waitsHere = waitsAt(module, fn, store, log);
  addWhy(app, waitsHere);
  module.addRoutes(app, { context: worker, settings: config, stopping: stopping.signal, waitsOf: waitsHere });
  const scope = { fn, context: worker, limits: deadLetterLimitsOf(config), stopping: stopping.signal };
  guardOperations(app, operationsAccess(config));
  addDeadLetterRoutes(app, scope);
  await worker.open();
  await replayWhatIsReadableNow(scope, logger);
  // Queued before the loop starts, so that messages that wait in a topic find the example data.
  const { seed } = module;
  const needsSeed = seed !== undefined && config.ENABLE_AUTOMATION && (await seed.isEmpty(worker));
  const seeded = needsSeed ? seed.fill(worker) : Promise.resolve();
  worker.start();
  await seeded;
  const loops = startLoops(module, worker, logger, stopping.signal);
  const everyMs = config.RETENTION_EVERY_S * 1000;
  const retentionParts = { fn, worker, log, clock: faults.clock, logger, metrics, days, everyMs };
  const retention = startRetention(retentionParts, stopping.signal);
  return {
    name,
    app,
    worker,
    endStreams: () => stopping.abort(),
    async stop() {
      stopping.abort();
      await Promise.all([loops, retention]);
      await worker.stop();
      await store.close();
    },
  };
}

function createApp(
  { name, seed }: FunctionModule,
  parts: Pick<HostContext, 'config' | 'logger'> & {
    readonly worker: FunctionWorker;
    readonly metrics: FunctionMetrics;
  },
): App {
  const { config, logger, worker, metrics } = parts;
  const automation = { seed: async () => seed?.fill(worker) ?? [], clear: () => worker.clear() };
  const operations = {
    name,
    unavailableReason: () => worker.unavailableReason(),
    metrics: () => metrics.registry.metrics(),
    automation: config.ENABLE_AUTOMATION ? automation : null,
  };
  return createFunctionApp(operations, logger);
}

/** What a key waits for at a function, as the runtime and the function itself know it. */
function waitsAt(
  module: FunctionModule,
  fn: StoreFunction,
  store: Store,
  log: MessageLog,
): (key: string) => Promise<readonly Wait[]> {
  return async (key) => [
    ...(await waitsOf(fn, store, (topic) => log.progress(topic), key)),
    ...((await module.waitsOf?.({ store }, key)) ?? []),
  ];
}

async function replayWhatIsReadableNow(scope: DeadLetterScope, logger: Logger): Promise<void> {
  const { replayed, discarded } = await replayAfterUpgrade(scope);
  if (replayed + discarded === 0) return;
  logger.info({ replayed, discarded }, `${scope.fn.name} can read dead letters that an older release could not read`);
}

/** Runs the loops beside the batches of a function until `signal` aborts; work of an earlier run is done first. */
async function startLoops(
  module: FunctionModule,
  worker: FunctionWorker,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const loops = module.loops?.(worker, logger) ?? [];
  await Promise.all(
    loops.map((loop) =>
      wokenLoop(worker, signal, loop, (error) => logger.error({ error: describeError(error) }, loop.failure)),
    ),
  );
}
