import { once } from 'node:events';
import { connect } from 'node:net';
import { streamSSE } from 'hono/streaming';
import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { parseAnswer, sendRaw } from '../../testing/raw-http.ts';
import { serveThings, thingsApp } from '../../testing/things-server.ts';
import { addPage } from './app.ts';
import type { RunningServer } from './server.ts';
import type { HttpOptions } from './settings.ts';

const HOST = 'Host: localhost\r\nConnection: close\r\n';
const JSON_PUT = `PUT /things/1 HTTP/1.1\r\n${HOST}Content-Type: application/json\r\n`;

let server: RunningServer;
afterEach(() => server.stop());

async function answersTo(bytes: string, options: Partial<HttpOptions> = {}): Promise<string> {
  server = await serveThings(options);
  return sendRaw(server.url, bytes);
}

/** What a client sees of a problem that is answered before the app. */
async function problemFor(bytes: string, options: Partial<HttpOptions> = {}) {
  const { status, headers, body } = parseAnswer(await answersTo(bytes, options));
  const { code, status: inBody } = JSON.parse(body);
  const { date = '', 'x-request-id': id, connection, 'content-type': type } = headers;
  expect(headers['content-length']).toBe(String(Buffer.byteLength(body)));
  expect(Math.abs(Date.parse(date) - Date.now())).toBeLessThan(60_000);
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  expect([inBody, type, connection]).toEqual([status, 'application/problem+json', 'close']);
  return `${status} ${code}`;
}

describe('a request that node does not hand on, or the app need not see', () => {
  it.each([
    ['HTTP/1.1 without a host', 'GET /things HTTP/1.1\r\nConnection: close\r\n\r\n', '400 malformed_request'],
    ['two hosts', `GET /things HTTP/1.1\r\nHost: localhost\r\n${HOST}\r\n`, '400 malformed_request'],
    ['a malformed host', 'GET / HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n', '400 malformed_request'],
    ['another host', 'GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n', '421 misdirected_request'],
    ['an address of another host', `GET http://a.example/things HTTP/1.1\r\n${HOST}\r\n`, '421 misdirected_request'],
    ['an address of another scheme', `GET ftp://localhost/things HTTP/1.1\r\n${HOST}\r\n`, '400 malformed_request'],
    ['a star', `GET * HTTP/1.1\r\n${HOST}\r\n`, '400 malformed_request'],
    ['a backslash in the path', `GET /things\\x HTTP/1.1\r\n${HOST}\r\n`, '400 malformed_request'],
    ['NUL in the path', `GET /things\0 HTTP/1.1\r\n${HOST}\r\n`, '400 malformed_request'],
    ['a path that is too long', `GET /${'x'.repeat(9_000)} HTTP/1.1\r\n${HOST}\r\n`, '414 uri_too_long'],
    ['a path longer than a header', `GET /${'x'.repeat(40_000)} HTTP/1.1\r\n${HOST}\r\n`, '414 uri_too_long'],
    ['a header that is too long', `GET / HTTP/1.1\r\n${HOST}A: ${'x'.repeat(90_000)}\r\n\r\n`, '431 header_too_large'],
    ['a page of another origin', `${JSON_PUT}Origin: null\r\nContent-Length: 2\r\n\r\n{}`, '403 forbidden_origin'],
    ['another expectation', `${JSON_PUT}Expect: luck\r\nContent-Length: 2\r\n\r\n{}`, '417 expectation_failed'],
    [
      'an expectation beside the known one',
      `${JSON_PUT}Expect: 100-continue, luck\r\nContent-Length: 2\r\n\r\n{}`,
      '417 expectation_failed',
    ],
    [
      'a length that is too large, before the body is sent',
      `${JSON_PUT}Expect: 100-continue\r\nContent-Length: 2000000\r\n\r\n`,
      '413 body_too_large',
    ],
    [
      'another transfer coding',
      `${JSON_PUT}Transfer-Encoding: gzip, chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
      '400 malformed_request',
    ],
    [
      'chunks in HTTP/1.0, which has none',
      'PUT /things/1 HTTP/1.0\r\nConnection: keep-alive\r\nContent-Type: application/json\r\n' +
        'Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
      '400 malformed_request',
    ],
    [
      'a page of another origin, behind 2,005 headers',
      `${JSON_PUT}${'X: a\r\n'.repeat(2_005)}Origin: null\r\nContent-Length: 2\r\n\r\n{}`,
      '403 forbidden_origin',
    ],
    ['a malformed chunk', `${JSON_PUT}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, '400 malformed_request'],
    ['two lengths', `${JSON_PUT}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`, '400 malformed_request'],
    [
      'a length and chunks',
      `${JSON_PUT}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n`,
      '400 malformed_request',
    ],
    ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', '505 version_not_supported'],
    ['HTTP/1.2', `GET / HTTP/1.2\r\n${HOST}\r\n`, '505 version_not_supported'],
    ['HTTP/0.9', 'GET /\r\n\r\n', '505 version_not_supported'],
    ['no HTTP', 'HELLO\r\n\r\n', '400 malformed_request'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01', '400 malformed_request'],
    ['a tunnel', 'CONNECT a.example:443 HTTP/1.1\r\nHost: a.example:443\r\n\r\n', '405 method_not_allowed'],
    ['a made-up method', `BREW /things HTTP/1.1\r\n${HOST}\r\n`, '405 method_not_allowed'],
    ['a made-up method for nothing', `BREW /nowhere HTTP/1.1\r\n${HOST}\r\n`, '404 not_found'],
    ['a method in small letters', `get /things HTTP/1.1\r\n${HOST}\r\n`, '405 method_not_allowed'],
  ])('is answered with a problem: %s', async (_, bytes, problem) => {
    expect(await problemFor(bytes)).toBe(problem);
  });

  it.each([
    ['the header', 'PUT /things/1 HTTP/1.1\r\nHost: local'],
    ['the body', `${JSON_PUT}Content-Length: 20\r\n\r\n{"a":`],
    ['anything', ''],
  ])('is answered when %s does not come in time', async (_, bytes) => {
    expect(await problemFor(bytes, { headersTimeoutMs: 200, requestTimeoutMs: 300 })).toBe('408 request_timeout');
  });

  it('names the methods that the path takes', async () => {
    const { headers } = parseAnswer(await answersTo(`BREW /things/1 HTTP/1.1\r\n${HOST}\r\n`));

    expect(headers['allow']).toBe('PUT, OPTIONS');
  });

  it('is answered after those before it on its connection', async () => {
    const text = await answersTo('GET /things HTTP/1.1\r\nHost: localhost\r\n\r\nGARBAGE\r\n\r\n');

    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual(['200', '400']);
  });
});

describe('a request that is unusual and right', () => {
  it.each([
    ['HTTP/1.0 without a host', 'GET /things HTTP/1.0\r\n\r\n', 200],
    ['a whole address, whatever the host', 'GET http://localhost/things HTTP/1.0\r\nHost: a.example\r\n\r\n', 200],
    ['a whole address without a path', `GET http://localhost HTTP/1.1\r\n${HOST}\r\n`, 404],
    ['the methods of the server', `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, 204],
    ['an upgrade that is not taken', 'GET /things HTTP/1.0\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n', 200],
    ['a body of GET', `GET /things HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\n{}`, 200],
    ['a body in chunks', `${JSON_PUT}Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`, 200],
    ['two slashes', `GET //things HTTP/1.1\r\n${HOST}\r\n`, 404],
  ])('is answered: %s', async (_, bytes, status) => {
    const answer = parseAnswer(await answersTo(bytes));

    expect([answer.status, answer.headers['connection']]).toEqual([status, 'close']);
  });

  it('is told to go on with its body, unless it is refused', async () => {
    const expecting = `${JSON_PUT}Expect: 100-continue\r\nContent-Length: 2\r\n`;
    server = await serveThings();

    const [taken, refused] = await Promise.all([
      sendRaw(server.url, `${expecting}\r\n{}`),
      sendRaw(server.url, `${expecting}Origin: http://evil.example\r\n\r\n`),
    ]);

    expect([taken.slice(0, 25), parseAnswer(taken).status]).toEqual(['HTTP/1.1 100 Continue\r\n\r\n', 200]);
    expect(refused.slice(0, 22)).toBe('HTTP/1.1 403 Forbidden');
  });

  it('has the headers of GET when it is HEAD, and no body', async () => {
    server = await serveThings();
    const [get, head] = await Promise.all(
      ['GET', 'HEAD'].map(async (method) =>
        parseAnswer(await sendRaw(server.url, `${method} /things HTTP/1.1\r\nX-Request-Id: 1\r\n${HOST}\r\n`)),
      ),
    );

    expect(head).toEqual({ ...get, body: '', headers: { ...get?.headers, date: head?.headers['date'] } });
    expect(head?.headers['content-length']).toBe(String(get?.body.length));
  });
});

it('a connection says how long it is kept, is used again, and ends after that time', async () => {
  server = await serveThings({ keepAliveMs: 1_000 });
  const began = performance.now();

  const text = await sendRaw(server.url, 'GET /things HTTP/1.1\r\nHost: localhost\r\n\r\n'.repeat(2));

  expect(text.match(/Connection: keep-alive\r\nKeep-Alive: timeout=1\r\n/g)).toHaveLength(2);
  expect(performance.now() - began).toBeGreaterThan(900);
});

/** An app with `/slow`, whose answer waits for `release`. */
function slowApp() {
  const app = thingsApp();
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  let began = () => {};
  const hasBegun = new Promise<void>((resolve) => {
    began = resolve;
  });
  addPage(app, '/slow', async (c) => {
    began();
    await released;
    return c.text('');
  });
  return { app, hasBegun, release };
}

it('a server that stops ends connections that are kept at once, while an open request is answered in its time', async () => {
  const { app, hasBegun, release } = slowApp();
  server = await serveThings({ keepAliveMs: 60_000 }, app);
  const slow = sendRaw(server.url, 'GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await hasBegun;
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const answered = new Promise((resolve) => socket.once('data', resolve));
  socket.write('GET /things HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await answered;

  const stopped = server.stop();
  await closed;
  release();

  // What is still open when its time is over is cut off.
  expect(parseAnswer(await slow).status).toBe(200);
  await stopped;
});

it('a server that stops says with its answers that their connections end', async () => {
  const { app, hasBegun, release } = slowApp();
  addPage(app, '/last', (c) => {
    release();
    return c.text('');
  });
  server = await serveThings({}, app);
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  const closed = new Promise((resolve) => socket.once('close', resolve));
  socket.write('GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await hasBegun;

  const stopped = server.stop();
  socket.write('GET /last HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await Promise.all([stopped, closed]);

  expect(parseAnswer(text)).toMatchObject({ status: 200, headers: { connection: 'close' } });
});

it('a stream has no chunks for a client of HTTP/1.0, and ends its connection', async () => {
  const app = thingsApp();
  addPage(app, '/stream', (c) => streamSSE(c, (stream) => stream.writeSSE({ data: 'x' })));
  server = await serveThings({}, app);

  const { headers, body } = parseAnswer(await sendRaw(server.url, 'GET /stream HTTP/1.0\r\n\r\n'));

  expect([headers['transfer-encoding'], headers['connection'], body]).toEqual([undefined, 'close', 'data: x\n\n']);
});

it.each(['keep-alive', 'close'])(
  'a body that is declared too long is refused before it has come: %s',
  async (connection) => {
    server = await serveThings();
    const { hostname, port } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    let text = '';
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk;
    });
    const length = 3_000_000;
    const head = `PUT /things/1 HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: ${connection}\r\n`;
    socket.write(`${head}Content-Length: ${length}\r\n\r\n`);
    await vi.waitFor(() => expect(text).toMatch(/^HTTP\/1\.1 413 [\s\S]*\}$/));

    socket.write(' '.repeat(length));
    if (connection === 'close') await once(socket, 'end');
    else {
      text = '';
      socket.write(`OPTIONS * HTTP/1.1\r\n${HOST}\r\n`);
      await vi.waitFor(() => expect(text).toMatch(/^HTTP\/1\.1 204 /));
    }
  },
);

it.each(['OPTIONS *', 'CONNECT localhost:1'])('%s names the methods that are taken somewhere', async (line) => {
  const { headers } = parseAnswer(await answersTo(`${line} HTTP/1.1\r\n${HOST}\r\n`));

  expect(headers['allow']).toBe('GET, HEAD, POST, PUT, DELETE, OPTIONS');
});
