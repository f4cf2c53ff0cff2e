/** What the functions keep, and for how long: their own declarations on a real store. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { EXAMPLE_TIME, orderConfirmed, stockReserved, stockSold } from '../saga/examples.ts';
import { SqliteStore } from '../shared/adapters/embedded/store/sqlite-store.ts';
import { DAY_MS } from '../shared/core/days.ts';
import type { Table } from '../shared/ports/store.ts';
import { type DeadLetterRow, deadLetters, resolutions } from '../shared/ports/tables/retry.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import { RowPruner, runtimeRetention } from '../shared/runtime/retention/prune-rows.ts';
import { testDays } from '../shared/testing/probe-reader.ts';
import { added, commitOf } from '../shared/testing/shelf.ts';
import { inventory } from './inventory/function.ts';
import { openings } from './inventory/opening-balance.ts';
import { emptyLevel } from './inventory/state.ts';
import { type MovementKind, movements, receipts, stock } from './inventory/tables.ts';
import { eventsOf } from './order/events.ts';
import { order } from './order/function.ts';
import { type OrderRow, orderFacts, orders } from './order/tables.ts';

const START_MS = Date.parse(EXAMPLE_TIME);
const later = (days: number) => new Date(START_MS + days * DAY_MS).toISOString();
let store: SqliteStore;
afterEach(() => store.close());

function open({ name, tables, migrations }: StoreFunction): void {
  store = SqliteStore.open({ name, file: ':memory:', tables, migrations: migrations.sqlite });
}

async function add<Row extends object>(table: Table<Row>, ...rows: readonly Row[]): Promise<void> {
  await store.transact({}, () => commitOf({ writes: rows.map((row) => added(table, row)) }));
}

/**
 * A whole pass of the rules of the function and the runtime, so many days after the start. Returns what failed.
 */
async function prune({ retention = [] }: StoreFunction, days: number): Promise<readonly string[]> {
  const errors: string[] = [];
  for (const kept of [...runtimeRetention, ...retention]) {
    const pruner = new RowPruner(store, kept, testDays);
    for (let more = true; more; ) {
      const pruned = await pruner.prune(START_MS + days * DAY_MS);
      if (pruned.error !== undefined) errors.push(String(pruned.error));
      more = pruned.more;
    }
  }
  return errors;
}

const orderRow = (orderId: string, status: OrderRow['status'], updatedAt: string): OrderRow => ({
  orderId,
  customerId: 'C',
  status,
  reasonCode: null,
  reasonDetail: null,
  reasonProductIds: null,
  currency: 'EUR',
  lines: [],
  totalMinor: 0,
  placedAt: EXAMPLE_TIME,
  updatedAt,
  version: 1,
  correlationId: null,
  dispatchedAt: null,
  dueAt: null,
  requestedAt: null,
});

describe('dead letters', () => {
  beforeEach(() => open(order as unknown as StoreFunction));
  const letter = (name: string, status: DeadLetterRow['status'], decidedAt: string | null): DeadLetterRow => ({
    letter: name,
    status,
    key: null,
    code: 'failed',
    detail: '',
    fingerprint: '',
    attempts: 1,
    replays: 0,
    topic: 'order-commands',
    partition: 0,
    position: 1,
    attributes: {},
    value: '{}',
    diedAt: EXAMPLE_TIME,
    decidedAt,
  });
  const decision = (name: string) => ({
    letter: name,
    action: 'discard' as const,
    who: 'me',
    at: EXAMPLE_TIME,
    reason: '',
    before: null,
    after: null,
  });

  it('that are open stay; a resolved one is pruned with its resolutions', async () => {
    await add(deadLetters, letter('open', 'open', null), letter('on its way', 'replaying', EXAMPLE_TIME));
    await add(deadLetters, letter('gone', 'discarded', EXAMPLE_TIME), letter('fresh', 'replayed', later(20)));
    await add(resolutions, decision('gone'), decision('gone'), decision('fresh'));
    await prune(order as unknown as StoreFunction, testDays.deadLetters);

    expect((await store.find({ table: deadLetters, limit: 9 })).map((row) => row.letter)).toEqual([
      'fresh',
      'on its way',
      'open',
    ]);
    expect((await store.find({ table: resolutions, limit: 9 })).map((row) => row.letter)).toEqual(['fresh']);
  });
});

describe('the consumed facts of an order', () => {
  beforeEach(() => open(order as unknown as StoreFunction));

  it('are pruned some days after the end of the order', async () => {
    await add(orders, orderRow('ended', 'confirmed', EXAMPLE_TIME), orderRow('open', 'placed', EXAMPLE_TIME));
    await add(orders, orderRow('late', 'confirmed', later(10)));
    const consumed = ['ended', 'open', 'late', 'early'].map((orderId) => ({
      orderId,
      atVersion: 1,
      message: stockReserved({ lamp: 1 }, orderId),
    }));
    await add(orderFacts, ...consumed);
    await prune(order as unknown as StoreFunction, testDays.log);

    expect((await store.find({ table: orderFacts, limit: 9 })).map(({ orderId }) => orderId).sort()).toEqual([
      'early',
      'late',
      'open',
    ]);
  });
});

describe('the event log of an order', () => {
  it('stays in order when its oldest published events are removed', async () => {
    open(order as unknown as StoreFunction);
    await add(orders, { ...orderRow('old', 'confirmed', EXAMPLE_TIME), version: 2 });
    const [early, answered] = [stockReserved({ lamp: 1 }, 'old'), stockSold({ lamp: 1 }, 'old')];
    await add(
      orderFacts,
      { orderId: 'old', atVersion: 1, message: early },
      { orderId: 'old', atVersion: 2, message: answered },
    );
    const confirmed = orderConfirmed({ lamp: 1 }, { orderId: 'old' });
    await store.transact({}, () => commitOf({ outbox: [{ topic: 'order-events', message: confirmed }] }));

    expect((await eventsOf(store, 'old')).map(({ type }) => type)).toEqual([
      'StockReserved',
      'OrderConfirmed',
      'StockSold',
    ]);
  });
});

describe('the ledger of a product', () => {
  const fn = inventory as unknown as StoreFunction;
  beforeEach(() => open(fn));
  const move = (productId: string, moves: readonly (readonly [MovementKind, number, string?])[]) =>
    add(
      movements,
      ...moves.map(([kind, quantity, at = EXAMPLE_TIME], index) => ({
        productId,
        movement: index + 1,
        kind,
        quantity,
        orderId: null,
        causedBy: 'm',
        at,
        reason: kind === 'corrected' ? 'counted again' : null,
      })),
    );
  const level = (productId: string, rest: object) => add(stock, { ...emptyLevel(productId), ...rest });
  const left = async (productId: string) =>
    (await store.find({ table: movements, where: { productId }, orderBy: ['movement'], limit: 999 })).map(
      ({ movement }) => movement,
    );
  const opening = async (productId: string) =>
    (await store.find({ table: openings, where: { productId }, limit: 1 }))[0];

  it('begins with the sum of its old movements, and the newer ones stay', async () => {
    await level('lamp', { received: 10, onHand: 8, sold: 2, reserved: 1, movements: 5 });
    await move('lamp', [
      ['received', 10],
      ['reserved', 3],
      ['released', 1],
      ['sold', 2],
      ['reserved', 1, later(1)],
    ]);
    await prune(fn, 365);

    expect([await left('lamp'), await opening('lamp')]).toEqual([
      [5],
      {
        productId: 'lamp',
        movement: 4,
        received: 10,
        reserved: 3,
        released: 1,
        sold: 2,
        returned: 0,
        corrected: 0,
        asOf: later(365),
      },
    ]);
  });

  it('may have less in all than was received before a correction, and never less than without corrections', async () => {
    await level('lamp', { received: 7, onHand: 7, corrected: -3, movements: 2 });
    await move('lamp', [
      ['received', 10],
      ['corrected', -3, later(1)],
    ]);
    await prune(fn, 365);
    const first = await opening('lamp');
    await prune(fn, 366);

    expect([first, await opening('lamp'), await left('lamp')]).toMatchObject([
      { movement: 1, received: 10, corrected: 0 },
      { movement: 2, received: 10, corrected: -3 },
      [],
    ]);
  });

  it('is summed in pieces, product by product', async () => {
    const moves = Array.from({ length: 600 }, () => ['received', 1] as const);
    for (const productId of ['lamp', 'vase']) {
      await level(productId, { received: 600, onHand: 600, movements: 600 });
      await move(productId, moves);
    }
    await prune(fn, 365);
    await prune(fn, 365 + 1);

    expect([await left('lamp'), await left('vase')]).toEqual([[], []]);
    expect([await opening('lamp'), await opening('vase')]).toMatchObject([
      { movement: 600, received: 600 },
      { movement: 600, received: 600 },
    ]);
  });

  it.each([
    [
      'a movement is missing',
      ['received', 'DELETE FROM stock_movement WHERE movement = 2'],
      'movement 2 of lamp is missing',
    ],
    [
      'more was sold than received',
      ['sold', 'SELECT 1'],
      'the first 3 movements of lamp leave 5 on hand and -5 reserved',
    ],
    [
      'more is reserved than there is',
      ['reserved', 'UPDATE stock_movement SET quantity = 50 WHERE movement = 3'],
      'the first 3 movements of lamp leave 10 on hand and 50 reserved',
    ],
    [
      'the stock level has fewer units',
      ['received', "UPDATE stock SET received = 1, on_hand = 1 WHERE product_id = 'lamp'"],
      'the first 3 movements of lamp leave 15 on hand and 0 reserved, with 15 received, and the stock level says 1 in all',
    ],
  ] as const)('stays unchanged when %s, with an error; the next product is pruned', async (_, [third, sql], why) => {
    await level('lamp', { received: 15, onHand: 15, movements: 3 });
    await move('lamp', [
      ['received', 5],
      ['received', 5],
      [third, 5],
    ]);
    await level('vase', { received: 5, onHand: 5, movements: 1 });
    await move('vase', [['received', 5]]);
    store.database.exec(sql);
    const before = await left('lamp');
    const errors = await prune(fn, 365);

    expect([await left('lamp'), await opening('lamp'), await left('vase'), errors]).toEqual([
      before,
      undefined,
      [],
      [`InvariantError: ${why}`],
    ]);
  });

  it('stores the answer to a receipt longer than the inbox stores its key', async () => {
    const receipt = { messageId: 'r', productId: 'lamp', quantity: 1, level: emptyLevel('lamp'), at: EXAMPLE_TIME };
    await add(receipts, receipt);
    await prune(fn, testDays.inbox + 1);
    const early = await store.count(receipts);
    await prune(fn, testDays.inbox + 2);

    expect([early, await store.count(receipts)]).toEqual([1, 0]);
  });
});
