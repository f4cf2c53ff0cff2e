/** Clients record the answers they get, and which outcomes they cannot know. */
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { waitUntil } from '../tools/wait-until.ts';
import { Clients, isUnsure, outcomeOf } from './client.ts';
import { FlightRecord } from './flight-record.ts';
import type { Action } from './plan.ts';

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

const lines = [{ productId: 'LAMP', quantity: 2 }];
const place: Action = { atMs: 0, kind: 'order', orderId: 'CHAOS-000001', lines };
const end: Action = { ...place, atMs: 1_000_000 };

/** Runs `actions` against a server with this `answer` until `isDone`, and returns the clients. */
async function actAt(
  answer: RequestListener,
  actions: readonly Action[],
  isDone: (clients: Clients) => boolean,
): Promise<Clients> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => server.close().closeAllConnections());
  const clients = new Clients(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, new FlightRecord());
  const plan = [...actions, end].values() as Iterator<Action>;
  const stop = new AbortController();
  const load = clients.run(plan, 2_000_000, stop.signal);
  await waitUntil(() => isDone(clients));
  stop.abort();
  await load;
  clients.close();
  return clients;
}

describe('a client', () => {
  it('retries with the same key when the answer is lost, and recognises a replay', async () => {
    const keys: unknown[] = [];
    const answer: RequestListener = (request, response) => {
      keys.push(request.headers['idempotency-key']);
      if (keys.length === 1) request.socket.destroy();
      else response.writeHead(202, { 'idempotent-replayed': 'true' }).end('{}');
    };
    const clients = await actAt(answer, [place], ({ acknowledged }) => acknowledged > 0);

    expect(keys).toEqual(['KEY-CHAOS-000001', 'KEY-CHAOS-000001']);
    expect([...clients.orders.values()]).toEqual([
      { orderId: 'CHAOS-000001', lines, attempts: 2, fresh: 0, replays: 1, isUnsure: true },
    ]);
  });

  it('does not retry after a final answer', async () => {
    const answer: RequestListener = (_, response) => response.writeHead(422).end('{}');
    const later: Action = { ...place, atMs: 300, orderId: 'CHAOS-000002' };
    const clients = await actAt(answer, [place, later], ({ orders }) => orders.get('CHAOS-000002')?.attempts === 1);

    expect(clients.orders.get('CHAOS-000001')).toMatchObject({ attempts: 1, fresh: 0, isUnsure: false });
  });

  it('counts an order as cancelled only when the store says so', async () => {
    const cancel: Action = { atMs: 0, kind: 'cancel', orderId: 'CHAOS-000001' };
    let asked = 0;
    const answers = [200, 404].map(
      (status): RequestListener =>
        (_, response) => {
          asked += 1;
          response.writeHead(status).end('{"status":"cancelled"}');
        },
    );
    const clients = await Promise.all(answers.map((answer) => actAt(answer, [cancel], () => asked === 2)));

    expect(clients.map(({ cancels }) => [...cancels.values()][0])).toEqual([
      { orderId: 'CHAOS-000001', isAsked: true, isCancelled: true },
      { orderId: 'CHAOS-000001', isAsked: false, isCancelled: false },
    ]);
  });

  it('records answers that no client should see', async () => {
    const policy: Action = { atMs: 0, kind: 'policy', productId: 'LAMP', whenShort: 'wait' };
    const answer: RequestListener = (_, response) => response.writeHead(500).end('{}');
    const clients = await actAt(answer, [policy], ({ brokenAnswers }) => brokenAnswers.length > 0);

    expect(clients.brokenAnswers[0]).toBe('PUT /stock/LAMP/policy was answered with 500');
  });
});

it.each([
  [202, 'acknowledged', false],
  [409, 'busy', true],
  [422, 'refused', false],
  [429, 'busy', true],
  [500, 'broken', true],
  [503, 'unavailable', true],
  [507, 'no room', false],
  [0, 'lost', true],
] as const)('an answer with status %i is %s, unsure: %s', (status, outcome, unsure) => {
  expect(outcomeOf({ status, isConnectionRefused: false })).toBe(outcome);
  expect(isUnsure(outcome)).toBe(unsure);
});

it('a refused connection leaves no doubt that the request had no effect', () => {
  expect(isUnsure(outcomeOf({ status: 0, isConnectionRefused: true }))).toBe(false);
});
