import { request } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { serveThings } from '../../testing/things-server.ts';
import type { RunningServer } from './server.ts';

let server: RunningServer;
afterEach(() => server.stop());

async function ask(method: string, path: string, headers: Readonly<Record<string, string>> = {}) {
  server = await serveThings();
  return new Promise<{ status: number; requestId: unknown; allow: unknown; text: string }>((resolve, reject) => {
    const sent = request(new URL(path, server.url), { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.on('end', () => {
        const { 'x-request-id': requestId, allow } = response.headers;
        resolve({ status: response.statusCode ?? 0, requestId, allow, text });
      });
    });
    sent.on('error', reject).end();
  });
}

describe('a request', () => {
  it('has the id that the client sends, in the app and in the response', async () => {
    const { requestId, text } = await ask('GET', '/things', { 'x-request-id': 'mine:1' });

    expect([requestId, JSON.parse(text)]).toEqual(['mine:1', { requestId: 'mine:1' }]);
  });

  it.each([
    ['without an id', {}],
    ['with an id of two words', { 'x-request-id': 'mine 1' }],
    ['with an id of 129 characters', { 'x-request-id': 'x'.repeat(129) }],
  ])('gets an id when it comes %s', async (_, headers) => {
    const { requestId, text } = await ask('GET', '/things', headers);

    expect(requestId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(JSON.parse(text)).toEqual({ requestId });
  });

  it.each([
    ['HEAD', '/things', 200, undefined],
    ['POST', '/things', 500, undefined],
    ['GET', '/nowhere', 404, undefined],
    ['OPTIONS', '/things', 204, 'GET, POST, HEAD, OPTIONS'],
    ['OPTIONS', '/nowhere', 404, undefined],
    ['DELETE', '/things', 405, 'GET, POST, HEAD, OPTIONS'],
    ['PROPFIND', '/things', 405, 'GET, POST, HEAD, OPTIONS'],
    ['PROPFIND', '/nowhere', 404, undefined],
    ['TRACE', '/things/1', 405, 'PUT, OPTIONS'],
    ['HEAD', '/things/1', 405, 'PUT, OPTIONS'],
  ])('%s %s is answered with %i and its request id', async (method, path, status, allow) => {
    const answer = await ask(method, path, { 'x-request-id': 'mine' });

    expect({ ...answer, text: undefined }).toEqual({ status, requestId: 'mine', allow, text: undefined });
  });
});
