import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { automation } from './automation.ts';
import { sampleOrders } from './orders.ts';
import { postOrder } from './post-order.ts';
import { ask, scriptFor, type Terminal } from './store-client.ts';
import { why } from './why.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

async function serverAt(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => server.close().closeAllConnections());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function terminalWith(env: Terminal['env'], isTty = false) {
  const lines: string[] = [];
  const terminal: Terminal = { env, isTty, out: (text) => lines.push(text), err: (text) => lines.push(`! ${text}`) };
  return { terminal, lines };
}

const confirmed = { ...sampleOrders[1].body, status: 'confirmed', reason: null, totalPrice: '40.00' };

describe('post-order', () => {
  it('posts the sample order with its key and asks to wait for the outcome', async () => {
    const seen: unknown[] = [];
    const url = await serverAt(async (request, response) => {
      const chunks = await request.toArray();
      const { 'idempotency-key': key, prefer } = request.headers;
      seen.push({ method: request.method, url: request.url, key, prefer, body: JSON.parse(chunks.join('')) });
      response.end(JSON.stringify(confirmed));
    });

    await postOrder(['1'], terminalWith({ GATEWAY_URL: url }).terminal);

    const { idempotencyKey, body } = sampleOrders[1];
    expect(seen).toEqual([{ method: 'POST', url: '/orders', key: idempotencyKey, prefer: 'wait=5', body }]);
  });

  it('prints the status of the order and that the answer is a replay', async () => {
    const url = await serverAt((_, response) =>
      response.setHeader('idempotent-replayed', 'true').end(JSON.stringify(confirmed)),
    );
    const { terminal, lines } = terminalWith({ GATEWAY_URL: url });

    await postOrder(['1'], terminal);

    expect(lines.join('\n')).toContain('ORDER_001 is confirmed  (HTTP 200, a replay)');
  });

  it('prints the body unchanged with --json', async () => {
    const url = await serverAt((_, response) => response.end('{"status":"placed"}'));
    const { terminal, lines } = terminalWith({ GATEWAY_URL: url });

    await postOrder(['2', '--json'], terminal);

    expect(lines).toEqual(['{"status":"placed"}']);
  });

  it('prints bold text on a terminal, and plain text with NO_COLOR', async () => {
    const url = await serverAt((_, response) => response.end(JSON.stringify(confirmed)));
    const bold = terminalWith({ GATEWAY_URL: url }, true);
    const plain = terminalWith({ GATEWAY_URL: url, NO_COLOR: '1' }, true);

    await postOrder(['1'], bold.terminal);
    await postOrder(['1'], plain.terminal);

    expect([bold, plain].map(({ lines }) => lines.join('').includes('\u001b'))).toEqual([true, false]);
  });

  it('prints a problem answer as a sentence with the invalid fields', async () => {
    const url = await serverAt((_, response) => {
      response.statusCode = 422;
      response.end('{"code":"invalid","detail":"one field is wrong","errors":[{"pointer":"/x","detail":"no"}]}');
    });

    const posted = postOrder(['1'], terminalWith({ GATEWAY_URL: url }).terminal);

    await expect(posted).rejects.toThrow('The store answers 422 invalid: one field is wrong\n  /x no');
  });

  it.each([
    ['an order that is not there', '/orders/O/why', 'there is no order O', ''],
    ['a letter that is not there', '/operations/order/dead-letters/x', 'there is no letter x', ''],
    [
      'routes for operators',
      '/operations/order/dead-letters',
      'there is nothing at /operations',
      '\nIn production the',
    ],
    [
      'missing test automation',
      '/automation-testing/all',
      'there is nothing at /automation-testing',
      '\nFor /automation-testing',
    ],
  ])('prints advice for %s only when there is some', async (_, path, detail, advice) => {
    const url = await serverAt((_request, response) => {
      response.statusCode = 404;
      response.end(JSON.stringify({ code: 'not_found', detail }));
    });

    const asked = ask(new URL(path, url), {}).catch(({ message }: Error) => message);

    expect(await asked).toMatch(new RegExp(`^The store answers 404 not_found: ${detail}${advice || '$'}`));
  });

  it.each([
    ['a notice that has failed', { attempt: 40 }, '\n    npm run notices send-again m'],
    ['a notice that is tried again', { attempt: 1, until: '2026-01-01T00:00:00Z' }, ''],
    ['a message in an outbox, which waits for a broker', {}, ''],
  ])('says how to have sent again %s, where that can be asked for', async (_, more, advice) => {
    const unsent = { at: 'order', kind: 'unsent', detail: 'is not sent', message: { id: 'm', type: 'x' } };
    const url = await serverAt((_request, response) =>
      response.end(JSON.stringify({ summary: 'O waits', waits: [{ ...unsent, ...more }] })),
    );
    const { lines, terminal } = terminalWith({ GATEWAY_URL: url, npm_config_user_agent: 'npm/10' });

    await why(['O'], terminal);

    expect(lines.join('\n')).toBe(`O waits\n  order  unsent  is not sent${advice}`);
  });

  it.each(['/api', '/?x=1', '/#y'])('refuses an address with more than a host and a port: %s', async (rest) => {
    const posted = postOrder(['1'], terminalWith({ GATEWAY_URL: `http://127.0.0.1:1${rest}` }).terminal);

    await expect(posted).rejects.toThrow('GATEWAY_URL: must be an address without a path, such as http://127.0.0.1:1');
  });

  it('asks whether the store is running when the connection is refused', async () => {
    const url = await serverAt(() => undefined);
    for (const stop of stops.splice(0)) stop();

    const posted = postOrder(['1'], terminalWith({ GATEWAY_URL: url }).terminal);

    await expect(posted).rejects.toThrow(
      `${url} does not answer (ECONNREFUSED). Is the store running? ${scriptFor(process.env, 'start')}`,
    );
  });
});

describe('automation', () => {
  it.each([
    ['seed', 'POST /automation-testing/seed'],
    ['drop', 'DELETE /automation-testing/all'],
  ])('%s sends %s to inventory', async (action, request) => {
    const seen: string[] = [];
    const url = await serverAt(({ method, url: path }, response) => {
      seen.push(`${method} ${path}`);
      response.end('{}');
    });

    await automation([action], terminalWith({ INVENTORY_PORT: new URL(url).port }).terminal);

    expect(seen).toEqual([request]);
  });
});
