import { describe, expect, it } from 'vitest';
import {
  EXAMPLE_ORDER,
  orderConfirmed,
  orderPlaced,
  orderRejected,
  placeOrder,
  soldOut,
  stockRejected,
  stockReserved,
} from '../../saga/examples.ts';
import { InvariantError } from '../../shared/core/assert.ts';
import type { Message } from '../../shared/core/message.ts';
import { decide } from './decide.ts';
import { confirmed, heardEarly, nothingPlaced, placed, rejected } from './examples.ts';
import { evolve } from './state.ts';

function draftOf({ type, subject, data }: Message) {
  return { type, subject, data };
}

describe('when an order is placed', () => {
  it('tells everybody, with the lines as they were written and the total', () => {
    expect(decide(nothingPlaced, placeOrder({ lamp: 2, chair: 1 }, { priceMinor: 250 }))).toEqual([
      {
        type: 'OrderPlaced',
        subject: EXAMPLE_ORDER,
        data: {
          orderId: EXAMPLE_ORDER,
          customerId: 'CUSTOMER_7',
          currency: 'EUR',
          lines: [
            { productId: 'lamp', quantity: 2, priceMinor: 250 },
            { productId: 'chair', quantity: 1, priceMinor: 250 },
          ],
          totalMinor: 750,
          placedAt: '2026-03-01T10:00:00.000Z',
        },
      },
    ]);
  });

  it('ignores the same order once more', () => {
    expect(decide(placed({ lamp: 2 }), placeOrder({ lamp: 2 }))).toEqual([]);
  });

  it('ignores the same order once more when it has ended', () => {
    expect(decide(rejected({ lamp: 2 }), placeOrder({ lamp: 2 }))).toEqual([]);
  });

  it.each([
    ['another quantity', placeOrder({ lamp: 3 })],
    ['another product', placeOrder({ chair: 2 })],
    ['one more line', placeOrder({ lamp: 2, chair: 1 })],
    [
      'the same sum in two lines',
      placeOrder([
        ['lamp', 1],
        ['lamp', 1],
      ]),
    ],
    ['another price', placeOrder({ lamp: 2 }, { priceMinor: 999 })],
    ['another customer', placeOrder({ lamp: 2 }, { customerId: 'CUSTOMER_8' })],
    ['another currency', placeOrder({ lamp: 2 }, { currency: 'USD' })],
  ])('refuses the same order id with %s', (_, message) => {
    expect(decide(placed({ lamp: 2 }), message)).toEqual([
      {
        type: 'CommandRefused',
        subject: EXAMPLE_ORDER,
        data: { code: 'order_id_reused', detail: 'order ORDER_7 was placed before with other contents' },
      },
    ]);
  });

  it('is confirmed at once when the stock was reserved before the order was here', () => {
    const events = decide(heardEarly(stockReserved({ lamp: 2 })), placeOrder({ lamp: 2 }));

    expect(events).toEqual([draftOf(orderPlaced({ lamp: 2 })), draftOf(orderConfirmed({ lamp: 2 }))]);
  });

  it('is rejected at once when the stock was refused before the order was here', () => {
    const events = decide(heardEarly(stockRejected()), placeOrder({ lamp: 2 }));

    expect(events).toEqual([draftOf(orderPlaced({ lamp: 2 })), draftOf(orderRejected({ lamp: 2 }))]);
  });

  it('takes the first of two early answers that contradict each other', () => {
    const events = decide(heardEarly(stockRejected(), stockReserved({ lamp: 2 })), placeOrder({ lamp: 2 }));

    expect(events.map(({ type }) => type)).toEqual(['OrderPlaced', 'OrderRejected']);
  });
});

describe('when stock is reserved', () => {
  it('confirms the order, two lines of one product as one', () => {
    const twoLines = [
      ['lamp', 2],
      ['lamp', 3],
    ] as const;

    expect(decide(placed(twoLines), stockReserved({ lamp: 5 }))).toEqual([draftOf(orderConfirmed({ lamp: 5 }))]);
  });

  it('waits for the order when it is not here yet', () => {
    expect(decide(nothingPlaced, stockReserved({ lamp: 2 }))).toEqual([]);
  });

  it('ignores an order that is confirmed', () => {
    expect(decide(confirmed({ lamp: 2 }), stockReserved({ lamp: 2 }))).toEqual([]);
  });

  it('gives way to a rejection', () => {
    expect(decide(rejected({ lamp: 2 }), stockReserved({ lamp: 2 }))).toEqual([]);
  });
});

describe('when stock is refused', () => {
  it('rejects the order with the reason that inventory gave', () => {
    expect(decide(placed({ chair: 1 }), stockRejected(soldOut('chair')))).toEqual([
      draftOf(orderRejected({ chair: 1 }, soldOut('chair'))),
    ]);
  });

  it('ignores an order that is rejected', () => {
    expect(decide(rejected({ lamp: 2 }), stockRejected())).toEqual([]);
  });

  it('gives way to a confirmation', () => {
    expect(decide(confirmed({ lamp: 2 }), stockRejected())).toEqual([]);
  });
});

describe('an order', () => {
  it('counts its changes and keeps the reason it was rejected for', () => {
    const { order } = rejected({ lamp: 2 }, soldOut('lamp'));

    expect(order).toMatchObject({ status: 'rejected', version: 2, reason: soldOut('lamp'), totalMinor: 2000 });
  });

  it('cannot be confirmed after it was rejected', () => {
    const { type, subject, data } = orderConfirmed({ lamp: 2 });

    expect(() => evolve(rejected({ lamp: 2 }), { type, subject, data })).toThrow(
      new InvariantError('order ORDER_7 is rejected and cannot take OrderConfirmed'),
    );
  });
});
