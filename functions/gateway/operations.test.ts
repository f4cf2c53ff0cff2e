import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import type { App } from '../../shared/runtime/http/app.ts';
import type { StatusBody, StoreBody } from '../../shared/runtime/inspect/representation.ts';
import { logLines } from '../../shared/testing/log-lines.ts';
import { createGateway } from './http.ts';
import { localUpstream, type Upstream } from './upstream.ts';

const store: StoreBody = {
  version: '1',
  engine: { store: 'embedded', log: 'embedded' },
  automation: false,
  saga: {
    functions: ['order', 'inventory'],
    topics: [
      { name: 'order-events', writer: 'order', readers: ['inventory'] },
      { name: 'order-commands', writer: null, readers: ['order'] },
    ],
    steps: [],
    transitions: [],
    commands: [],
  },
};
const noNumbers = {
  startedAt: null,
  clockSkewMs: null,
  parked: null,
  deadLetters: null,
  commitMs: null,
  walBytes: null,
};

function reader(group: string, lag: number) {
  return { group, partition: 0, position: 10 - lag, end: 10, lag, oldestUnreadAt: null };
}

function statusOf(name: string, more: Partial<StatusBody> = {}): StatusBody {
  return {
    name,
    state: 'up',
    detail: null,
    startedAt: '2026-01-01T00:00:00.000Z',
    at: new Date().toISOString(),
    parked: 0,
    deadLetters: 0,
    pausedTopics: [],
    commitMs: { p50: 1, p99: 2, count: 3 },
    walBytes: 4,
    messages: {},
    topics: [],
    ...more,
  };
}

type Fetch = (request: Request) => Response | Promise<Response>;

function answering(body: unknown, status = 200): Fetch {
  return () => Response.json(body, { status });
}

const silent: Fetch = () => new Promise(() => undefined);
const broken: Fetch = () => Promise.reject(new Error('connection refused'));

/** A gateway before functions that answer so. */
function gatewayOver(functions: Readonly<Record<string, Fetch>>, token: string | null = null) {
  const upstreams = Object.entries(functions).map(([name, fetch]): Upstream => localUpstream(name, { fetch }));
  const app: App = createGateway({
    upstreams,
    owners: { orders: 'order' },
    automation: false,
    operations: { access: { token, isOpen: true }, store },
    openapi: () => ({}),
    logger: logLines().logger,
  });
  const ask = async (path: string, headers: Record<string, string> = {}) => {
    const response = await app.request(path, { headers });
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  };
  return { ask };
}

describe('the operations of the gateway', () => {
  it('tell what the store is made of', async () => {
    const { ask } = gatewayOver({ order: broken, inventory: broken });

    expect(await ask('/operations/store')).toEqual({ status: 200, body: store });
  });

  it.each(['store', 'functions', 'topics'])('need the token: /operations/%s', async (path) => {
    const { ask } = gatewayOver({ order: answering(statusOf('order')), inventory: broken }, 'open-sesame');

    expect((await ask(`/operations/${path}`)).status).toBe(401);
    expect((await ask(`/operations/${path}`, { authorization: 'Bearer wrong' })).status).toBe(401);
    expect((await ask(`/operations/${path}`, { authorization: 'Bearer open-sesame' })).status).toBe(200);
  });

  it('are refused where a function refuses them, also where the gateway itself has no token', async () => {
    const refusal = { code: 'unauthorized' };
    const { ask } = gatewayOver({ order: answering(refusal, 401), inventory: broken });

    expect(await ask('/operations/functions')).toEqual({ status: 401, body: refusal });
  });

  it.each([
    ['refuses the connection', broken, 'inventory does not answer'],
    ['is silent', silent, 'inventory does not answer'],
    ['answers with an error', answering({ code: 'unavailable' }, 503), 'inventory answers with status 503'],
    ['answers something else', answering({ name: 7 }), /cannot read/],
    ['is of an older version', answering({ code: 'not_found' }, 404), /older version/],
  ])('name a function as away that %s', async (_, inventory, detail) => {
    const { ask } = gatewayOver({ order: answering(statusOf('order')), inventory });

    const { body } = await ask('/operations/functions');

    expect(body['functions']).toEqual([
      expect.objectContaining({ name: 'order', state: 'up', walBytes: 4 }),
      {
        name: 'inventory',
        state: 'away',
        detail: expect.stringMatching(detail),
        ...noNumbers,
        pausedTopics: [],
        messages: {},
      },
    ]);
  });

  it('name all functions that do not answer where one of them may know', async () => {
    const { ask } = gatewayOver({ order: broken, inventory: broken });

    expect(await ask('/operations/messages/m')).toMatchObject({
      status: 503,
      body: { detail: 'no message m is found, and order and inventory do not answer' },
    });
    expect(await ask('/operations/topics/order-events/messages')).toMatchObject({
      status: 503,
      body: { detail: 'what lies in order-events is not known: order does not answer' },
    });
  });

  it('are told in time also where garbage is collected while a function is silent', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const { ask } = gatewayOver({ order: answering(statusOf('order')), inventory: silent });
    const asking = ask('/operations/functions');
    await setImmediate();

    collectGarbage();

    expect((await asking).body['functions']).toMatchObject([{ state: 'up' }, { name: 'inventory', state: 'away' }]);
  });

  it('compare the clock of a function with the time at which it was asked', async () => {
    const at = new Date(Date.now() + 3_600_000).toISOString();
    const { ask } = gatewayOver({ order: answering(statusOf('order', { at })), inventory: broken });

    const { functions } = (await ask('/operations/functions')).body as { functions: { clockSkewMs: number }[] };

    expect(functions[0]?.clockSkewMs).toBeGreaterThan(3_590_000);
    expect(functions[0]?.clockSkewMs).toBeLessThan(3_610_000);
  });

  it('take a topic as its writer tells it, with the lag of a reader that is away', async () => {
    const written = { name: 'order-events', writer: 'order', end: 10, readers: [reader('inventory', 7)], detail: null };
    const commands = { name: 'order-commands', writer: null, end: 10, readers: [reader('order', 0)], detail: null };
    const { ask } = gatewayOver({
      order: answering(statusOf('order', { topics: [written, commands] })),
      inventory: broken,
    });

    expect((await ask('/operations/topics')).body).toEqual({ topics: [written, commands], away: ['inventory'] });
  });

  it('take a topic as a reader tells it where its writer is away, and say so where none tells it', async () => {
    const seen = { name: 'order-events', writer: 'order', end: 10, readers: [reader('inventory', 0)], detail: null };
    const { ask } = gatewayOver({ order: broken, inventory: answering(statusOf('inventory', { topics: [seen] })) });

    expect((await ask('/operations/topics')).body).toEqual({
      topics: [
        seen,
        { name: 'order-commands', writer: null, end: null, readers: [], detail: 'no function that reads it answers' },
      ],
      away: ['order'],
    });
  });
});
