import type { FunctionName } from '../saga/choreography.ts';
import type { RetentionDays } from '../shared/core/retention.ts';
import type { LogClaims } from '../shared/ports/log-claims.ts';
import type { MessageLog } from '../shared/ports/message-log.ts';
import type { RelayTarget } from '../shared/ports/relayed.ts';
import type { Store } from '../shared/ports/store.ts';
import type { DeadLetterScope } from '../shared/runtime/dead-letters/dead-letter.ts';
import { replayAfterUpgrade } from '../shared/runtime/dead-letters/replay-after-upgrade.ts';
import { addDeadLetterRoutes } from '../shared/runtime/dead-letters/routes.ts';
import { deadLetterLimitsOf } from '../shared/runtime/dead-letters/settings.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import type { FunctionModule, LoopHost } from '../shared/runtime/function-module.ts';
import type { App } from '../shared/runtime/http/app.ts';
import { createFunctionApp } from '../shared/runtime/http/operations-routes.ts';
import { guardOperations, operationsAccess } from '../shared/runtime/http/operator-auth.ts';
import { addStartPage, healthLinks } from '../shared/runtime/http/start-page.ts';
import { addInspectRoutes } from '../shared/runtime/inspect/routes.ts';
import { describeError } from '../shared/runtime/observe/error-report.ts';
import type { Logger } from '../shared/runtime/observe/logger.ts';
import { addRelayMetrics } from '../shared/runtime/relay/metrics.ts';
import { Relay } from '../shared/runtime/relay/relay.ts';
import { retentionDaysOf } from '../shared/runtime/retention/settings.ts';
import type { Deliveries } from '../shared/runtime/why/undelivered.ts';
import type { Wait } from '../shared/runtime/why/wait.ts';
import { waitsOf } from '../shared/runtime/why/waits.ts';
import { addWhy } from '../shared/runtime/why/why-routes.ts';
import { FaultInjection } from '../shared/runtime/worker/fault-injection.ts';
import {
  addCrashRoute,
  addFaultRoutes,
  addOwnFaultRoute,
  type Crash,
  refuseWhileAway,
} from '../shared/runtime/worker/fault-routes.ts';
import { FunctionWorker } from '../shared/runtime/worker/function-worker.ts';
import { HeldLease } from '../shared/runtime/worker/held-lease.ts';
import { addStoreMetrics } from '../shared/runtime/worker/store-metrics.ts';
import { wokenLoop } from '../shared/runtime/worker/woken-loop.ts';
import { FunctionMetrics } from '../shared/runtime/worker/worker-metrics.ts';
import { clock, dataFile, type FunctionStore, openStore, roomError } from './engine.ts';
import { settleLog } from './move-log.ts';
import { moduleOf } from './registry.ts';
import { retrySettingsFor } from './retry-settings.ts';
import { allowsFaults, type Config } from './settings.ts';
import { inspectedOf } from './start-inspect.ts';
import { startRetention } from './start-retention.ts';

/** How long a stop goes on sending what is left; the rest is sent after the next start. */
const SEND_REST_MS = 2_000;

/** The lease of a relay is this many times as long as a send may take, so that there is always time for one more. */
const LEASE_SENDS = 4;

/** What the functions of a process share. */
export interface HostContext {
  readonly config: Config;
  readonly logger: Logger;
  readonly log: MessageLog;
  /** Where a relay sends what a function commits; null where the outboxes are the log. */
  readonly target: RelayTarget | null;
  readonly claims: LogClaims | null;
  readonly crash: Crash;
}

/** A running function, with its app to be served or called. */
export interface RunningFunction {
  readonly name: FunctionName;
  readonly app: App;
  readonly worker: FunctionWorker;
  /** Ends the streams, so that a server can be closed. */
  endStreams(): void;
  /** Ends its work. Its store is open until {@link close}: others may still read what lies in it. */
  stop(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens the store of a function and runs it. When that fails, the store is closed again.
 * @throws {AppError} when another process already runs it, {@link ConfigError} when its inbox would be pruned too soon.
 */
export async function startFunction(name: FunctionName, host: HostContext): Promise<RunningFunction> {
  const { config, logger } = host;
  const module = moduleOf(name);
  const fn = module.create(config);
  const retries = retrySettingsFor(config, name);
  const days = retentionDaysOf(config, retries.policy);
  const store = openStore(fn, config, (sentence) => logger.warn(sentence));
  const relay = relayOf(fn, store, host);
  const keeper = new HeldLease(store.leases, 'keeper', clock);
  const faults = new FaultInjection(name, clock, {
    setRoom: (noRoom) => store.simulateNoRoom(noRoom),
    setAway: (why) => worker.setAway(why),
  });
  const metrics = new FunctionMetrics(name, store, () => worker.waiting());
  addStoreMetrics(metrics.registry, () => store.walBytes());
  if (relay !== null) addRelayMetrics(metrics.registry, relay);
  const worker = new FunctionWorker({
    fn: allowsFaults(config) ? faults.poisoned(fn) : fn,
    store,
    log: host.log,
    clock: faults.clock,
    logger,
    metrics,
    backlog: relay,
    keeper,
    ...retries,
  });
  const stopping = new AbortController();
  try {
    await settleLog(fn, store, config, host.claims);
    return await runFunction({ name, host, module, fn, store, faults, metrics, worker, keeper, relay, days, stopping });
  } catch (error) {
    stopping.abort();
    await worker.stop();
    await store.close();
    throw roomError(error, dataFile(config.DATA_DIR, name)) ?? error;
  }
}

/** The relay of a function that publishes to a log elsewhere; null for any other. */
function relayOf(fn: StoreFunction, store: FunctionStore, { config, target, logger }: HostContext): Relay | null {
  if (target === null || fn.publishes === null) return null;
  return new Relay({
    lease: new HeldLease(store.leases, 'relay', clock, LEASE_SENDS * target.sendMaxMs),
    name: fn.name,
    topic: fn.publishes,
    relayed: store.relayed,
    target,
    clock,
    logger,
    unsentMax: config.OUTBOX_UNSENT_MAX,
  });
}

interface FunctionParts {
  readonly name: FunctionName;
  readonly host: HostContext;
  readonly module: FunctionModule;
  readonly fn: StoreFunction;
  readonly store: FunctionStore;
  readonly faults: FaultInjection;
  readonly metrics: FunctionMetrics;
  readonly worker: FunctionWorker;
  readonly keeper: HeldLease;
  readonly relay: Relay | null;
  readonly days: RetentionDays;
  readonly stopping: AbortController;
}

async function runFunction(parts: FunctionParts): Promise<RunningFunction> {
  const { name, module, fn, store, faults, metrics, worker, keeper, relay, days, stopping } = parts;
  const { config, logger, log } = parts.host;
  const app = createApp(module, { config, logger, worker, metrics });
  if (allowsFaults(config)) addFaults(app, faults, parts.host.crash);
  const waitsHere = waitsAt(module, fn, store, { progress: (topic) => log.progress(topic), relay });
  addWhy(app, waitsHere);
  const routeHost = { context: worker, settings: config, stopping: stopping.signal, waitsOf: waitsHere };
  module.addRoutes(app, routeHost);
  const scope = {
    fn,
    context: worker,
    limits: deadLetterLimitsOf(config, log.features.isOutbox),
    stopping: stopping.signal,
  };
  guardOperations(app, operationsAccess(config));
  addDeadLetterRoutes(app, scope);
  addInspectRoutes(
    app,
    inspectedOf({ ...parts, clock: faults.clock, log, relayed: relay?.relayed ?? null, stopping: stopping.signal }),
  );
  module.addOperatorRoutes?.(app, routeHost);
  module.measure?.({ context: worker, reached: (status, latencyMs) => metrics.reached(status, latencyMs) });
  await worker.open();
  await replayAsKeeper(keeper, scope, logger);
  // Queued before the loop starts, so that messages that wait in a topic find the example data.
  const { seed } = module;
  const needsSeed = seed !== undefined && config.ENABLE_AUTOMATION && (await seed.isEmpty(worker));
  const seeded = needsSeed ? seed.fill(worker) : Promise.resolve();
  worker.start();
  await seeded;
  const beforeCall = (subject: string) => faults.beforeCall(subject);
  const loopHost = { context: worker, settings: config, logger, registry: metrics.registry, beforeCall };
  const loops = startLoops(module, loopHost, faults.present(keeper), stopping.signal);
  const everyMs = config.RETENTION_EVERY_S * 1000;
  const retentionParts = {
    fn,
    worker,
    keeper,
    log,
    relayed: relay?.relayed ?? null,
    clock: faults.clock,
    logger,
    metrics,
    days,
    everyMs,
  };
  const retention = startRetention(retentionParts, stopping.signal);
  const relaying = relay?.run(stopping.signal);
  return {
    name,
    app,
    worker,
    endStreams: () => stopping.abort(),
    async stop() {
      stopping.abort();
      await Promise.all([loops, retention, relaying]);
      await worker.stop();
      await relay?.finish(SEND_REST_MS);
      await keeper.release();
    },
    close: () => store.close(),
  };
}

function addFaults(app: App, faults: FaultInjection, crash: Crash): void {
  addFaultRoutes(app, faults);
  addOwnFaultRoute(app, faults);
  addCrashRoute(app, faults.name, crash);
  refuseWhileAway(app, faults);
}

function createApp(
  { name, seed, pathPrefix }: FunctionModule,
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
  const app = createFunctionApp(operations, logger);
  const own =
    pathPrefix === null ? [] : [{ name: pathPrefix, href: `/${pathPrefix}`, about: `the list of ${pathPrefix}` }];
  addStartPage(app, {
    name: `saga-store ${name}`,
    about: `The function ${name} of the store. The gateway has the documentation of the whole API.`,
    links: [...own, ...healthLinks],
  });
  return app;
}

/** What a key waits for at a function, as the runtime and the function itself know it. */
function waitsAt(
  module: FunctionModule,
  fn: StoreFunction,
  store: Store,
  deliveries: Deliveries,
): (key: string) => Promise<readonly Wait[]> {
  return async (key) => [
    ...(await waitsOf(fn, store, deliveries, key)),
    ...((await module.waitsOf?.({ store }, key)) ?? []),
  ];
}

/** Before the loop starts, where this instance is the keeper; else when it becomes that. */
async function replayAsKeeper(keeper: HeldLease, scope: DeadLetterScope, logger: Logger): Promise<void> {
  if (keeper.isHeld) await replayWhatIsReadableNow(scope, logger);
  keeper.onGranted(() => {
    const failure = `${scope.fn.name} cannot look for dead letters that it can read now`;
    replayWhatIsReadableNow(scope, logger).catch((error: unknown) => {
      logger.error({ error: describeError(error) }, failure);
    });
  });
}

async function replayWhatIsReadableNow(scope: DeadLetterScope, logger: Logger): Promise<void> {
  const { replayed, discarded } = await replayAfterUpgrade(scope);
  if (replayed + discarded === 0) return;
  logger.info({ replayed, discarded }, `${scope.fn.name} can read dead letters that an older release could not read`);
}

/** Runs the loops beside the batches of a function until `signal` aborts; work of an earlier run is done first. */
async function startLoops(
  module: FunctionModule,
  host: LoopHost<object>,
  keeper: Parameters<typeof wokenLoop>[1],
  signal: AbortSignal,
): Promise<void> {
  const { context, logger } = host;
  const loops = module.loops?.(host) ?? [];
  await Promise.all(
    loops.map((loop) =>
      wokenLoop(context, keeper, signal, loop, (error) => logger.error({ error: describeError(error) }, loop.failure)),
    ),
  );
}
