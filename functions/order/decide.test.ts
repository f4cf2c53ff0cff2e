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
  answeredEarly,
  backordered,
  cancelled,
  confirmed,
  dispatched,
  nothingPlaced,
  placed,
  rejected,
} from './examples.ts';
import { evolve } from './state.ts';

function draftOf({ type, subject, data }: Message) {
  return { type, subject, data };
}

describe('when an order is placed', () => {
  it('publishes it with the lines as they were sent and the total', () => {
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

  it('ignores a repeat of the same order', () => {
    expect(decide(placed({ lamp: 2 }), placeOrder({ lamp: 2 }))).toEqual([]);
  });

  it('ignores a repeat of the same order after it has ended', () => {
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
        data: { code: 'order_id_reused', detail: 'order ORDER_7 was placed before with different contents' },
      },
    ]);
  });

  it.each(['.', '..'])('refuses the order id %s, to which no address leads', (orderId) => {
    expect(decide(nothingPlaced, placeOrder({ lamp: 2 }, { orderId }))).toEqual([
      {
        type: 'CommandRefused',
        subject: orderId,
        data: { code: 'order_id_unreachable', detail: `no address leads to an order that is called ${orderId}` },
      },
    ]);
  });

  it.each(['...', '.a', 'a..'])('takes the order id %s', (orderId) => {
    const [event] = decide(nothingPlaced, placeOrder({ lamp: 2 }, { orderId }));

    expect(event).toMatchObject({ type: 'OrderPlaced', subject: orderId });
  });

  it('confirms it at once when the stock was reserved first', () => {
    const events = decide(answeredEarly(stockReserved({ lamp: 2 })), placeOrder({ lamp: 2 }));

    expect(events).toEqual([draftOf(orderPlaced({ lamp: 2 })), draftOf(orderConfirmed({ lamp: 2 }))]);
  });

  it('rejects it at once when the stock was refused first', () => {
    const events = decide(answeredEarly(stockRejected()), placeOrder({ lamp: 2 }));

    expect(events).toEqual([draftOf(orderPlaced({ lamp: 2 })), draftOf(orderRejected({ lamp: 2 }))]);
  });

  it('back-orders and confirms it at once when both answers came first', () => {
    const early = answeredEarly(stockBackordered({ lamp: 2 }), stockReserved({ lamp: 2 }));

    expect(decide(early, placeOrder({ lamp: 2 })).map(({ type }) => type)).toEqual([
      'OrderPlaced',
      'OrderBackordered',
      'OrderConfirmed',
    ]);
  });

  it('follows the first of two contradicting early answers', () => {
    const events = decide(answeredEarly(stockRejected(), stockReserved({ lamp: 2 })), placeOrder({ lamp: 2 }));

    expect(events.map(({ type }) => type)).toEqual(['OrderPlaced', 'OrderRejected']);
  });
});

describe('when stock is reserved', () => {
  it('confirms the order, with two lines of one product as one', () => {
    const twoLines = [
      ['lamp', 2],
      ['lamp', 3],
    ] as const;

    expect(decide(placed(twoLines), stockReserved({ lamp: 5 }))).toEqual([draftOf(orderConfirmed({ lamp: 5 }))]);
  });

  it('waits for the order when it is not here yet', () => {
    expect(decide(nothingPlaced, stockReserved({ lamp: 2 }))).toEqual([]);
  });

  it('confirms an order that waits for goods', () => {
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

describe('when stock is back-ordered', () => {
  it('lets the order wait, and names the products that are short', () => {
    expect(decide(placed({ lamp: 2, chair: 1 }), stockBackordered({ lamp: 2, chair: 1 }, ['chair']))).toEqual([
      draftOf(orderBackordered(['chair'])),
    ]);
  });

  it('waits for the order when it is not here yet', () => {
    expect(decide(nothingPlaced, stockBackordered({ lamp: 2 }))).toEqual([]);
  });

  it('ignores an order that already waits', () => {
    expect(decide(backordered({ lamp: 2 }), stockBackordered({ lamp: 2 }))).toEqual([]);
    expect(decide(backordered({ lamp: 2, chair: 1 }), stockBackordered({ lamp: 2, chair: 1 }, ['chair']))).toEqual([]);
  });

  it.each([
    ['a confirmation that overtook it', confirmed({ lamp: 2 })],
    ['a rejection', rejected({ lamp: 2 })],
    ['a cancellation', cancelled({ lamp: 2 })],
  ])('gives way to %s', (_, state) => {
    expect(decide(state, stockBackordered({ lamp: 2 }))).toEqual([]);
  });
});

describe('when stock is refused', () => {
  it('rejects the order with the reason from inventory', () => {
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
  it('counts its changes and stores the reason for its rejection', () => {
    const { order } = rejected({ lamp: 2 }, soldOut('lamp'));

    expect(order).toMatchObject({ status: 'rejected', version: 2, reason: soldOut('lamp'), totalMinor: 2000 });
  });

  it('stores the reason for its cancellation in the words of its customer', () => {
    const reason = { code: 'cancelled', detail: CHANGED_MIND, productIds: [] };

    expect(cancelled({ lamp: 2 }).order).toMatchObject({ status: 'cancelled', version: 2, reason });
  });

  it('stores the time of its dispatch', () => {
    expect(dispatched({ lamp: 2 }).order).toMatchObject({
      status: 'dispatched',
      version: 3,
      reason: null,
      dispatchedAt: EXAMPLE_TIME,
    });
  });

  it('cannot be confirmed after its rejection', () => {
    const { type, subject, data } = orderConfirmed({ lamp: 2 });

    expect(() => evolve(rejected({ lamp: 2 }), { type, subject, data })).toThrow(
      new InvariantError('order ORDER_7 is rejected and cannot take OrderConfirmed'),
    );
  });
});
