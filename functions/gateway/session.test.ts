import { generateSignedCookie } from 'hono/cookie';
import { describe, expect, it } from 'vitest';
import { createApp } from '../../shared/runtime/http/app.ts';
import { guardOperations, operationsAccess } from '../../shared/runtime/http/operator-auth.ts';
import { logLines } from '../../shared/testing/log-lines.ts';
import { createGateway } from './http.ts';
import { addSession, cookieNameAt, sessionKeyOf } from './session.ts';
import { localUpstream } from './upstream.ts';

const TOKEN = 'open-sesame';
const HOUR_MS = 3_600_000;
const LOCAL = 'http://127.0.0.1:8900';
const START_MS = Date.parse('2026-03-01T10:00:00.000Z');

/** A gateway in front of a function that is guarded and says which headers it sees. */
function gatewayWith(env: Readonly<Record<string, string>> = { OPERATIONS_TOKEN: TOKEN }) {
  const { logger } = logLines();
  const access = operationsAccess(env);
  const order = createApp(logger);
  guardOperations(order, access);
  order.all('*', (c) => c.json({ headers: Object.fromEntries(c.req.raw.headers), method: c.req.method }));
  const upstreams = [localUpstream('order', order)];
  const gateway = createGateway({
    upstreams,
    owners: { orders: 'order' },
    automation: false,
    access,
    openapi: () => ({}),
    logger,
  });
  return async (method: string, path: string, { cookie = '', body, at = LOCAL, headers = {} }: Asked = {}) => {
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' };
    const sent = { ...type, ...headers, ...(cookie === '' ? {} : { cookie }) };
    const response = await gateway.fetch(new Request(at + path, { method, headers: sent, ...text }));
    const answer = await response.text();
    return {
      status: response.status,
      body: answer === '' ? null : (JSON.parse(answer) as Seen),
      text: answer,
      setCookie: response.headers.get('set-cookie'),
      retryAfter: response.headers.get('retry-after'),
    };
  };
}

interface Asked {
  readonly cookie?: string;
  readonly body?: unknown;
  readonly at?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
interface Seen {
  readonly headers?: Readonly<Record<string, string>>;
  readonly code?: string;
  readonly expiresAt?: string;
}

const path = '/operations/session';
const letters = '/operations/order/dead-letters';
const signIn = { body: { token: TOKEN } };

/** The part of a `Set-Cookie` that a browser sends back. */
function cookieIn(setCookie: string | null): string {
  return setCookie?.split(';')[0] ?? '';
}

async function signedCookie(value: string, token = TOKEN): Promise<string> {
  return cookieIn(await generateSignedCookie(cookieNameAt(LOCAL), value, await sessionKeyOf(token)));
}

describe('an operator who signs in', () => {
  it('gets a cookie that no script reads and no other site sends, and that lasts eight hours', async () => {
    const ask = gatewayWith();

    const { status, body, setCookie } = await ask('POST', path, signIn);

    const [value = '', ...attributes] = (setCookie ?? '').split('; ');
    expect(status).toBe(200);
    expect(body).toEqual({ required: true, signedIn: true, expiresAt: expect.any(String) });
    const leftMs = Date.parse(body?.expiresAt ?? '') - Date.now();
    expect([leftMs > 7.9 * HOUR_MS, leftMs <= 8 * HOUR_MS]).toEqual([true, true]);
    expect(value).toMatch(/^saga-store-session-8900=\d+\.[^;]+$/);
    expect(attributes).toEqual(['Max-Age=28800', 'Path=/', 'HttpOnly', 'SameSite=Strict']);
    expect(setCookie).not.toContain(TOKEN);
  });

  it.each([
    [LOCAL, '8900', false],
    ['http://localhost:1234', '1234', false],
    ['http://[::1]:8900', '8900', false],
    ['http://shop.example', '80', true],
    ['https://shop.example', '443', true],
    ['http://10.0.0.7:8900', '8900', true],
  ])('at %s gets a cookie with the port %s in its name, Secure: %s', async (at, port, isSecure) => {
    const { setCookie } = await gatewayWith()('POST', path, { ...signIn, at });

    expect(setCookie).toContain(`saga-store-session-${port}=`);
    expect(setCookie?.split('; ').includes('Secure')).toBe(isSecure);
  });

  it('uses the routes of operators by the cookie, also at another gateway with the same token', async () => {
    const { setCookie } = await gatewayWith()('POST', path, signIn);
    const cookie = cookieIn(setCookie);

    const asked = await gatewayWith()('GET', letters, { cookie: `other=1; ${cookie}` });
    const changed = await gatewayWith()('POST', `${letters}/x/discard`, { cookie, body: { who: 'ann' } });
    const session = await gatewayWith()('GET', path, { cookie });

    expect([asked.status, changed.status]).toEqual([200, 200]);
    expect(asked.body?.headers?.['authorization']).toBe(`Bearer ${TOKEN}`);
    expect(session.body).toMatchObject({ required: true, signedIn: true });
  });

  it('has the header count where both are sent', async () => {
    const cookie = cookieIn((await gatewayWith()('POST', path, signIn)).setCookie);

    const asked = await gatewayWith()('GET', letters, { cookie, headers: { authorization: 'Bearer wrong' } });

    expect(asked.status).toBe(401);
  });

  it('is signed out by a cookie that is over at once', async () => {
    const { status, setCookie } = await gatewayWith()('DELETE', path);

    expect(status).toBe(204);
    expect(setCookie).toBe('saga-store-session-8900=; Max-Age=0; Path=/; HttpOnly; SameSite=Strict');
  });
});

describe('a cookie', () => {
  it('of a clock that is ahead by seconds opens what it should', async () => {
    const cookie = await signedCookie(String(Date.now() + 8 * HOUR_MS + 30_000));

    expect((await gatewayWith()('GET', letters, { cookie })).status).toBe(200);
  });

  it.each([
    ['that has expired', () => signedCookie(String(Date.now() - 1))],
    ['of a clock that was days ahead', () => signedCookie(String(Date.now() + 100 * 24 * HOUR_MS))],
    ['that another token has signed', () => signedCookie(String(Date.now() + HOUR_MS), 'open-sesami')],
    ['whose time was changed', async () => (await signedCookie(String(Date.now() + HOUR_MS))).replace(/=\d/, '=9')],
    ['that says no time', () => signedCookie('for ever')],
    ['without a signature', async () => `${cookieNameAt(LOCAL)}=${Date.now() + HOUR_MS}`],
    ['of another port', async () => (await signedCookie(String(Date.now() + HOUR_MS))).replace('8900', '8901')],
  ])('%s opens nothing', async (_, make) => {
    const ask = gatewayWith();
    const cookie = await make();

    expect((await ask('GET', letters, { cookie })).status).toBe(401);
    expect((await ask('GET', path, { cookie })).body).toEqual({ required: true, signedIn: false, expiresAt: null });
  });

  it('is not sent on to a function, by any path', async () => {
    const ask = gatewayWith();
    const cookie = cookieIn((await ask('POST', path, signIn)).setCookie);

    const seen = await Promise.all([
      ask('GET', letters, { cookie }),
      ask('GET', '/orders/ORDER_001', { cookie }),
      ask('POST', '/orders', { cookie, body: {} }),
    ]);

    expect(seen.map(({ body }) => Object.keys(body?.headers ?? {}).includes('cookie'))).toEqual([false, false, false]);
    expect(seen.map(({ body }) => body?.headers?.['authorization'])).toEqual([`Bearer ${TOKEN}`, undefined, undefined]);
  });
});

describe('a wrong token', () => {
  it('gets no cookie, and is not shown', async () => {
    const { status, body, text, setCookie } = await gatewayWith()('POST', path, { body: { token: 'open-sesami' } });

    expect([status, body?.code, setCookie]).toEqual([401, 'unauthorized', null]);
    expect(text).not.toContain('open-sesam');
  });

  it('is refused with 429 after five, also the right one, and the right one is taken again a minute later', async () => {
    let nowMs = START_MS;
    const { ask } = sessionAt(() => nowMs);
    const wrong = async () => (await ask('open-sesami')).status;

    const first = [await wrong(), await wrong(), await wrong(), await wrong()];
    nowMs += 20_000;
    const fifth = await wrong();
    const refused = await ask(TOKEN);
    nowMs += 40_000;
    const later = await ask(TOKEN);

    expect([first, fifth]).toEqual([[401, 401, 401, 401], 401]);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '40']);
    expect(later.status).toBe(200);
  });

  it('counts for nothing once the right one has come, or the clock was set back', async () => {
    let nowMs = START_MS;
    const { ask } = sessionAt(() => nowMs);
    const statuses = async (...tokens: string[]) => {
      const found = [];
      for (const token of tokens) found.push((await ask(token)).status);
      return found;
    };

    expect(await statuses('a', 'b', 'c', 'd', TOKEN, 'e', 'f', 'g', 'h', 'i', TOKEN)).toEqual([
      ...[401, 401, 401, 401, 200],
      ...[401, 401, 401, 401, 401, 429],
    ]);
    nowMs -= 3_600_000;
    expect(await statuses(TOKEN)).toEqual([200]);
  });
});

describe('a store', () => {
  it('without a token needs no session, and says so', async () => {
    const ask = gatewayWith({});
    const none = { required: false, signedIn: false, expiresAt: null };

    const began = await ask('POST', path, signIn);

    expect([(await ask('GET', path)).body, began.body, began.setCookie]).toEqual([none, none, null]);
    expect((await ask('GET', letters)).status).toBe(200);
  });

  it('in production without a token has none', async () => {
    const ask = gatewayWith({ NODE_ENV: 'production' });

    expect((await ask('GET', path)).status).toBe(404);
    expect((await ask('POST', path, signIn)).status).toBe(404);
  });

  it.each([
    [{}, 422],
    [{ token: '' }, 422],
    [{ token: 1 }, 422],
    [{ token: TOKEN, remember: true }, 422],
    [undefined, 415],
  ])('refuses %j with %i', async (body, status) => {
    expect((await gatewayWith()('POST', path, { body })).status).toBe(status);
  });
});

/** The routes alone, with a clock. */
function sessionAt(nowMs: () => number) {
  const app = createApp(logLines().logger);
  addSession(app, operationsAccess({ OPERATIONS_TOKEN: TOKEN }), nowMs);
  const ask = async (token: string) =>
    app.request(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    });
  return { ask };
}
