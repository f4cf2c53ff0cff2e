import { type FunctionName, functionNames } from '../saga/choreography.ts';
import type { MessageLog } from '../shared/ports/message-log.ts';
import { operationsAccess } from '../shared/runtime/http/operator-auth.ts';
import { type RunningServer, serve } from '../shared/runtime/http/server.ts';
import type { Logger } from '../shared/runtime/observe/logger.ts';
import { createGateway } from './gateway/http.ts';
import { localUpstream, remoteUpstream, type Upstream } from './gateway/upstream.ts';
import { openapiDocument } from './routes.ts';
import type { Config } from './settings.ts';
import { createLog, type RunningFunction, startFunction } from './start-function.ts';

export const parts = ['gateway', ...functionNames] as const;
export type Part = (typeof parts)[number];

/** A store, or a part of it, that runs in this process. */
export interface RunningStore {
  /** Where each part that runs here can be reached. */
  readonly urls: ReadonlyMap<Part, string>;
  /** The functions that run here, to be called without the network. */
  readonly apps: ReadonlyMap<FunctionName, RunningFunction['app']>;
  /** Takes no more requests, finishes what is in hand, closes the files. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Functions in other threads of this process, and how a gateway calls them. */
  readonly beside?: ReadonlyMap<FunctionName, Upstream>;
  /** Functions that run in this process, in whatever thread: what they commit is announced, and their files need no watching. */
  readonly inProcess?: readonly FunctionName[];
  /** Lets a test put something between the functions and their log. */
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
  const { beside = new Map(), inProcess = [], wrapLog = (log) => log } = options;
  const names = functionNames.filter((name) => here.includes(name));
  const log = wrapLog(createLog(config, [...names, ...inProcess]));
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
        upstreams: upstreamsOf(functions, beside, config),
        automation: config.ENABLE_AUTOMATION,
        openapi: () =>
          openapiDocument(logger, {
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
  const setting = `${part.toUpperCase()}_PORT` as const;
  return serve(fetch, { host: config.HOST, port: config[portSettings[part]], setting });
}

const portSettings = {
  gateway: 'GATEWAY_PORT',
  order: 'ORDER_PORT',
  inventory: 'INVENTORY_PORT',
  notification: 'NOTIFICATION_PORT',
} as const satisfies Record<Part, keyof Config>;

const urlSettings = {
  order: 'ORDER_URL',
  inventory: 'INVENTORY_URL',
  notification: 'NOTIFICATION_URL',
} as const satisfies Record<FunctionName, keyof Config>;

function upstreamsOf(
  functions: readonly RunningFunction[],
  beside: ReadonlyMap<FunctionName, Upstream>,
  config: Config,
): Record<FunctionName, Upstream> {
  const upstream = (name: FunctionName): Upstream => {
    const local = functions.find((running) => running.name === name);
    if (local !== undefined) return localUpstream(name, local.app);
    const neighbour = beside.get(name);
    if (neighbour !== undefined) return neighbour;
    const url = config[urlSettings[name]] ?? `http://127.0.0.1:${config[portSettings[name]]}`;
    return remoteUpstream({ name, url, timeoutMs: config.GATEWAY_TIMEOUT_MS, retries: config.GATEWAY_RETRIES });
  };
  return { order: upstream('order'), inventory: upstream('inventory'), notification: upstream('notification') };
}
