import { describe, expect, it } from 'vitest';
import {
  CHANGED_MIND,
  EXAMPLE_ORDER,
  EXAMPLE_TIME,
  orderBackordered,
  orderConfirmed,
  orderPlaced,
  orderRejected,
  placeOrder,
  soldOut,
  stockBackordered,
  stockRejected,
  stockReserved,
} from '../../saga/examples.ts';
import { InvariantError } from '../../shared/core/assert.ts';
import type { Message } from '../../shared/core/message.ts';
import { decide } from './decide.ts';
import {
  backordered,
  cancelled,
  confirmed,
  dispatched,
  heardEarly,
  nothingPlaced,
  placed,
  rejected,
} from './examples.ts';
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

  it('waits and is confirmed at once when both answers were here before the order', () => {
    const early = heardEarly(stockBackordered({ lamp: 2 }), stockReserved({ lamp: 2 }));

    expect(decide(early, placeOrder({ lamp: 2 })).map(({ type }) => type)).toEqual([
      'OrderPlaced',
      'OrderBackordered',
      'OrderConfirmed',
    ]);
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

  it('confirms an order that has waited for goods', () => {
    expect(decide(backordered({ lamp: 2 }), stockReserved({ lamp: 2 }))).toEqual([
      draftOf(orderConfirmed({ lamp: 2 })),
    ]);
  });

  it('ignores an order that is confirmed', () => {
    expect(decide(confirmed({ lamp: 2 }), stockReserved({ lamp: 2 }))).toEqual([]);
  });

  it.each([
    ['a rejection', rejected({ lamp: 2 })],
    ['a cancellation', cancelled({ lamp: 2 })],
  ])('gives way to %s', (_, state) => {
    expect(decide(state, stockReserved({ lamp: 2 }))).toEqual([]);
  });
});

describe('when goods have to come first', () => {
  it('lets the order wait, and says for which products', () => {
    expect(decide(placed({ lamp: 2, chair: 1 }), stockBackordered({ lamp: 2, chair: 1 }, ['chair']))).toEqual([
      draftOf(orderBackordered(['chair'])),
    ]);
  });

  it('waits for the order when it is not here yet', () => {
    expect(decide(nothingPlaced, stockBackordered({ lamp: 2 }))).toEqual([]);
  });

  it('ignores an order that waits already', () => {
    expect(decide(backordered({ lamp: 2 }), stockBackordered({ lamp: 2 }))).toEqual([]);
  });

  it.each([
    ['a confirmation, which has overtaken it', confirmed({ lamp: 2 })],
    ['a rejection', rejected({ lamp: 2 })],
    ['a cancellation', cancelled({ lamp: 2 })],
  ])('gives way to %s', (_, state) => {
    expect(decide(state, stockBackordered({ lamp: 2 }))).toEqual([]);
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

  it('keeps the reason it was cancelled for, in the words of its customer', () => {
    const reason = { code: 'cancelled', detail: CHANGED_MIND, productIds: [] };

    expect(cancelled({ lamp: 2 }).order).toMatchObject({ status: 'cancelled', version: 2, reason });
  });

  it('keeps the time when it left the house', () => {
    expect(dispatched({ lamp: 2 }).order).toMatchObject({
      status: 'dispatched',
      version: 3,
      reason: null,
      dispatchedAt: EXAMPLE_TIME,
    });
  });

  it('cannot be confirmed after it was rejected', () => {
    const { type, subject, data } = orderConfirmed({ lamp: 2 });

    expect(() => evolve(rejected({ lamp: 2 }), { type, subject, data })).toThrow(
      new InvariantError('order ORDER_7 is rejected and cannot take OrderConfirmed'),
    );
  });
});
