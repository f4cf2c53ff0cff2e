import { describe, expect, it } from 'vitest';
import {
  cancelOrder,
  dispatchOrder,
  expireOrder,
  orderBackordered,
  orderCancelled,
  orderConfirmed,
  orderPlaced,
  orderRejected,
  placeOrder,
  stockBackordered,
  stockRejected,
  stockReserved,
} from '../saga/examples.ts';
import { SqliteStore } from '../shared/adapters/embedded/store/sqlite-store.ts';
import type { Message } from '../shared/core/message.ts';
import type { Store } from '../shared/ports/store.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import { handleBatch } from '../shared/runtime/handle/handle-batch.ts';
import { batchOf } from '../shared/testing/batches.ts';
import { permutations } from '../shared/testing/permutations.ts';
import { correctStock, fillBackorder, receiveStock, setStockPolicy } from './inventory/examples.ts';
import { inventory } from './inventory/function.ts';
import { backorders, reservations, stock } from './inventory/tables.ts';
import { notification } from './notification/function.ts';
import { notices } from './notification/tables.ts';
import { order } from './order/function.ts';
import { orderFacts, orders } from './order/tables.ts';

const NOW_MS = Date.parse('2026-03-01T10:00:05.000Z');
const lamps = { lamp: 2 };

/**
 * Ways in which the same messages can come: each twice in a row, all of them again at the end; alone or in one batch.
 */
type Deliver = (messages: readonly Message[]) => readonly (readonly Message[])[];
const deliveries: Readonly<Record<string, Deliver>> = {
  'each twice, one by one': (messages) => messages.flatMap((message) => [[message], [message]]),
  'each twice, in one batch': (messages) => [messages.flatMap((message) => [message, message])],
  'all of them, then all again': (messages) => [...messages, ...messages].map((message) => [message]),
  'all in a batch, then again': (messages) => [messages, messages],
};

async function endOf<End>(
  fn: StoreFunction,
  batches: readonly (readonly Message[])[],
  endState: (store: Store) => Promise<End>,
): Promise<End> {
  const { name, tables, migrations } = fn;
  const store = SqliteStore.open({ name, file: ':memory:', tables, migrations: migrations.sqlite });
  for (const messages of batches) {
    const incoming = messages.map((message) => ({ from: 'command', message, deduplicate: true }) as const);
    const { outcomes } = await handleBatch(fn, store, batchOf(incoming, NOW_MS));
    // A command that comes too late is refused, and changes nothing.
    const bad = outcomes.filter(({ kind }) => kind !== 'handled' && kind !== 'duplicate' && kind !== 'refused');
    expect(bad).toEqual([]);
  }
  const end = await endState(store);
  await store.close();
  return end;
}

/** All end states there are, over every order of arrival; one when order does not matter. */
async function endsBy<End>(
  deliver: Deliver,
  fn: StoreFunction,
  { first = [], messages }: { first?: readonly Message[]; messages: readonly Message[] },
  endState: (store: Store) => Promise<End>,
): Promise<readonly End[]> {
  const ends = new Map<string, End>();
  for (const arrival of permutations(messages)) {
    const end = await endOf(fn, [first, ...deliver(arrival)], endState);
    ends.set(JSON.stringify(end), end);
  }
  return [...ends.values()];
}

async function orderEnd(store: Store) {
  const rows = await store.find({ table: orders, limit: 9 });
  const facts = await store.find({ table: orderFacts, limit: 99 });
  return {
    orders: rows.map(({ status, reasonCode, version, lines }) => ({
      status,
      reasonCode,
      version,
      lines: lines.length,
    })),
    consumed: facts.length,
  };
}

/** The statuses in which nothing is held; the test treats them alike. */
const NOTHING_HELD: readonly string[] = ['released', 'returned', 'rejected', 'refused'];

async function inventoryEnd(store: Store) {
  const levels = await store.find({ table: stock, limit: 9 });
  const [reservation] = await store.find({ table: reservations, limit: 9 });
  const queue = await store.find({ table: backorders, limit: 9 });
  return {
    levels: levels.map(({ productId, received, onHand, reserved, sold, backordered }) => [
      productId,
      received,
      onHand,
      reserved,
      sold,
      backordered,
    ]),
    reservation: NOTHING_HELD.includes(reservation?.status ?? '') ? 'nothing' : reservation?.status,
    queue: queue.map(({ productId, orderId, quantity }) => [productId, orderId, quantity]),
  };
}

async function notificationEnd(store: Store) {
  const rows = await store.find({ table: notices, orderBy: ['fact'], limit: 9 });
  return rows.map(({ position: _, ...notice }) => notice);
}

describe.each(Object.entries(deliveries))('the messages of one order, in every order of arrival, %s,', (_, deliver) => {
  function endsOf<End>(
    fn: StoreFunction,
    messages: { first?: readonly Message[]; messages: readonly Message[] },
    endState: (store: Store) => Promise<End>,
  ): Promise<readonly End[]> {
    return endsBy(deliver, fn, messages, endState);
  }

  it('end in a confirmed order', async () => {
    const messages = [placeOrder(lamps), stockReserved(lamps)];

    expect(await endsOf(order, { messages }, orderEnd)).toEqual([
      {
        orders: [{ status: 'confirmed', reasonCode: null, version: 2, lines: 1 }],
        consumed: 1,
      },
    ]);
  });

  it('end in a rejected order', async () => {
    const messages = [placeOrder(lamps), stockRejected()];

    expect(await endsOf(order, { messages }, orderEnd)).toEqual([
      {
        orders: [{ status: 'rejected', reasonCode: 'out_of_stock', version: 2, lines: 1 }],
        consumed: 1,
      },
    ]);
  });

  it('end in stock that is sold once', async () => {
    const messages = [orderPlaced(lamps), orderConfirmed(lamps)];

    expect(await endsOf(inventory, { first: [receiveStock('lamp', 5)], messages }, inventoryEnd)).toEqual([
      { levels: [['lamp', 5, 3, 0, 2, 0]], reservation: 'sold', queue: [] },
    ]);
  });

  it.each([
    ['enough', 5],
    ['too little', 1],
  ])('end in stock that is all there, when the order is rejected and there was %s', async (_, quantity) => {
    const messages = [orderPlaced(lamps), orderRejected(lamps)];

    expect(await endsOf(inventory, { first: [receiveStock('lamp', quantity)], messages }, inventoryEnd)).toEqual([
      { levels: [['lamp', quantity, quantity, 0, 0, 0]], reservation: 'nothing', queue: [] },
    ]);
  });

  it('end in the same stock when it is corrected meanwhile', async () => {
    const messages = [orderPlaced(lamps), orderConfirmed(lamps), correctStock('lamp', -3)];

    expect(await endsOf(inventory, { first: [receiveStock('lamp', 5)], messages }, inventoryEnd)).toEqual([
      { levels: [['lamp', 2, 0, 0, 2, 0]], reservation: 'sold', queue: [] },
    ]);
  });

  it('end in an order that is confirmed after it has waited, or without having waited', async () => {
    const messages = [placeOrder(lamps), stockBackordered(lamps), stockReserved(lamps)];

    const ends = await endsOf(order, { messages }, orderEnd);

    expect(ends.map(({ orders, consumed }) => [orders[0]?.status, consumed])).toEqual([
      ['confirmed', 2],
      ['confirmed', 2],
    ]);
  });

  it.each([
    ['reserved', [stockReserved(lamps)]],
    ['rejected', [stockRejected()]],
    ['backordered and reserved', [stockBackordered(lamps), stockReserved(lamps)]],
  ])('end in one outcome when the order is cancelled, its time is over and it is %s', async (_, answers) => {
    const messages = [...answers, cancelOrder(), expireOrder()];

    const ends = await endsOf(order, { first: [placeOrder(lamps)], messages }, orderEnd);

    const codes = ends.flatMap(({ orders }) => orders.map(({ status, reasonCode }) => `${status} ${reasonCode}`));
    const possible = ['cancelled cancelled', 'rejected expired', 'rejected out_of_stock'];
    expect(codes.filter((code) => !possible.includes(code))).toEqual([]);
    expect(new Set(codes).size).toBeGreaterThan(1);
  });

  it('end in an order that is cancelled or dispatched, and never both', async () => {
    const messages = [cancelOrder(), dispatchOrder(), expireOrder()];

    const ends = await endsOf(order, { first: [placeOrder(lamps), stockReserved(lamps)], messages }, orderEnd);

    expect(new Set(ends.map(({ orders }) => orders[0]?.status))).toEqual(new Set(['cancelled', 'dispatched']));
    expect(new Set(ends.map(({ consumed }) => consumed))).toEqual(new Set([1]));
  });

  it.each([
    ['enough', 5],
    ['too little', 1],
  ])('end in stock that is all there, when the order is cancelled and there was %s', async (_, quantity) => {
    const messages = [orderPlaced(lamps), orderCancelled(lamps)];

    expect(await endsOf(inventory, { first: [receiveStock('lamp', quantity)], messages }, inventoryEnd)).toEqual([
      { levels: [['lamp', quantity, quantity, 0, 0, 0]], reservation: 'nothing', queue: [] },
    ]);
  });

  it('end in stock that is all there, when the order is confirmed and cancelled', async () => {
    const messages = [orderPlaced(lamps), orderConfirmed(lamps), orderCancelled(lamps)];

    expect(await endsOf(inventory, { first: [receiveStock('lamp', 5)], messages }, inventoryEnd)).toEqual([
      { levels: [['lamp', 5, 5, 0, 0, 0]], reservation: 'nothing', queue: [] },
    ]);
  });

  it.each([
    ['rejected', orderRejected(lamps)],
    ['cancelled', orderCancelled(lamps)],
  ])('end in stock that is all there and an empty queue, when the order waits for goods and is %s', async (_, end) => {
    const first = [receiveStock('lamp', 1), setStockPolicy('lamp', 'wait')];
    const messages = [orderPlaced(lamps), receiveStock('lamp', 2), fillBackorder(lamps), end];

    expect(await endsOf(inventory, { first, messages }, inventoryEnd)).toEqual([
      { levels: [['lamp', 3, 3, 0, 0, 0]], reservation: 'nothing', queue: [] },
    ]);
  });

  it('end in stock that is held or waited for, and never both', async () => {
    const first = [receiveStock('lamp', 1), setStockPolicy('lamp', 'wait')];
    const messages = [orderPlaced(lamps), receiveStock('lamp', 2), fillBackorder(lamps)];

    const ends = await endsOf(inventory, { first, messages }, inventoryEnd);

    expect(ends.toSorted((a, b) => (a.reservation ?? '').localeCompare(b.reservation ?? ''))).toEqual([
      { levels: [['lamp', 3, 3, 2, 0, 0]], reservation: 'held', queue: [] },
      { levels: [['lamp', 3, 3, 0, 0, 2]], reservation: 'waiting', queue: [['lamp', 'ORDER_7', 2]] },
    ]);
  });

  it('end in one notice for each fact', async () => {
    const messages = [
      orderPlaced(lamps),
      orderBackordered(),
      orderConfirmed(lamps),
      orderRejected(lamps),
      orderCancelled(lamps),
    ];

    const ends = await endsOf(notification, { messages }, notificationEnd);

    expect(ends.map((notices) => notices.map(({ fact, status }) => [fact, status]))).toEqual([
      [
        ['OrderBackordered', 'pending'],
        ['OrderCancelled', 'pending'],
        ['OrderConfirmed', 'pending'],
        ['OrderPlaced', 'pending'],
        ['OrderRejected', 'pending'],
      ],
    ]);
  });
});
