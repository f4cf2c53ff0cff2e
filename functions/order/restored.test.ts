/** What order does with what inventory says when its data come from an older copy. */
import { describe, expect, it } from 'vitest';
import {
  CHANGED_MIND,
  placeOrder,
  stockBackordered,
  stockRejected,
  stockReleased,
  stockReserved,
  stockReturned,
} from '../../saga/examples.ts';
import { TerminalError } from '../../shared/core/errors.ts';
import { decide } from './decide.ts';
import { answeredEarly, backordered, cancelled, confirmed, dispatched, EXPIRED, placed, rejected } from './examples.ts';

const lamps = { lamp: 2 };
const givenBack = [
  ['released', stockReleased({})],
  ['returned', stockReturned(lamps)],
] as const;

describe.each(givenBack)('an order that does not know of its end, and whose goods are %s', (_, fact) => {
  it.each([
    ['placed', placed(lamps)],
    ['backordered', backordered(lamps)],
    ['confirmed', confirmed(lamps)],
  ])('is cancelled again, in the words of its customer: %s', (_, state) => {
    expect(decide(state, fact)).toMatchObject([{ type: 'OrderCancelled', data: { reason: CHANGED_MIND } }]);
  });

  it.each([
    ['cancelled', cancelled(lamps)],
    ['rejected', rejected(lamps)],
  ])('stays as it is when it is %s', (_, state) => {
    expect(decide(state, fact)).toEqual([]);
  });

  it('is left to an operator when it is dispatched', () => {
    expect(() => decide(dispatched(lamps), fact)).toThrow(
      new TerminalError('order ORDER_7 is dispatched, and inventory has its goods back'),
    );
  });
});

describe('an order that does not know of its rejection', () => {
  it.each([
    ['placed', placed(lamps)],
    ['backordered', backordered(lamps)],
  ])('is rejected again for the same reason: %s', (_, state) => {
    expect(decide(state, stockReleased({}, EXPIRED))).toMatchObject([
      { type: 'OrderRejected', data: { reason: EXPIRED.reason } },
    ]);
  });

  it('is cancelled when it was confirmed since', () => {
    expect(decide(confirmed(lamps), stockReleased(lamps, EXPIRED))).toMatchObject([
      { type: 'OrderCancelled', data: { reason: 'it could not be confirmed in time' } },
    ]);
  });

  it('is cancelled when an older program did not say why its goods were given back', () => {
    expect(decide(confirmed(lamps), stockReturned(lamps, null))).toMatchObject([
      { type: 'OrderCancelled', data: { reason: 'inventory has its goods back' } },
    ]);
  });
});

describe('an order that is placed again after it was lost', () => {
  it('is cancelled when inventory says that it ended so before', () => {
    const early = answeredEarly(stockReserved(lamps), stockReturned(lamps));

    expect(decide(early, placeOrder(lamps)).map(({ type }) => type)).toEqual([
      'OrderPlaced',
      'OrderConfirmed',
      'OrderCancelled',
    ]);
  });
});

describe('an order that is placed under the id of a lost one', () => {
  it.each([
    ['reserved', stockReserved({ lamp: 3 })],
    ['back-ordered', stockBackordered({ lamp: 2, chair: 1 })],
    ['returned', stockReturned({ chair: 2 })],
  ])('is refused when other goods were %s under that id', (_, fact) => {
    expect(decide(answeredEarly(fact), placeOrder(lamps))).toMatchObject([
      { type: 'CommandRefused', data: { code: 'order_id_reused' } },
    ]);
  });
});

describe('an order about which inventory decides again in another way', () => {
  it.each([
    [
      'is confirmed when it waited and its goods are held now',
      backordered(lamps),
      stockReserved(lamps),
      'OrderConfirmed',
    ],
    ['is rejected when it waited and may not wait any more', backordered(lamps), stockRejected(), 'OrderRejected'],
  ])('%s', (_, state, fact, type) => {
    expect(decide(state, fact).map((draft) => draft.type)).toEqual([type]);
  });

  it.each([
    ['rejected', stockRejected()],
    ['back-ordered', stockBackordered(lamps)],
  ])('stays confirmed, and inventory follows: %s', (_, fact) => {
    expect(decide(confirmed(lamps), fact)).toEqual([]);
  });
});
