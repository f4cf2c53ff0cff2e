import { streamSSE } from 'hono/streaming';
import { beforeAll, describe, expect, it } from 'vitest';
import { serveThings, thingsApp } from '../../testing/things-server.ts';
import { addPage } from './app.ts';
import type { RunningServer } from './server.ts';

const PAGE = 'https://shop.example';
const STRANGER = 'https://evil.example';

let server: RunningServer;
let closed: RunningServer;
beforeAll(async () => {
  const app = thingsApp();
  addPage(app, '/stream', (c) => streamSSE(c, (stream) => stream.writeSSE({ data: 'x' })));
  addPage(app, '/varied', (c) => c.text('', 200, { vary: 'Accept' }));
  server = await serveThings({ corsOrigins: new Set([PAGE]) }, app);
  closed = await serveThings();
  return () => Promise.all([server.stop(), closed.stop()]);
});

async function ask(method: string, path: string, headers: Readonly<Record<string, string>>, { url } = server) {
  const response = await fetch(url + path, { method, headers });
  await response.text();
  const cors = [...response.headers].filter(([name]) => name.startsWith('access-control-'));
  return { status: response.status, vary: response.headers.get('vary'), cors: Object.fromEntries(cors) };
}

function preflight(path: string, origin: string, headers: Readonly<Record<string, string>> = {}, at = server) {
  return ask('OPTIONS', path, { origin, 'access-control-request-method': 'PUT', ...headers }, at);
}

describe('a page of a listed origin', () => {
  it('may ask what it may send to a path', async () => {
    const { status, vary, cors } = await preflight('/things/1', PAGE);

    expect([status, vary]).toEqual([204, 'Origin, Access-Control-Request-Method, Access-Control-Request-Headers']);
    expect(cors).toMatchObject({
      'access-control-allow-origin': PAGE,
      'access-control-allow-methods': 'PUT, OPTIONS',
      'access-control-max-age': '600',
    });
    expect(cors['access-control-allow-headers']?.split(', ')).toEqual(
      expect.arrayContaining([
        ...['content-type', 'idempotency-key', 'prefer', 'if-match', 'authorization', 'last-event-id'],
        ...['traceparent', 'x-request-id'],
      ]),
    );
  });

  it('may ask for a path that is not there, to read its answer, and from a public network', async () => {
    const unknown = await preflight('/nowhere', PAGE);
    const { cors } = await preflight('/things', PAGE, { 'access-control-request-private-network': 'true' });

    expect(unknown.cors['access-control-allow-methods']).toContain('DELETE');
    expect(cors['access-control-allow-private-network']).toBe('true');
  });

  it.each([
    ['GET', '/things', {}, 200],
    ['GET', '/nowhere', {}, 404],
    ['DELETE', '/things', {}, 405],
    ['POST', '/things', {}, 500],
    ['PUT', '/things/1', { 'content-encoding': 'zstd' }, 415],
    ['GET', `/${'x'.repeat(9_000)}`, {}, 414],
    ['GET', '/stream', {}, 200],
    ['HEAD', '/things', {}, 200],
  ])('reads the answer to %s %.9s, and what its headers say', async (method, path, headers, status) => {
    const answer = await ask(method, path, { origin: PAGE, 'sec-fetch-site': 'cross-site', ...headers });

    const { 'access-control-expose-headers': exposed = '', ...cors } = answer.cors;
    expect([answer.status, cors, answer.vary]).toEqual([status, { 'access-control-allow-origin': PAGE }, 'Origin']);
    expect(exposed.split(', ')).toEqual(
      expect.arrayContaining([
        ...['location', 'etag', 'idempotent-replayed', 'preference-applied', 'retry-after', 'x-request-id', 'link'],
      ]),
    );
  });
});

describe('a page of another origin', () => {
  it.each(['null', STRANGER, 'https://shop.example.evil.example', 'http://shop.example', '*'])(
    '(%s) reads nothing and may send nothing',
    async (origin) => {
      const read = await ask('GET', '/things', { origin });
      const asked = await preflight('/things/1', origin);
      const sent = await ask('PUT', '/things/1', { origin });

      expect([read.status, asked.status, sent.status]).toEqual([200, 204, 403]);
      expect([read.cors, asked.cors, sent.cors]).toEqual([{}, {}, {}]);
    },
  );

  it('is not told anything where no origin is listed', async () => {
    expect(await preflight('/things', PAGE, {}, closed)).toEqual({ status: 204, vary: null, cors: {} });
    expect(await ask('GET', '/things', { origin: PAGE }, closed)).toEqual({ status: 200, vary: null, cors: {} });
  });
});

it('an answer that varies by more than its origin says both, with an origin or without', async () => {
  const answers = [await ask('GET', '/varied', { origin: PAGE }), await ask('GET', '/varied', {})];

  expect(answers.map(({ vary }) => vary)).toEqual(['Accept, Origin', 'Accept, Origin']);
});
