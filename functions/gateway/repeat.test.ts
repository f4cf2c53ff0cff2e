import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { remoteUpstream } from './upstream.ts';

it.each([
  ['a change without a condition', {}, 2],
  ['a conditional change, whose effect may have changed the tag', { 'if-match': '"a"' }, 1],
  ['a conditional change with a key', { 'if-match': '"a"', 'idempotency-key': 'k' }, 2],
])('when the answer is lost, the gateway repeats only where that is safe: %s', async (_, headers, calls) => {
  let asked = 0;
  const server = createServer((incoming, outgoing) => {
    asked += 1;
    if (asked === 1) incoming.socket.destroy();
    else outgoing.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const upstream = remoteUpstream({ name: 'inventory', url, timeoutMs: 5_000, retries: 1 });
  const sent = new Request('http://shop.example/stock/lamp/policy', { method: 'PUT', body: '{}', headers });

  await Promise.resolve(upstream.fetch(sent, 'r-1')).catch(() => undefined);

  expect(asked).toBe(calls);
});
