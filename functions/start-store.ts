import { type FunctionName, functionNames } from '../saga/choreography.ts';
import type { MessageLog } from '../shared/ports/message-log.ts';
import { operationsAccess } from '../shared/runtime/http/operator-auth.ts';
import { type RunningServer, serve } from '../shared/runtime/http/server.ts';
import type { Logger } from '../shared/runtime/observe/logger.ts';
import { createGateway } from './gateway/http.ts';
import { localUpstream, remoteUpstream, type Upstream } from './gateway/upstream.ts';
import { openapiDocument } from './openapi.ts';
import { functionModules } from './registry.ts';
import { type Config, portOf, urlOf } from './settings.ts';
import { type RunningFunction, startFunction } from './start-function.ts';
import { createStoreLog } from './store-log.ts';

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

export interface StartOptions {
  /** Functions in other threads of this process, and how a gateway calls them. */
  readonly inOtherThreads?: ReadonlyMap<FunctionName, Upstream>;
  /**
   * Functions that run in this process, in any thread: their commits are broadcast, so their files need no polling.
   */
  readonly inProcess?: readonly FunctionName[];
  /** Lets a test wrap the log of the functions. */
  readonly wrapLog?: (log: MessageLog) => MessageLog;
}

/**
 * Starts these parts in this thread. A gateway calls the functions in its process directly and the others over HTTP.
 * @throws {AppError} when another process already runs one of them, {@link ConfigError} when a setting cannot be used.
 */
export async function startStore(
  here: readonly Part[],
  config: Config,
  logger: Logger,
  options: StartOptions = {},
): Promise<RunningStore> {
  const { inOtherThreads = new Map(), inProcess = [], wrapLog = (log) => log } = options;
  const names = functionNames.filter((name) => here.includes(name));
  const log = wrapLog(createStoreLog(config, [...names, ...inProcess]));
  const functions: RunningFunction[] = [];
  const servers = new Map<Part, RunningServer>();
  const stop = async () => {
    for (const running of functions) running.endStreams();
    await Promise.all([...servers.values()].map((server) => server.stop()));
    await Promise.all(functions.map((running) => running.stop()));
    await log.close();
  };
  try {
    for (const name of names) functions.push(await startFunction(name, { config, logger, log }));
    for (const { name, app } of functions) servers.set(name, await listen(name, app.fetch, config));
    if (here.includes('gateway')) {
      const gateway = createGateway({
        upstreams: upstreamsOf(functions, inOtherThreads, config),
        owners: ownersOf(functionModules),
        automation: config.ENABLE_AUTOMATION,
        openapi: () =>
          openapiDocument(config, logger, {
            automation: config.ENABLE_AUTOMATION,
            operations: operationsAccess(config).isOpen,
          }),
        logger,
      });
      servers.set('gateway', await listen('gateway', gateway.fetch, config));
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    urls: new Map([...servers].map(([part, { url }]) => [part, url])),
    apps: new Map(functions.map(({ name, app }) => [name, app])),
    stop,
  };
}

function listen(part: Part, fetch: RunningFunction['app']['fetch'], config: Config): Promise<RunningServer> {
  return serve(fetch, { host: config.HOST, ...portOf(config, part) });
}

/** The function behind each first path segment. */
function ownersOf(modules: typeof functionModules): Readonly<Record<string, string>> {
  return Object.fromEntries(
    modules.flatMap(({ name, pathPrefix }) => (pathPrefix === null ? [] : [[pathPrefix, name]])),
  );
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
