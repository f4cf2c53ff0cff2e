import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { readMovements } from './store-history.ts';

/** A store without products, after it has given these answers. @returns its address */
async function storeAfter(...statuses: number[]): Promise<string> {
  const server = createServer((_, response) => {
    response.statusCode = statuses.shift() ?? 200;
    response.end(JSON.stringify({ stock: [], _links: {} }));
  });
  onTestFinished(() => void server.close());
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

it('waits for a function that is unavailable for a moment', async () => {
  expect(await readMovements(await storeAfter(503, 503))).toEqual([]);
});

it('fails at once with any other answer than was asked for', async () => {
  await expect(readMovements(await storeAfter(500))).rejects.toThrow('GET /stock?limit=200 was answered with 500');
});
