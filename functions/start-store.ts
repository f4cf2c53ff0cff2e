import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type FunctionName, functionNames } from '../saga/choreography.ts';
import type { MessageLog } from '../shared/ports/message-log.ts';
import { operationsAccess } from '../shared/runtime/http/operator-auth.ts';
import { type RunningServer, serve } from '../shared/runtime/http/server.ts';
import { httpOptionsOf } from '../shared/runtime/http/settings.ts';
import type { Logger } from '../shared/runtime/observe/logger.ts';
import type { Crash } from '../shared/runtime/worker/fault-routes.ts';
import { crashOf } from './crash.ts';
import { createGateway } from './gateway/http.ts';
import { localUpstream, remoteUpstream, type Upstream } from './gateway/upstream.ts';
import { openapiSource } from './openapi.ts';
import { assertPortsDiffer, Ports } from './ports.ts';
import { functionModules } from './registry.ts';
import { allowsFaults, type Config, portOf, urlOf } from './settings.ts';
import { type RunningFunction, startFunction } from './start-function.ts';
import { storeDescription } from './store-description.ts';
import { assertDataPlaces, openStoreLog } from './store-log.ts';

/** Where the build puts the console, beside the compiled functions. */
const consoleFolder = fileURLToPath(new URL('../console', import.meta.url));

export const parts = ['gateway', ...functionNames] as const;
export type Part = (typeof parts)[number];

/** A store, or a part of it, that runs in this process. */
export interface RunningStore {
  /** The address of each part that runs here. */
  readonly urls: ReadonlyMap<Part, string>;
  /** The functions that run here, to be called without the network. */
  readonly apps: ReadonlyMap<FunctionName, RunningFunction['app']>;
  /** Takes no more requests, finishes the current ones, closes the files. */
  stop(): Promise<void>;
}

/** Parts of a store that work, and whose ports are closed yet. */
export interface PreparedStore extends Pick<RunningStore, 'apps' | 'stop'> {
  /**
   * Opens the ports, the gateway's last. Requests wait for `answer`, so that who is answered at one port finds the others open.
   * @throws {ConfigError} when a port cannot be opened; those that are open are closed by `stop`.
   */
  openPorts(): Promise<RunningStore['urls']>;
  answer(): void;
}

export interface StartOptions {
  /** Functions in other threads of this process, and how a gateway calls them. */
  readonly inOtherThreads?: ReadonlyMap<FunctionName, Upstream>;
  /**
   * Functions that run in this process, in any thread: their commits are broadcast, so their files need no polling.
   */
  readonly inProcess?: readonly FunctionName[];
  /** What a test does that crashes a function; by default this process ends, with all that is started here. */
  readonly crash?: Crash;
  /** Lets a test wrap the log of the functions. */
  readonly wrapLog?: (log: MessageLog) => MessageLog;
  /** How long a start that fails may take to close what it has opened, in milliseconds. */
  readonly closeMs?: number;
  /** Aborts the start with its reason; what was opened is closed. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts these parts in this thread. A gateway calls the functions in its process directly and the others over HTTP. When
 * the start fails, everything that it opened is closed.
 * @throws {AppError} when another process already runs one of them, {@link ConfigError} when a setting cannot be used.
 */
export async function startStore(
  here: readonly Part[],
  config: Config,
  logger: Logger,
  options: StartOptions = {},
): Promise<RunningStore> {
  const { apps, openPorts, answer, stop } = await prepareStore(here, config, logger, options);
  try {
    const urls = await openPorts();
    options.signal?.throwIfAborted();
    answer();
    return { urls, apps, stop };
  } catch (error) {
    await closed(stop(), options.closeMs);
    throw error;
  }
}

/** How long a start that fails may take to close what it has opened: the client of a broker may not end. */
const CLOSE_MS = 10_000;

/** Resolves when all is closed, or after a while: what is left open then ends with the process. */
export async function closed(closing: Promise<void>, withinMs = CLOSE_MS): Promise<void> {
  const waited = new AbortController();
  const late = sleep(withinMs, undefined, { signal: waited.signal }).catch(() => undefined);
  await Promise.race([closing, late]).finally(() => waited.abort());
}

/** Starts the functions of these parts, and opens no port. @throws {Error} like {@link startStore}. */
export async function prepareStore(
  here: readonly Part[],
  config: Config,
  logger: Logger,
  options: StartOptions = {},
): Promise<PreparedStore> {
  const { inOtherThreads = new Map(), inProcess = [], wrapLog = (log) => log, signal } = options;
  const { crash = crashOf(here) } = options;
  const names = functionNames.filter((name) => here.includes(name));
  assertPortsDiffer(config, here);
  assertDataPlaces(config, names);
  const { log: opened, target, claims } = await openStoreLog(config, [...names, ...inProcess]);
  const log = wrapLog(opened);
  const functions: RunningFunction[] = [];
  const stopping = new AbortController();
  const ports = new Ports<Part>((part, fetch) => listen(part, fetch, config));
  const stop = async () => {
    stopping.abort();
    for (const running of functions) running.endStreams();
    await ports.close();
    await Promise.all(functions.map((running) => running.stop()));
    await log.close();
    // Last: SQLite removes the write-ahead log of a file when its last connection is one that may write.
    await Promise.all(functions.map((running) => running.close()));
  };
  try {
    for (const name of names) {
      // A function starts in one go: here a signal is heard that says not to go on.
      await nextTurn();
      signal?.throwIfAborted();
      functions.push(await startFunction(name, { config, logger, log, target, claims, crash }));
    }
    signal?.throwIfAborted();
  } catch (error) {
    await closed(stop(), options.closeMs);
    throw error;
  }
  const openPorts = async () => {
    for (const { name, app } of functions) await ports.open(name, app.fetch);
    if (here.includes('gateway')) {
      const gateway = createGateway({
        upstreams: upstreamsOf(functions, inOtherThreads, config),
        owners: ownersOf(functionModules),
        streams: streamsOf(functionModules),
        stopping: stopping.signal,
        automation: config.ENABLE_AUTOMATION,
        allowsFaults: allowsFaults(config),
        access: operationsAccess(config),
        console: consoleFolder,
        operations: { access: operationsAccess(config), store: storeDescription(config) },
        openapi: openapiSource(config, logger, {
          automation: config.ENABLE_AUTOMATION,
          operations: operationsAccess(config).isOpen,
        }),
        logger,
      });
      await ports.open('gateway', gateway.fetch);
    }
    return ports.urls();
  };
  const apps = new Map(functions.map(({ name, app }) => [name, app]));
  return { apps, openPorts, answer: () => ports.answer(), stop };
}

function listen(part: Part, fetch: Parameters<typeof serve>[0], config: Config): Promise<RunningServer> {
  const ownNames = part === 'gateway' ? [part] : [part, new URL(urlOf(config, part)).hostname];
  const address = { host: config.HOST, hostSetting: 'HOST', ...portOf(config, part), ownNames };
  return serve(fetch, address, httpOptionsOf(config));
}

/** The function behind each first path segment. */
function ownersOf(modules: typeof functionModules): Readonly<Record<string, string>> {
  return Object.fromEntries(
    modules.flatMap(({ name, pathPrefix }) => (pathPrefix === null ? [] : [[pathPrefix, name]])),
  );
}

/** The function behind each path of server-sent events. */
function streamsOf(modules: typeof functionModules): Readonly<Record<string, string>> {
  return Object.fromEntries(modules.flatMap(({ name, streamPaths = [] }) => streamPaths.map((path) => [path, name])));
}

/** How the gateway reaches each function: called directly where it runs in this process, else over HTTP. */
function upstreamsOf(
  functions: readonly RunningFunction[],
  inOtherThreads: ReadonlyMap<FunctionName, Upstream>,
  config: Config,
): readonly Upstream[] {
  return functionNames.map((name) => {
    const local = functions.find((running) => running.name === name);
    if (local !== undefined) return localUpstream(name, local.app);
    const { GATEWAY_TIMEOUT_MS: timeoutMs, GATEWAY_RETRIES: retries } = config;
    return inOtherThreads.get(name) ?? remoteUpstream({ name, url: urlOf(config, name), timeoutMs, retries });
  });
}
