/** What a client is told of an order, at the moment at which it is told. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  cancelOrder,
  dispatchOrder,
  EXAMPLE_ORDER,
  placeOrder,
  stockBackordered,
  stockReserved,
} from '../../saga/examples.ts';
import { orderStatuses } from '../../saga/lifecycle.ts';
import type { Message } from '../../shared/core/message.ts';
import type { StoreFunction } from '../../shared/runtime/function.ts';
import { type App, createApp } from '../../shared/runtime/http/app.ts';
import { DeadLetterBench } from '../../shared/testing/dead-letter-bench.ts';
import { placed } from './examples.ts';
import { order } from './function.ts';
import { addOrderRoutes } from './http.ts';
import { type OrderBody, toBody } from './representation.ts';
import { orders } from './tables.ts';

const lamps = { lamp: 2 };
const URL = `/orders/${EXAMPLE_ORDER}`;
const HOUR_MS = 3_600_000;
const DEADLINE_MS = 15 * 60_000;

let bench: DeadLetterBench;
let app: App;

beforeEach(async () => {
  bench = await DeadLetterBench.open({ ...order, consumes: ['order-commands'] } as unknown as StoreFunction);
  app = createApp(bench.logged.logger);
  addOrderRoutes(app, bench.worker, 'EUR', bench.stopping.signal);
});
afterEach(() => bench.close());

/** Places the example order over HTTP; the answer comes when the order and its outcome are committed. */
function place(headers: Readonly<Record<string, string>> = {}): Promise<Response> {
  const items = [{ productId: 'lamp', quantity: 2, price: 10 }];
  const body = JSON.stringify({ orderId: EXAMPLE_ORDER, customerId: 'CUSTOMER_7', items });
  return Promise.resolve(
    app.request('/orders', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body }),
  );
}

/** Places the example order and waits for its outcome; returns when the request waits. */
async function placeAndWait(seconds = 10): Promise<{ readonly answer: Promise<Response> }> {
  const answer = place({ prefer: `wait=${seconds}` });
  while (!(await bench.worker.step())) await new Promise(setImmediate);
  await new Promise(setImmediate);
  return { answer };
}

/** Commits these together. */
async function commit(...messages: readonly Message[]): Promise<void> {
  const submitted = messages.map((message) => bench.worker.submit(message));
  await bench.settle();
  await Promise.all(submitted);
}

async function told(response: Response | Promise<Response>) {
  const { status, headers } = await response;
  const { status: is, version, dispatchedAt } = (await (await response).json()) as OrderBody;
  return [status, is, version, dispatchedAt !== null, headers.get('preference-applied')];
}

/** Asks for a change, and returns the order in the answer. */
async function change(path: 'cancel' | 'dispatch'): Promise<OrderBody> {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify(path === 'cancel' ? { reason: 'too late' } : {});
  const answer = Promise.resolve(app.request(`${URL}/${path}`, { method: 'POST', headers, body }));
  while (!(await bench.worker.step())) await new Promise(setImmediate);
  return (await (await answer).json()) as OrderBody;
}

async function read(): Promise<OrderBody> {
  return (await (await app.request(URL)).json()) as OrderBody;
}

describe('an answer after Prefer: wait', () => {
  it.each([
    ['dispatched', dispatchOrder(), [200, 'dispatched', 3, true, 'wait=10']],
    ['cancelled', cancelOrder(), [200, 'cancelled', 3, false, 'wait=10']],
  ])('shows an order that was confirmed and %s in one commit as it is then', async (_, next, expected) => {
    const { answer } = await placeAndWait();
    await commit(stockReserved(lamps), next);

    expect(await told(answer)).toEqual(expected);
  });

  it('shows an order that has its outcome at once, and is cancelled in the same commit, as it is then', async () => {
    await commit(stockReserved(lamps));
    const answer = place({ prefer: 'wait=10' });
    await new Promise(setImmediate);
    await commit(cancelOrder());

    expect(await told(answer)).toEqual([200, 'cancelled', 3, false, 'wait=10']);
  });

  it('shows the order as it is when the client has waited in vain', async () => {
    const { answer } = await placeAndWait(1);
    await commit(stockBackordered(lamps));

    expect(await told(answer)).toEqual([202, 'backordered', 2, false, null]);
  });

  it('shows the order as it is when the function stops', async () => {
    const { answer } = await placeAndWait();
    await commit(stockBackordered(lamps));
    bench.stopping.abort();

    expect(await told(answer)).toEqual([202, 'backordered', 2, false, null]);
  });

  it('of a repeat shows the order as it is, and without the preference the first answer again', async () => {
    await commit(placeOrder(lamps, { priceMinor: 1000 }), stockReserved(lamps), dispatchOrder());
    const answers = [place({ prefer: 'wait=10' }), place()];
    await new Promise(setImmediate);
    await bench.settle();

    expect(await Promise.all(answers.map(told))).toEqual([
      [200, 'dispatched', 3, true, 'wait=10'],
      [202, 'placed', 1, false, null],
    ]);
  });
});

describe('the answer to a placed order', () => {
  it('is what a read shows until the order changes, however long its commit took, and what a repeat shows', async () => {
    const answer = place();
    await new Promise(setImmediate);
    bench.nowMs += 5;
    await bench.settle();
    const first = await answer;
    const now = await app.request(URL);
    await commit(stockReserved(lamps));
    const repeat = place();
    while (!(await bench.worker.step())) await new Promise(setImmediate);

    const etags = [first, now, await repeat].map(({ headers }) => headers.get('etag'));
    expect(new Set(etags).size).toBe(1);
    expect(await now.json()).toEqual(await first.json());
  });
});

describe('an order that inventory knows, and order has lost with its data', () => {
  const detail = async () => ((await (await app.request(URL)).json()) as { detail: string }).detail;

  it('is not found, with what has become of it and what a client can do, until it is placed again', async () => {
    const unknown = await detail();
    await commit(stockReserved(lamps));
    const lost = await app.request(URL);
    const said = ((await lost.json()) as { detail: string }).detail;
    await commit(placeOrder(lamps));

    expect(unknown).toBe('there is no order ORDER_7');
    expect([lost.status, said]).toEqual([
      404,
      'there is no order ORDER_7 any more: inventory knows it (StockReserved), so it was lost when order was restored from an older ' +
        'copy; place it again under this id and with the same lines',
    ]);
    expect((await read()).status).toBe('confirmed');
  });
});

describe('the currency of an order', () => {
  const inCurrency = async (currency: string, price: string) => {
    const items = [{ productId: 'lamp', quantity: 2, price }];
    const body = JSON.stringify({ orderId: currency, customerId: 'CUSTOMER_7', currency, items });
    const answer = app.request('/orders', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    await new Promise(setImmediate);
    await bench.settle();
    const response = await answer;
    return [response.status, await response.json()] as const;
  };

  it.each([
    ['CLF', '1.2345', '2.4690'],
    ['UYW', '0.0001', '0.0002'],
    ['XCG', '1.25', '2.50'],
  ])('may be %s, with all its digits', async (currency, price, totalPrice) => {
    expect(await inCurrency(currency, price)).toMatchObject([202, { currency, totalPrice, items: [{ price }] }]);
  });

  it.each([
    ['XAU', 'XAU has no minor units in ISO 4217, so no price can be given in it'],
    ['HRK', 'HRK is no active currency of ISO 4217 (list of 2026-01-01)'],
  ])('is not %s, and the answer says why', async (currency, detail) => {
    const errors = [{ pointer: '/currency', detail }];

    expect(await inCurrency(currency, '1')).toMatchObject([422, { code: 'invalid_request', errors }]);
  });
});

describe('a list of orders', () => {
  it('shows a dispatched order under its status, and under no other', async () => {
    await commit(placeOrder(lamps), stockReserved(lamps), dispatchOrder());
    const listed = await Promise.all(
      orderStatuses.map(async (status) => {
        const { orders } = (await (await app.request(`/orders?status=${status}`)).json()) as { orders: OrderBody[] };
        return [status, orders.map((order) => [order.status, order.version, Object.keys(order._links)])];
      }),
    );

    expect(listed.filter(([, found]) => found?.length !== 0)).toEqual([
      ['dispatched', [['dispatched', 3, ['self', 'events']]]],
    ]);
  });
});

describe('an answer to a change', () => {
  it.each(['cancel', 'dispatch'] as const)('shows the order after it, as it is read then: %s', async (path) => {
    await commit(placeOrder(lamps), stockReserved(lamps));
    const answer = await change(path);

    expect(answer).toEqual(await read());
    expect(answer.version).toBe(3);
  });
});

describe('the times of an order', () => {
  it.each(['cancel', 'dispatch'] as const)(
    'keep their order when the clock is set back in between: %s',
    async (path) => {
      const { answer } = await placeAndWait();
      bench.nowMs -= HOUR_MS;
      await commit(stockReserved(lamps));
      const confirmed = (await (await answer).json()) as OrderBody;
      bench.nowMs -= HOUR_MS;
      const changed = await change(path);

      expect(confirmed.updatedAt).toBe(confirmed.placedAt);
      expect(changed).toEqual(await read());
      expect(changed.updatedAt).toBe(confirmed.updatedAt);
      expect(changed.dispatchedAt).toBe(path === 'dispatch' ? confirmed.placedAt : null);
    },
  );

  it('are shown in order also for a row that an older program has written', () => {
    const { order: old } = placed(lamps);
    if (old === null) throw new Error('there is no order');

    expect(toBody({ order: old, updatedAt: '2020-01-01T00:00:00.000Z', requestedAt: null }).updatedAt).toBe(
      old.placedAt,
    );
  });

  it('rise again with the clock', async () => {
    await commit(placeOrder(lamps));
    bench.nowMs -= HOUR_MS;
    await commit(stockBackordered(lamps));
    bench.nowMs += 2 * HOUR_MS;
    await commit(stockReserved(lamps));
    const { placedAt, updatedAt } = await read();

    expect(Date.parse(updatedAt) - Date.parse(placedAt)).toBe(HOUR_MS);
  });

  it('let a deadline count from when the clock says that the order was taken', async () => {
    const command = { ...placeOrder(lamps), time: new Date(bench.nowMs + HOUR_MS).toISOString() };
    await commit(command);
    const [row] = await bench.store.find({ table: orders, limit: 1 });

    expect([row?.updatedAt, row?.dueAt]).toEqual([command.time, new Date(bench.nowMs + DEADLINE_MS).toISOString()]);
  });
});

it.each(['"10.12345"', '-0', '"-0"', '-1'])('a price of %s is refused with the rule', async (price) => {
  const body = `{"orderId":"P","customerId":"C","items":[{"productId":"lamp","quantity":1,"price":${price}}]}`;
  const headers = { 'content-type': 'application/json' };
  const answer = await app.request('/orders', { method: 'POST', headers, body });

  expect([answer.status, ((await answer.json()) as { detail: string }).detail]).toEqual([
    422,
    'the body is not valid at /items/0/price: must be a plain number from 0, such as 10.00, with as many digits after the ' +
      'point as the currency has, at most 4',
  ]);
});
