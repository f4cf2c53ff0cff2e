/** A correction of stock: what may be taken away, what waiting orders get, and what a client is answered. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orderPlaced } from '../../saga/examples.ts';
import type { StoreFunction } from '../../shared/runtime/function.ts';
import { type App, createApp } from '../../shared/runtime/http/app.ts';
import { DeadLetterBench } from '../../shared/testing/dead-letter-bench.ts';
import { inMemory } from '../../shared/testing/in-memory.ts';
import { asksForFilling } from './backorder-filler.ts';
import { decide } from './decide.ts';
import { backordered, correctStock, holding, receiveStock, stateAfter, stocked, withWaitPolicy } from './examples.ts';
import { FillerExample } from './filler-example.ts';
import { inventory } from './function.ts';
import { addInventoryRoutes } from './http.ts';
import { available, setAside } from './state.ts';
import { backorders, movements } from './tables.ts';

describe('a correction', () => {
  it.each([
    ['that takes units away', -3, { received: 7, onHand: 7 }],
    ['of units that were found', 3, { received: 13, onHand: 13 }],
    ['that takes all units away', -10, { received: 0, onHand: 0 }],
  ])('%s changes what is received and on hand, and is summed', (_, quantity, expected) => {
    const after = stateAfter(stocked({ lamp: 10 }), correctStock('lamp', quantity)).stock.get('lamp');

    expect(after).toMatchObject({ ...expected, corrected: quantity, reserved: 0, sold: 0, movements: 2 });
  });

  it('takes away no unit that an order holds, and says how many it may', () => {
    const before = holding({ lamp: 3 }, { lamp: 10 });
    const figures = 'lamp has 10 on hand, of which 3 are reserved';

    expect(decide(before, correctStock('lamp', -7))).toMatchObject([{ type: 'StockCorrected' }]);
    expect(decide(before, correctStock('lamp', -8))).toMatchObject([
      { data: { code: 'stock_short', detail: `${figures}: at most 7 can be taken away, and the correction takes 8` } },
    ]);
  });

  it('takes what is available before what is set aside for waiting orders', () => {
    const before = backordered(withWaitPolicy(stocked({ lamp: 5 }), 'lamp'), { lamp: 2 });
    const figures = (quantity: number) => {
      const level = stateAfter(before, correctStock('lamp', quantity)).stock.get('lamp');
      return level === undefined ? null : [available(level), setAside(level)];
    };

    expect([-3, -4, -5].map(figures)).toEqual([
      [0, 2],
      [0, 1],
      [0, 0],
    ]);
  });

  it('of an unknown product is refused', () => {
    expect(decide(stocked({}), correctStock('lamp', 1))).toMatchObject([
      { data: { code: 'product_unknown', detail: 'there is no product lamp' } },
    ]);
  });
});

describe('the queue after a correction', () => {
  const shelf = async () => {
    const example = new FillerExample(inMemory(inventory));
    await example.emptyShelf('lamp', 'chair');
    return example;
  };
  const correct = (example: FillerExample, productId: string, quantity: number) =>
    example.submit({ ...correctStock(productId, quantity), id: `correction of ${productId}` });

  it('is served with the units that were found', async () => {
    const example = await shelf();
    await example.place('WAITS', { lamp: 2 });

    expect(asksForFilling(await correct(example, 'lamp', 2))).toBe(true);
    await example.scan();

    expect(await example.statusOf('WAITS')).toEqual(['held']);
    await example.store.close();
  });

  it('is short of what was taken away', async () => {
    const example = await shelf();
    await example.receive('chair', 2);
    await example.place('WAITS', { lamp: 1, chair: 2 });

    expect(asksForFilling(await correct(example, 'chair', -1))).toBe(true);
    await example.scan();

    const places = await example.store.find({ table: backorders, orderBy: ['place'], limit: 9 });
    expect(places.map(({ productId, isShort }) => [productId, isShort])).toEqual([
      ['lamp', 1],
      ['chair', 1],
    ]);
    await example.store.close();
  });
});

describe('POST /stock/{productId}/corrections', () => {
  let bench: DeadLetterBench;
  let app: App;

  beforeEach(async () => {
    bench = await DeadLetterBench.open(inventory as unknown as StoreFunction);
    app = createApp(bench.logged.logger);
    addInventoryRoutes(app, bench.worker);
    const sent = bench.worker.submit(receiveStock('lamp', 10, 'Lamp'));
    await bench.settle();
    await sent;
  });
  afterEach(() => bench.close());

  async function send(path: string, body: unknown, key?: string) {
    const headers = { 'content-type': 'application/json', ...(key === undefined ? {} : { 'idempotency-key': key }) };
    const answer = Promise.resolve(app.request(path, { method: 'POST', headers, body: JSON.stringify(body) }));
    let isThere = false;
    void answer.then(() => {
      isThere = true;
    });
    while (!isThere) {
      await bench.worker.step();
      await new Promise(setImmediate);
    }
    const response = await answer;
    const told = (await response.json()) as Record<string, unknown>;
    return { status: response.status, told, replayed: response.headers.get('idempotent-replayed') };
  }
  const path = '/stock/lamp/corrections';

  it('answers with the stock after it, and stands in the ledger with its sign and its reason', async () => {
    const { status, told } = await send(path, { quantity: -3, reason: 'broken in the warehouse' });
    const response = await app.request('/stock/lamp/movements');
    const ledger = (await response.json()) as { movements: readonly object[] };

    expect([status, told]).toMatchObject([201, { received: 7, onHand: 7, available: 7, sold: 0, corrected: -3 }]);
    expect(ledger.movements).toMatchObject([
      { kind: 'received', quantity: 10, orderId: null, reason: null },
      { kind: 'corrected', quantity: -3, orderId: null, reason: 'broken in the warehouse' },
    ]);
  });

  it('comes first in the ledger from its newest movement on, page by page', async () => {
    await send(path, { quantity: -3, reason: 'broken' });
    await send(path, { quantity: 1, reason: 'found' });
    interface Page {
      readonly movements: readonly { readonly quantity: number }[];
      readonly _links: Readonly<Record<string, { readonly href: string }>>;
    }
    const read = async (href: string) => (await (await app.request(href)).json()) as Page;
    const first = await read('/stock/lamp/movements?order=desc&limit=2');
    const next = await read(first._links['next']?.href ?? '');
    const ascending = await read('/stock/lamp/movements?limit=1');
    const mixed = await app.request(`${ascending._links['next']?.href}&order=desc`);

    expect(first.movements.map(({ quantity }) => quantity)).toEqual([1, -3]);
    expect(next.movements.map(({ quantity }) => quantity)).toEqual([10]);
    expect(next._links['next']).toBeUndefined();
    expect(mixed.status).toBe(422);
  });

  it('is recorded once when it is repeated with its key, and answered as before', async () => {
    const body = { quantity: -3, reason: 'broken' };
    const first = await send(path, body, 'K');
    await send(path, { quantity: 1, reason: 'found' });
    const again = await send(path, body, 'K');
    const other = await send(path, { ...body, quantity: -4 }, 'K');
    const elsewhere = await send('/stock/chair/corrections', body, 'K');

    expect([first.replayed, again.replayed, again.status, again.told]).toEqual([null, 'true', 201, first.told]);
    expect([other, elsewhere].map(({ status, told }) => [status, told['code']])).toEqual([
      [422, 'idempotency_key_reused'],
      [422, 'idempotency_key_reused'],
    ]);
    expect(await bench.store.count(movements)).toBe(3);
  });

  it('shares no keys with receipts', async () => {
    await send('/stock/lamp/receipts', { quantity: 1 }, 'K');

    expect((await send(path, { quantity: 1, reason: 'found' }, 'K')).status).toBe(201);
  });

  it('is refused where it takes away what orders hold, or the product is unknown, and leaves nothing', async () => {
    const sent = bench.worker.submit(orderPlaced({ lamp: 4 }));
    await bench.settle();
    await sent;
    const refused = await send(path, { quantity: -7, reason: 'lost' }, 'K');
    const unknown = await send('/stock/ghost/corrections', { quantity: 1, reason: 'found' });

    expect([refused.status, refused.told['code'], refused.told['detail']]).toEqual([
      409,
      'conflict',
      'lamp has 10 on hand, of which 4 are reserved: at most 6 can be taken away, and the correction takes 7',
    ]);
    expect([unknown.status, unknown.told['detail']]).toEqual([404, 'there is no product ghost']);
    expect((await send(path, { quantity: -6, reason: 'lost' }, 'K')).status).toBe(201);
    expect(await bench.store.count(movements)).toBe(3);
  });

  it.each([
    ['nothing', { quantity: 0, reason: 'r' }, '/quantity'],
    ['minus nothing', { quantity: -0, reason: 'r' }, '/quantity'],
    ['a part of a unit', { quantity: -1.5, reason: 'r' }, '/quantity'],
    ['a number as text', { quantity: '-1', reason: 'r' }, '/quantity'],
    ['too many', { quantity: 1_000_001, reason: 'r' }, '/quantity'],
    ['too few', { quantity: -1_000_001, reason: 'r' }, '/quantity'],
    ['no reason', { quantity: -1 }, '/reason'],
    ['an empty reason', { quantity: -1, reason: '' }, '/reason'],
    ['a reason of white space', { quantity: -1, reason: ' \n ' }, '/reason'],
    ['a reason of 201 characters', { quantity: -1, reason: 'x'.repeat(201) }, '/reason'],
    ['a name', { quantity: 1, reason: 'r', name: 'Lamp' }, '/name'],
  ])('refuses %s', async (_, body, pointer) => {
    const { status, told } = await send(path, body);

    const errors = told['errors'] as readonly { readonly pointer: string }[];
    expect([status, ...new Set(errors.map((error) => error.pointer))]).toEqual([422, pointer]);
  });
});
