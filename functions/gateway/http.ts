import { z } from '@hono/zod-openapi';
import { AppError } from '../../shared/core/errors.ts';
import {
  type App,
  type AppContext,
  addPath,
  answers,
  createApp,
  problems,
  requestIdOf,
} from '../../shared/runtime/http/app.ts';
import { processMetrics } from '../../shared/runtime/http/operations-routes.ts';
import { type OperationsAccess, operationsAccess } from '../../shared/runtime/http/operator-auth.ts';
import { addStartPage, healthLinks, type StartPage } from '../../shared/runtime/http/start-page.ts';
import type { Logger } from '../../shared/runtime/observe/logger.ts';
import { addConsole } from './console/page.ts';
import { addGatewayDeadLetters } from './dead-letters.ts';
import { addDocs } from './docs.ts';
import { addGatewayFaults } from './faults.ts';
import { addLoad } from './load.ts';
import { addOperations } from './operations.ts';
import type { OperationsOptions } from './operations-guard.ts';
import { StreamRelay } from './relay-stream.ts';
import { addSession } from './session.ts';
import { type Upstream, upstreamOf, withoutCookies } from './upstream.ts';
import { addWhyOfOrders } from './why.ts';

export interface GatewayOptions {
  /** In the order in which their data is removed. */
  readonly upstreams: readonly Upstream[];
  /** The first path segment of a request names the function that owns it. */
  readonly owners: Readonly<Record<string, string>>;
  /** The paths of server-sent events, and the function that owns each. */
  readonly streams?: Readonly<Record<string, string>>;
  readonly automation: boolean;
  /** Whether tests may break the store. */
  readonly allowsFaults?: boolean;
  /** Who may use the routes for operators; all callers where it is left out. */
  readonly access?: OperationsAccess;
  /** The folder of the built console. It is there only where the routes for operators are. */
  readonly console?: string;
  /** The operations API of the whole store; without it each function has its own alone. */
  readonly operations?: Omit<OperationsOptions, 'upstreams'>;
  /** The OpenAPI document of the whole store. */
  readonly openapi: () => Readonly<Record<string, unknown>>;
  readonly logger: Logger;
  /** Ends the streams, and the load. */
  readonly stopping?: AbortSignal;
}

/** The path segment of the resource that each saga is about. */
const SAGA_PATH = 'orders';
/** That of the resource that a load receives goods for. */
const STOCK_PATH = 'stock';

/** One entry point for all functions. It stores nothing; what it remembers is a load that a test asks for. */
export function createGateway(options: GatewayOptions): App {
  const { owners, logger, access = operationsAccess({}), stopping = new AbortController().signal } = options;
  const upstreams = options.upstreams.map(withoutCookies);
  const app = createApp(logger);
  addSession(app, access);
  const orders = upstreamOf(upstreams, owners[SAGA_PATH] ?? '');
  addWhyOfOrders(
    app,
    orders,
    upstreams.filter((upstream) => upstream !== orders),
  );
  const relay = new StreamRelay(stopping);
  for (const [path, owner] of Object.entries(options.streams ?? {})) {
    const upstream = upstreamOf(upstreams, owner);
    app.get(path, (c) => relay.answer(c, upstream));
  }
  for (const [segment, owner] of Object.entries(owners)) {
    const upstream = upstreamOf(upstreams, owner);
    // Matches `/orders` too.
    app.all(`/${segment}/*`, (c) => upstream.fetch(c.req.raw, requestIdOf(c)));
  }
  addHealth(app);
  if (options.operations !== undefined) addOperations(app, { upstreams, ...options.operations }, stopping);
  addGatewayDeadLetters(app, upstreams, orders);
  if (options.automation) addAutomation(app, upstreams);
  if (options.allowsFaults === true) {
    addGatewayFaults(app, upstreams);
    const stock = upstreamOf(upstreams, owners[STOCK_PATH] ?? '');
    addLoad(app, { orders, stock, stopping });
  }
  addDocs(app, options.openapi);
  const hasConsole = access.isOpen && options.console !== undefined && addConsole(app, options.console);
  addStartPage(app, startPageOf(Object.keys(owners), hasConsole));
  return app;
}

function startPageOf(segments: readonly string[], hasConsole: boolean): StartPage {
  const owned = segments.map((name) => ({ name, href: `/${name}`, about: `the list of ${name}` }));
  return {
    name: 'saga-store',
    about: 'An online store whose orders stay right. This is its API; the documentation lets you try it.',
    links: [
      ...(hasConsole ? [consoleLink] : []),
      { name: 'docs', href: '/docs', about: 'the documentation of the API' },
      { name: 'openapi', href: '/openapi.json', about: 'the same for programs' },
      ...owned,
      ...healthLinks,
    ],
    ...(hasConsole ? { browsersTo: consoleLink.href } : {}),
  };
}

const consoleLink = { name: 'console', href: '/console', about: 'the store in a browser' } as const;

function addHealth(app: App): void {
  const statusSchema = z.object({ status: z.string(), function: z.string() });
  for (const [path, summary] of [
    ['/livez', 'Whether the gateway runs'],
    ['/readyz', 'Whether the gateway takes requests; an unavailable function does not affect the others'],
  ] as const) {
    addPath(app, 'Operations', path, {
      get: {
        summary,
        responses: { 200: answers('It does', statusSchema) },
        handler: (c) => c.json({ status: 'ok', function: 'gateway' }),
      },
    });
  }
  addPath(app, 'Operations', '/metrics', {
    get: {
      summary: 'Metrics of the gateway in the text format of Prometheus',
      responses: { 200: answers('Metrics', z.string(), 'text/plain') },
      handler: async (c) => c.text(await processMetrics()),
    },
  });
}

function addAutomation(app: App, upstreams: readonly Upstream[]): void {
  const path = '/automation-testing';
  addPath(app, 'Test automation', `${path}/seed`, {
    post: {
      summary: 'Adds the example data of all functions. Idempotent',
      responses: { 200: answers('By function', z.object({ seeded: z.array(z.string()) })), ...problems(503) },
      takesBody: false,
      handler: async (c) => {
        const responses = await askAll(c, upstreams, 'POST', `${path}/seed`);
        const bodies = await Promise.all(responses.map(async (response) => seededSchema.parse(await response.json())));
        return c.json({ seeded: bodies.flatMap(({ seeded }) => seeded) });
      },
    },
  });
  addPath(app, 'Test automation', `${path}/ready`, {
    get: {
      summary: 'Whether all functions are ready',
      responses: { 200: answers('They are', z.object({ ready: z.boolean() })), ...problems(503) },
      handler: async (c) => {
        await askAll(c, upstreams, 'GET', `${path}/ready`);
        return c.json({ ready: true });
      },
    },
  });
  addPath(app, 'Test automation', `${path}/all`, {
    delete: {
      summary: 'Removes the data of all functions, so that the next run starts from nothing',
      responses: { 204: { description: 'Removed' }, ...problems(503) },
      handler: async (c) => {
        await askAll(c, upstreams, 'GET', `${path}/ready`);
        // Twice: messages that one function still sent to another during the first round are removed by the second.
        for (let round = 0; round < 2; round++) {
          for (const upstream of upstreams) await askAll(c, [upstream], 'DELETE', `${path}/all`);
        }
        return c.body(null, 204);
      },
    },
  });
}

const seededSchema = z.object({ seeded: z.array(z.string()) });

/** @throws {AppError} `unavailable`, naming the function, when one of them fails. */
async function askAll(
  c: AppContext,
  upstreams: readonly Upstream[],
  method: string,
  path: string,
): Promise<readonly Response[]> {
  return Promise.all(
    upstreams.map(async (upstream) => {
      const response = await upstream.fetch(new Request(new URL(path, c.req.url), { method }), requestIdOf(c));
      if (response.ok) return response;
      const detail = `${upstream.name} answered ${response.status} to ${method} ${path}`;
      throw new AppError('unavailable', detail, { retryAfterS: 1 });
    }),
  );
}
