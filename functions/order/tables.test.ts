import { describe, expect, it } from 'vitest';
import {
  cancelOrder,
  dispatchOrder,
  EXAMPLE_TIME,
  placeOrder,
  stockBackordered,
  stockReserved,
} from '../../saga/examples.ts';
import { SqliteStore } from '../../shared/adapters/embedded/store/sqlite-store.ts';
import type { Message } from '../../shared/core/message.ts';
import { handleBatch } from '../../shared/runtime/handle/handle-batch.ts';
import { batchOf } from '../../shared/testing/batches.ts';
import { backordered, cancelled, confirmed, dispatched, placed, rejected } from './examples.ts';
import { createOrder } from './function.ts';
import type { OrderState } from './state.ts';
import { dueAtOf, type OrderRow, orders, toOrder } from './tables.ts';

const deadlines = { deadlineMs: 1_000, backorderDeadlineMs: 60_000 };
const lamps = { lamp: 2 };

/** The row of the order after these messages, which arrive one second apart. */
async function rowAfter(...messages: readonly Message[]): Promise<OrderRow> {
  const order = createOrder(deadlines);
  const { name, tables, migrations } = order;
  const store = SqliteStore.open({ name, file: ':memory:', tables, migrations: migrations.sqlite });
  for (const [index, message] of messages.entries()) {
    const incoming = { from: 'command', message, deduplicate: true } as const;
    await handleBatch(order, store, batchOf([incoming], Date.parse('2026-03-01T11:00:00.000Z') + index * 1_000));
  }
  const [row] = await store.find({ table: orders, limit: 1 });
  await store.close();
  if (row === undefined) throw new Error('there is no order');
  return row;
}

describe('the deadline of an order', () => {
  it.each([
    ['placed', placed(lamps), '2026-03-01T10:00:01.000Z'],
    ['backordered', backordered(lamps), '2026-03-01T10:01:00.000Z'],
    ['confirmed', confirmed(lamps), null],
    ['dispatched', dispatched(lamps), null],
    ['rejected', rejected(lamps), null],
    ['cancelled', cancelled(lamps), null],
  ])('counts from the last change of status, and is none with an outcome: %s', (_, state, dueAt) => {
    expect(state.order && dueAtOf(state.order, EXAMPLE_TIME, deadlines)).toBe(dueAt);
  });

  it('counts from when the store accepted the order, not from the time in the command', async () => {
    const { placedAt, dueAt } = await rowAfter(placeOrder(lamps));

    expect([placedAt, dueAt]).toEqual([EXAMPLE_TIME, '2026-03-01T11:00:01.000Z']);
  });

  it('is longer for an order that waits for goods', async () => {
    expect((await rowAfter(placeOrder(lamps), stockBackordered(lamps))).dueAt).toBe('2026-03-01T11:01:01.000Z');
  });

  it('stays the same, as does the row, when the waiting order is short of other products than before', async () => {
    const waits = [placeOrder(lamps), stockBackordered(lamps)];
    const again = { ...stockBackordered(lamps, ['chair']), id: 'again' };

    expect(await rowAfter(...waits, again)).toEqual(await rowAfter(...waits));
  });

  it('is removed when the order has its outcome', async () => {
    expect((await rowAfter(placeOrder(lamps), stockBackordered(lamps), stockReserved(lamps))).dueAt).toBeNull();
  });

  it('expires the order in the saga of the order', async () => {
    const [timer] = createOrder(deadlines).timers ?? [];
    const command = placeOrder(lamps);

    expect(timer?.message(await rowAfter(command))).toEqual({
      type: 'ExpireOrder',
      subject: command.subject,
      data: { orderId: command.subject },
      correlationid: command.correlationid,
    });
  });
});

describe('the row of an order', () => {
  it('stays in its first saga when a message of another saga changes it', async () => {
    const command = placeOrder(lamps);

    const row = await rowAfter(command, { ...cancelOrder(), correlationid: 'another' });

    expect([row.status, row.correlationId]).toEqual(['cancelled', command.correlationid]);
  });

  it('is dispatched when the order is, with the time', async () => {
    const row = await rowAfter(placeOrder(lamps), stockReserved(lamps), dispatchOrder());

    expect([row.status, row.dispatchedAt]).toEqual(['dispatched', EXAMPLE_TIME]);
  });

  it.each([
    ['waits', [placeOrder(lamps), stockBackordered(lamps)], backordered(lamps)],
    ['was cancelled', [placeOrder(lamps), cancelOrder()], cancelled(lamps)],
    ['was dispatched', [placeOrder(lamps), stockReserved(lamps), dispatchOrder()], dispatched(lamps)],
  ] as const)('is read back as the same order, which %s', async (_, messages, { order }: OrderState) => {
    expect(toOrder(await rowAfter(...messages))).toEqual(order);
  });
});
