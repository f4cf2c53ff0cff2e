/** Changes of a placed order that do not come from inventory: its deadline, its cancellation, its dispatch. */
import { describe, expect, it } from 'vitest';
import {
  CHANGED_MIND,
  cancelOrder,
  dispatchOrder,
  EXAMPLE_ORDER,
  expireOrder,
  orderCancelled,
  orderDispatched,
  orderRejected,
} from '../../saga/examples.ts';
import type { Message } from '../../shared/core/message.ts';
import { decide } from './decide.ts';
import { backordered, cancelled, confirmed, dispatched, nothingPlaced, placed, rejected } from './examples.ts';

function draftOf({ type, subject, data }: Message) {
  return { type, subject, data };
}

function refused(code: string, detail: string) {
  return { type: 'CommandRefused', subject: EXAMPLE_ORDER, data: { code, detail } };
}

describe('when the deadline of an order passes', () => {
  it.each([
    ['without an answer', placed({ lamp: 2 }), 'it could not be confirmed in time'],
    ['that waits for goods', backordered({ lamp: 2 }), 'the goods did not arrive in time'],
  ])('rejects an order %s', (_, state, detail) => {
    expect(decide(state, expireOrder())).toEqual([
      draftOf(orderRejected({ lamp: 2 }, { code: 'expired', detail, productIds: [] })),
    ]);
  });

  it.each([
    ['is confirmed', confirmed({ lamp: 2 })],
    ['is dispatched', dispatched({ lamp: 2 })],
    ['is rejected', rejected({ lamp: 2 })],
    ['is cancelled', cancelled({ lamp: 2 })],
    ['is unknown', nothingPlaced],
  ])('changes nothing when the order %s', (_, state) => {
    expect(decide(state, expireOrder())).toEqual([]);
  });
});

describe('when an order is cancelled', () => {
  it.each([
    ['placed', placed({ lamp: 2 })],
    ['backordered', backordered({ lamp: 2 })],
    ['confirmed', confirmed({ lamp: 2 })],
  ])('cancels it when it is %s, with the reason', (_, state) => {
    expect(decide(state, cancelOrder())).toEqual([draftOf(orderCancelled({ lamp: 2 }, CHANGED_MIND))]);
  });

  it('ignores a repeat, also with another reason', () => {
    expect(decide(cancelled({ lamp: 2 }), cancelOrder('too late'))).toEqual([]);
  });

  it.each([
    ['rejected', rejected({ lamp: 2 })],
    ['dispatched', dispatched({ lamp: 2 })],
  ])('refuses when the order is %s, and names the status', (status, state) => {
    expect(decide(state, cancelOrder())).toEqual([
      refused('order_state', `order ORDER_7 is ${status} and cannot be cancelled`),
    ]);
  });

  it('refuses an unknown order', () => {
    expect(decide(nothingPlaced, cancelOrder())).toEqual([refused('order_unknown', 'there is no order ORDER_7')]);
  });
});

describe('when an order is dispatched', () => {
  it('publishes the time', () => {
    expect(decide(confirmed({ lamp: 2 }), dispatchOrder())).toEqual([draftOf(orderDispatched())]);
  });

  it('ignores a repeat', () => {
    expect(decide(dispatched({ lamp: 2 }), dispatchOrder())).toEqual([]);
  });

  it.each([
    ['placed', placed({ lamp: 2 })],
    ['backordered', backordered({ lamp: 2 })],
    ['rejected', rejected({ lamp: 2 })],
    ['cancelled', cancelled({ lamp: 2 })],
  ])('refuses when the order is %s', (status, state) => {
    expect(decide(state, dispatchOrder())).toEqual([
      refused('order_state', `order ORDER_7 is ${status} and cannot be dispatched`),
    ]);
  });

  it('refuses an unknown order', () => {
    expect(decide(nothingPlaced, dispatchOrder())).toEqual([refused('order_unknown', 'there is no order ORDER_7')]);
  });
});
