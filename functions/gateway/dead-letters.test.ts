import { MessageChannel } from 'node:worker_threads';
import { afterEach, describe, expect, it } from 'vitest';
import { type App, createApp } from '../../shared/runtime/http/app.ts';
import { serve } from '../../shared/runtime/http/server.ts';
import { logLines } from '../../shared/testing/log-lines.ts';
import { createGateway } from './http.ts';
import { answerCalls, ThreadCaller } from './thread-upstream.ts';
import { localUpstream, remoteUpstream, type Upstream } from './upstream.ts';

const names = ['order', 'inventory', 'notification'] as const;
const authorization = 'Bearer open-sesame';
const resolution = { who: 'ann', reason: 'it cannot be fixed' };
const deadLetterBody = {
  ...{ letter: 'abc', function: 'inventory', status: 'open', code: 'failed', detail: 'no', fingerprint: 'f' },
  ...{ key: 'O-1', attributes: {}, topic: 't', partition: 0, position: 1, attempts: 3, replays: 0 },
  ...{ diedAt: 'then', decidedAt: null, _links: {}, value: '{"orderId":"O-1"}', behind: 0, decisions: [] },
};

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

interface Seen {
  readonly name: string;
  readonly request: string;
  readonly headers: Headers;
  readonly body: string;
}

interface Answers {
  readonly letter?: object;
  readonly cancel?: 200 | 409;
  readonly groups?: Partial<Record<(typeof names)[number], 200 | 401>>;
}

/** Functions that record their requests, behind a gateway that reaches each by another kind of upstream. */
async function gatewayOver({ letter = deadLetterBody, cancel = 200, groups = {} }: Answers = {}) {
  const seen: Seen[] = [];
  const appOf = (name: (typeof names)[number]): App => {
    const app = createApp(logLines().logger);
    app.all('*', async (c) => {
      const { pathname, search } = new URL(c.req.url);
      const request = `${c.req.method} ${pathname}${search}`;
      seen.push({ name, request, headers: c.req.raw.headers, body: await c.req.text() });
      if (pathname.endsWith('/cancel')) return c.json({ code: 'conflict' }, cancel);
      const group = {
        function: name,
        fingerprint: name,
        code: 'failed',
        detail: '',
        oldest: '',
        newest: '',
        replays: 0,
      };
      const isWhole = true;
      if (pathname.endsWith('/groups')) {
        return c.json({ groups: [{ ...group, count: name.length }], isWhole }, groups[name] ?? 200);
      }
      return c.json(c.req.method === 'GET' ? letter : { isDecided: true });
    });
    return app;
  };
  const { port1, port2 } = new MessageChannel();
  answerCalls(port2, new Map([['inventory', appOf('inventory')]]));
  const server = await serve(appOf('notification').fetch, {
    host: '127.0.0.1',
    port: 0,
    setting: 'X',
    hostSetting: 'HOST',
  });
  stops.push(
    () => port1.close(),
    () => server.stop(),
  );
  const upstreams: readonly Upstream[] = [
    localUpstream('order', appOf('order')),
    new ThreadCaller(port1).upstream('inventory'),
    remoteUpstream({ name: 'notification', url: server.url, timeoutMs: 2_000, retries: 0 }),
  ];
  const owners = { orders: 'order' };
  const gateway = createGateway({
    upstreams,
    owners,
    automation: false,
    openapi: () => ({}),
    logger: logLines().logger,
  });
  const ask = async (method: string, path: string, body?: object | string, type = 'application/json') => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const init = body === undefined ? {} : { headers: { authorization, 'content-type': type }, body: text };
    const response = await gateway.request(path, { method, headers: { authorization }, ...init });
    return { status: response.status, body: await response.json() };
  };
  const redirect = async (path: string) => {
    const { status, headers } = await gateway.request(path);
    return [status, headers.get('location')];
  };
  return { ask, redirect, seen, requests: () => seen.map(({ name, request }) => `${name}: ${request}`) };
}

describe('the dead letters at the gateway', () => {
  it.each(names)('are those of %s, requested with the credentials of the caller', async (name) => {
    const { ask, seen } = await gatewayOver();

    await ask('GET', `/operations/${name}/dead-letters?code=failed`);
    await ask('POST', `/operations/${name}/dead-letters/abc/discard`, resolution);

    expect(seen.map((each) => [each.name, each.request])).toEqual([
      [name, `GET /operations/${name}/dead-letters?code=failed`],
      [name, `POST /operations/${name}/dead-letters/abc/discard`],
    ]);
    expect(seen.map(({ headers }) => headers.get('authorization'))).toEqual([authorization, authorization]);
    expect(JSON.parse(seen[1]?.body ?? '')).toEqual(resolution);
  });

  it('are not found for an unknown function', async () => {
    const { ask, seen } = await gatewayOver();

    expect((await ask('GET', '/operations/payroll/dead-letters')).status).toBe(404);
    expect((await ask('GET', '/operations/constructor/dead-letters')).status).toBe(404);
    expect(seen).toEqual([]);
  });

  it('get more time for a bulk replay than for other requests', async () => {
    const { ask, seen } = await gatewayOver();

    await ask('POST', '/operations/notification/dead-letters/replay', resolution);

    expect(seen[0]?.headers.get('prefer')).toBe('wait=90');
    expect(JSON.parse(seen[0]?.body ?? '')).toEqual(resolution);
  });

  it('are counted for all functions together, the largest group first', async () => {
    const { ask } = await gatewayOver();

    const { body } = await ask('GET', '/operations/dead-letters/groups');

    expect(body).toMatchObject({ groups: [{ count: 12 }, { count: 9 }, { count: 5 }], isWhole: true });
  });

  it('are redirected from their former path', async () => {
    const { redirect } = await gatewayOver();

    expect(await redirect('/operations/letters/groups')).toEqual([308, '/operations/dead-letters/groups']);
    expect(await redirect('/operations/letters/groups?x=1')).toEqual([308, '/operations/dead-letters/groups?x=1']);
  });

  it('are not counted for a caller that one of the functions refuses', async () => {
    const { ask } = await gatewayOver({ groups: { inventory: 401 } });

    expect((await ask('GET', '/operations/dead-letters/groups')).status).toBe(401);
  });
});

it.each(['compensate', 'replay'])(
  'a query of %s is refused, which takes none, and nothing is asked',
  async (action) => {
    const { ask, seen } = await gatewayOver();
    const path = action === 'replay' ? 'replay' : `abc/${action}`;

    const { status } = await ask('POST', `/operations/inventory/dead-letters/${path}?dryRun=true`, resolution);

    expect([status, seen]).toEqual([422, []]);
  },
);

describe('a dead letter that is compensated', () => {
  const path = '/operations/inventory/dead-letters/abc';

  it('is closed after its order is cancelled, with an idempotency key that makes a repeat safe', async () => {
    const { ask, seen, requests } = await gatewayOver();

    const { body } = await ask('POST', `${path}/compensate`, resolution);

    expect(requests()).toEqual([
      `inventory: GET ${path}`,
      'order: POST /orders/O-1/cancel',
      `inventory: POST ${path}/compensate`,
    ]);
    expect(seen[1]?.headers.get('idempotency-key')).toBe('compensate-abc');
    expect(JSON.parse(seen[1]?.body ?? '')).toEqual({ reason: resolution.reason });
    expect(body).toEqual({ isDecided: true });
  });

  it('stays open when its order can no longer be cancelled', async () => {
    const { ask, requests } = await gatewayOver({ cancel: 409 });

    expect((await ask('POST', `${path}/compensate`, resolution)).status).toBe(409);
    expect(requests()).toEqual([`inventory: GET ${path}`, 'order: POST /orders/O-1/cancel']);
  });

  it.each([
    ['is already resolved', { ...deadLetterBody, status: 'discarded' }],
    ['names no order', { ...deadLetterBody, value: '{"productId":"P"}' }],
    ['cannot be read', { ...deadLetterBody, value: '{' }],
    ['names two orders', { ...deadLetterBody, value: '{"orderId":"O-1","orderId":"O-2"}' }],
  ])('is refused when it %s; no order is cancelled', async (_, letter) => {
    const { ask, requests } = await gatewayOver({ letter });

    expect((await ask('POST', `${path}/compensate`, resolution)).status).toBe(409);
    expect(requests()).toEqual([`inventory: GET ${path}`]);
  });

  it.each([
    ['a dry run', { ...resolution, dryRun: true }, undefined],
    ['an invalid body', { who: 'ann' }, undefined],
    ['a name twice', '{"who":"ann","reason":"a","reason":"b"}', undefined],
    ['another content type', resolution, 'text/plain'],
  ])('is left to the function for %s; no order is cancelled', async (_, body, type) => {
    const { ask, requests } = await gatewayOver();

    await ask('POST', `${path}/compensate`, body, type);

    expect(requests()).toEqual([`inventory: POST ${path}/compensate`]);
  });
});
