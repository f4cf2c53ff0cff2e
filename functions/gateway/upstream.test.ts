import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type RemoteOptions, remoteUpstream, type Upstream } from './upstream.ts';

/** A function in another process that answers so, and how a gateway calls it. */
async function functionThat(
  answers: (incoming: IncomingMessage, outgoing: ServerResponse, call: number) => void,
  options: Partial<RemoteOptions> = {},
): Promise<{ readonly upstream: Upstream; readonly seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer((incoming, outgoing) => answers(incoming, outgoing, seen.push(incoming)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { upstream: remoteUpstream({ name: 'order', url, timeoutMs: 5_000, retries: 1, ...options }), seen };
}

function order(headers: Readonly<Record<string, string>> = {}): Request {
  return new Request('http://shop.example/orders', { method: 'POST', body: '{}', headers });
}

describe('a function in another process', () => {
  it('sees what is meant for it, and not what belongs to the connection or the page of the client', async () => {
    const { upstream, seen } = await functionThat((_, outgoing) => outgoing.end('{}'));
    const sent = {
      ...{ 'content-type': 'application/json', 'idempotency-key': 'k', authorization: 'Bearer t' },
      ...{ connection: 'x-hop', 'x-hop': '1', 'proxy-authorization': 'p', expect: '100-continue' },
      ...{ origin: 'http://shop.example', 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'cors' },
    };

    const response = await upstream.fetch(order(sent), 'r-1');

    const headers = seen[0]?.headers ?? {};
    const names = Object.keys(headers).filter((name) => name in sent || name.startsWith('sec-'));
    expect(response.status).toBe(200);
    expect(names.sort()).toEqual(['authorization', 'connection', 'content-type', 'idempotency-key', 'sec-fetch-mode']);
    expect([headers.connection, headers['x-request-id'], headers.host]).toEqual([
      'keep-alive',
      'r-1',
      expect.stringMatching(/^127\.0\.0\.1:/),
    ]);
  });

  it('gives an answer whose headers belong to its body, and not to the connection', async () => {
    const { upstream } = await functionThat((_, outgoing) => {
      outgoing.writeHead(200, {
        'content-encoding': 'gzip',
        'x-hop': '1',
        connection: 'keep-alive, x-hop',
        etag: '"1"',
      });
      outgoing.end(gzipSync('the content'));
    });

    const response = await upstream.fetch(order(), 'r-1');

    const names = [...response.headers.keys()].filter((name) => name !== 'date');
    expect([await response.text(), names]).toEqual(['the content', ['etag']]);
  });

  it('gives an answer that can be read later, also where garbage is collected meanwhile', async () => {
    setFlagsFromString('--expose-gc');
    const collectGarbage = runInNewContext('gc') as () => void;
    const { upstream } = await functionThat((_, outgoing) => outgoing.end('the content'));
    const response = await upstream.fetch(order(), 'r-1');

    for (let turn = 0; turn < 10; turn++) {
      collectGarbage();
      await setImmediate();
    }

    expect(await response.text()).toBe('the content');
  });

  it('is not asked over a connection that it is about to close', async () => {
    const { upstream, seen } = await functionThat((_, outgoing) => {
      outgoing.writeHead(200, { 'keep-alive': 'timeout=1', connection: 'keep-alive' }).end('{}');
    });

    for (let n = 0; n < 3; n++) await (await upstream.fetch(order(), 'r-1')).text();

    expect(new Set(seen.map(({ socket }) => socket)).size).toBe(3);
  });

  it.each([
    ['a read', new Request('http://shop.example/orders'), 200],
    ['a write with a key', order({ 'idempotency-key': 'k' }), 200],
    ['a write without a key', order(), 'unavailable'],
  ])(
    'that closes the connection in between is asked again for %s only where that is safe',
    async (_, request, outcome) => {
      const { upstream, seen } = await functionThat((incoming, outgoing, call) => {
        if (call === 1) incoming.socket.destroy();
        else outgoing.end('{}');
      });

      const answered = await Promise.resolve(upstream.fetch(request, 'r-1')).then(
        ({ status }) => status,
        ({ code }) => code,
      );

      expect([answered, seen.length]).toEqual([outcome, outcome === 200 ? 2 : 1]);
    },
  );
});
