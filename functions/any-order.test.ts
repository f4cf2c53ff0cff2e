import { describe, expect, it } from 'vitest';
import {
  orderConfirmed,
  orderPlaced,
  orderRejected,
  placeOrder,
  stockRejected,
  stockReserved,
} from '../saga/examples.ts';
import { SqliteStore } from '../shared/adapters/stores/sqlite/sqlite-store.ts';
import type { Message } from '../shared/core/message.ts';
import type { Store } from '../shared/ports/store.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import { handle } from '../shared/runtime/handle.ts';
import { batchOf } from '../shared/testing/batches.ts';
import { permutations } from '../shared/testing/permutations.ts';
import { receiveStock } from './inventory/examples.ts';
import { inventory } from './inventory/index.ts';
import { reservations, stock } from './inventory/tables.ts';
import { notification } from './notification/index.ts';
import { notices } from './notification/tables.ts';
import { order } from './order/index.ts';
import { orderFacts, orders } from './order/tables.ts';

const NOW_MS = Date.parse('2026-03-01T10:00:05.000Z');
const lamps = { lamp: 2 };

/** Ways in which the same messages can come: each twice in a row, all of them again at the end; alone or in one batch. */
const deliveries = {
  'each twice, one by one': (messages) => messages.flatMap((message) => [[message], [message]]),
  'each twice, in one batch': (messages) => [messages.flatMap((message) => [message, message])],
  'all of them, then all again': (messages) => [...messages, ...messages].map((message) => [message]),
  'all in a batch, then again': (messages) => [messages, messages],
} satisfies Record<string, (messages: readonly Message[]) => readonly (readonly Message[])[]>;

async function endOf<End>(
  fn: StoreFunction,
  batches: readonly (readonly Message[])[],
  endState: (store: Store) => Promise<End>,
): Promise<End> {
  const { name, tables, migrations } = fn;
  const store = SqliteStore.open({ name, file: ':memory:', tables, migrations: migrations.sqlite });
  for (const messages of batches) {
    const arrivals = messages.map((message) => ({ from: 'command', message, deduplicate: true }) as const);
    const { outcomes } = await handle(fn, store, batchOf(arrivals, NOW_MS));
    const bad = outcomes.filter(({ kind }) => kind !== 'handled' && kind !== 'duplicate');
    expect(bad).toEqual([]);
  }
  const end = await endState(store);
  await store.close();
  return end;
}

/** All end states there are, over every order of arrival and every way of delivery; one when order does not matter. */
async function endsOf<End>(
  fn: StoreFunction,
  { first = [], messages }: { first?: readonly Message[]; messages: readonly Message[] },
  endState: (store: Store) => Promise<End>,
): Promise<readonly End[]> {
  const ends = new Map<string, End>();
  for (const arrival of permutations(messages)) {
    for (const deliver of Object.values(deliveries)) {
      const end = await endOf(fn, [first, ...deliver(arrival)], endState);
      ends.set(JSON.stringify(end), end);
    }
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
    heard: facts.length,
  };
}

/** Whether a reservation was refused or released does not matter to anybody: nothing is held. */
async function inventoryEnd(store: Store) {
  const levels = await store.find({ table: stock, limit: 9 });
  const [reservation] = await store.find({ table: reservations, limit: 9 });
  return {
    levels: levels.map(({ productId, received, onHand, reserved, sold }) => [
      productId,
      received,
      onHand,
      reserved,
      sold,
    ]),
    reservation: reservation?.status === 'rejected' ? 'released' : reservation?.status,
  };
}

async function notificationEnd(store: Store) {
  const rows = await store.find({ table: notices, orderBy: ['fact'], limit: 9 });
  return rows.map(({ position: _, ...notice }) => notice);
}

describe('the messages of one order, in every order of arrival and each delivered twice', () => {
  it('end in a confirmed order', async () => {
    const messages = [placeOrder(lamps), stockReserved(lamps)];

    expect(await endsOf(order, { messages }, orderEnd)).toEqual([
      {
        orders: [{ status: 'confirmed', reasonCode: null, version: 2, lines: 1 }],
        heard: 1,
      },
    ]);
  });

  it('end in a rejected order', async () => {
    const messages = [placeOrder(lamps), stockRejected()];

    expect(await endsOf(order, { messages }, orderEnd)).toEqual([
      {
        orders: [{ status: 'rejected', reasonCode: 'out_of_stock', version: 2, lines: 1 }],
        heard: 1,
      },
    ]);
  });

  it('end in stock that is sold once', async () => {
    const messages = [orderPlaced(lamps), orderConfirmed(lamps)];

    expect(await endsOf(inventory, { first: [receiveStock('lamp', 5)], messages }, inventoryEnd)).toEqual([
      { levels: [['lamp', 5, 3, 0, 2]], reservation: 'sold' },
    ]);
  });

  it.each([
    ['enough', 5],
    ['too little', 1],
  ])('end in stock that is all there, when the order is rejected and there was %s', async (_, quantity) => {
    const messages = [orderPlaced(lamps), orderRejected(lamps)];

    expect(await endsOf(inventory, { first: [receiveStock('lamp', quantity)], messages }, inventoryEnd)).toEqual([
      { levels: [['lamp', quantity, quantity, 0, 0]], reservation: 'released' },
    ]);
  });

  it('end in one notice for each fact', async () => {
    const messages = [orderPlaced(lamps), orderConfirmed(lamps), orderRejected(lamps)];

    const ends = await endsOf(notification, { messages }, notificationEnd);

    expect(ends.map((notices) => notices.map(({ fact, status }) => [fact, status]))).toEqual([
      [
        ['OrderConfirmed', 'pending'],
        ['OrderPlaced', 'pending'],
        ['OrderRejected', 'pending'],
      ],
    ]);
  });
});
