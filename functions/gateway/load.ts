import { AppError } from '../../shared/core/errors.ts';
import { type App, addPath, answers, locationHeader, problems, readBody } from '../../shared/runtime/http/app.ts';
import { type LoadClient, loadClient } from './load-client.ts';
import { type LoadBody, type LoadRequest, loadRequest, loadSchema } from './load-representation.ts';
import { LoadRun } from './load-run.ts';
import type { Upstream } from './upstream.ts';

const PATH = '/automation-testing/load';
const ONLY_IN_TESTS = 'Only with ENABLE_AUTOMATION=true, and not in production.';

export interface LoadOptions {
  readonly orders: Upstream;
  readonly stock: Upstream;
  /** Ends a load. */
  readonly stopping: AbortSignal;
}

/** Lets the gateway send orders by itself: a load outlives the page that has started it. */
export function addLoad(app: App, { orders, stock, stopping }: LoadOptions): void {
  addLoadRoutes(app, new Loads((name) => loadClient(orders, stock, name), stopping));
}

/** Also for the documentation, which starts none. */
export function addLoadRoutes(app: App, loads: Pick<Loads, 'body' | 'start' | 'stop'>): void {
  addPath(app, 'Test automation', PATH, {
    get: {
      operationId: 'getLoad',
      summary: 'At the gateway: the load that runs, or the last one, with the outcomes of its orders',
      description: `Before the first load most of it is null. ${ONLY_IN_TESTS}`,
      responses: { 200: answers('The load', loadSchema) },
      handler: (c) => c.json(loads.body),
    },
    post: {
      operationId: 'startLoad',
      summary: 'At the gateway: send orders at a fixed rate for a time, whether the store keeps up or not',
      description:
        'The orders are of a product of their own, and goods are received for them. What is due while too many orders are under way ' +
        `is skipped and counted. One load runs at a time; it ends with the gateway. ${ONLY_IN_TESTS}`,
      request: { body: { content: { 'application/json': { schema: loadRequest } } } },
      responses: {
        202: answers('The load, which has begun', loadSchema, 'application/json', {
          ...locationHeader('the load', PATH),
        }),
        ...problems(409),
      },
      handler: async (c) => c.json(await loads.start(await readBody(c, loadRequest)), 202, { location: PATH }),
    },
    delete: {
      operationId: 'stopLoad',
      summary: 'At the gateway: stop the load; its orders are still followed to their outcomes',
      description: `Also where none runs. ${ONLY_IN_TESTS}`,
      responses: { 200: answers('The load, which sends nothing more', loadSchema) },
      takesBody: false,
      handler: (c) => c.json(loads.stop()),
    },
  });
}

/** The loads of a gateway, one at a time. */
export class Loads {
  readonly #clientFor: (name: string) => LoadClient;
  readonly #stopping: AbortSignal;
  #newest: LoadRun | null = null;
  #isStarting = false;

  constructor(clientFor: (name: string) => LoadClient, stopping: AbortSignal) {
    this.#clientFor = clientFor;
    this.#stopping = stopping;
  }

  get body(): LoadBody {
    return this.#newest?.body ?? noLoad;
  }

  /** @throws {AppError} `conflict` while one runs, `unavailable` when there can be no stock for it. */
  async start(request: LoadRequest): Promise<LoadBody> {
    this.#assertNone();
    this.#isStarting = true;
    try {
      // Two loads do not have the same orders, also when the gateway starts again meanwhile.
      const name = `LOAD-${Date.now().toString(36)}`;
      const client = this.#clientFor(name);
      await client.ensureStock(request.ordersPerSecond * request.forS);
      this.#newest?.abandon();
      this.#newest = new LoadRun(client, request, { name, random: Math.random, stopping: this.#stopping });
      void this.#newest.run();
      return this.body;
    } finally {
      this.#isStarting = false;
    }
  }

  /** Returns the load that is stopped, or the last one. */
  stop(): LoadBody {
    this.#newest?.stop();
    return this.body;
  }

  #assertNone(): void {
    const { ordersPerSecond, endsAt } = this.body;
    if (this.#isStarting) throw new AppError('conflict', 'a load is starting already');
    if (this.#newest?.isRunning !== true) return;
    const what = `a load of ${ordersPerSecond} orders per second runs until ${endsAt}`;
    throw new AppError('conflict', `${what}; wait until it is over, or stop it: DELETE ${PATH}`);
  }
}

const noLoad: LoadBody = {
  ...{ running: false, ordersPerSecond: null, forS: null, mix: null, startedAt: null, endsAt: null },
  ...{ sent: 0, acknowledged: 0, failed: 0, skipped: 0, duplicates: 0 },
  outcomes: { confirmed: 0, rejected: 0, cancelled: 0, waiting: 0, removed: 0 },
  lastFailure: null,
};
