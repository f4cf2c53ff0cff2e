import { describe, expect, it } from 'vitest';
import {
  EXAMPLE_END,
  EXAMPLE_ORDER,
  orderCancelled,
  orderConfirmed,
  orderPlaced,
  orderRejected,
  soldOut,
} from '../../saga/examples.ts';
import { decide } from './decide.ts';
import {
  holding,
  receiveStock,
  refused,
  rejectedWith,
  released,
  returned,
  seedStock,
  sold,
  stateAfter,
  stocked,
  waiting,
} from './examples.ts';
import { emptyLevel } from './state.ts';

function about(type: string, data: object) {
  return [{ type, subject: EXAMPLE_ORDER, data: { orderId: EXAMPLE_ORDER, ...data } }];
}

describe('when an order is placed', () => {
  it('holds all lines', () => {
    const lines = [
      { productId: 'lamp', quantity: 2 },
      { productId: 'chair', quantity: 1 },
    ];

    expect(decide(stocked({ lamp: 2, chair: 9 }), orderPlaced({ lamp: 2, chair: 1 }))).toEqual(
      about('StockReserved', { lines }),
    );
  });

  it('sums two lines of one product first', () => {
    const order = orderPlaced([
      ['lamp', 2],
      ['chair', 1],
      ['lamp', 1],
    ]);

    expect(
      [stocked({ lamp: 3, chair: 1 }), stocked({ lamp: 2, chair: 1 })].map((state) => decide(state, order)),
    ).toEqual([
      about('StockReserved', {
        lines: [
          { productId: 'lamp', quantity: 3 },
          { productId: 'chair', quantity: 1 },
        ],
      }),
      about('StockRejected', {
        reason: { code: 'out_of_stock', detail: 'lamp has 2 left and 3 were asked for', productIds: ['lamp'] },
      }),
    ]);
  });

  it('holds nothing when one line is short, and names it', () => {
    const before = stocked({ lamp: 1, chair: 9 });

    const after = stateAfter(before, orderPlaced({ chair: 1, lamp: 2 }));

    expect(after).toEqual({ stock: before.stock, reservation: { status: 'rejected', lines: [] } });
    expect(decide(before, orderPlaced({ chair: 1, lamp: 2 }))).toEqual(
      about('StockRejected', {
        reason: { code: 'out_of_stock', detail: 'lamp has 1 left and 2 were asked for', productIds: ['lamp'] },
      }),
    );
  });

  it('names every product that is short', () => {
    expect(decide(stocked({ lamp: 1, chair: 0 }), orderPlaced({ chair: 1, lamp: 2 }))).toEqual(
      about('StockRejected', {
        reason: {
          code: 'out_of_stock',
          detail: 'chair has 0 left and 1 were asked for; lamp has 1 left and 2 were asked for',
          productIds: ['chair', 'lamp'],
        },
      }),
    );
  });

  it('names every unknown product, and none that is only short', () => {
    expect(decide(stocked({ lamp: 0 }), orderPlaced({ lamp: 2, ghost: 1, elf: 1 }))).toEqual(
      about('StockRejected', {
        reason: { code: 'unknown_product', detail: 'unknown: ghost, elf', productIds: ['ghost', 'elf'] },
      }),
    );
  });

  it('does not take an inherited property for a product', () => {
    expect(
      decide(
        stocked({ lamp: 1 }),
        orderPlaced([
          ['__proto__', 1],
          ['constructor', 1],
        ]),
      ),
    ).toMatchObject([{ type: 'StockRejected', data: { reason: { productIds: ['__proto__', 'constructor'] } } }]);
  });

  it('counts as left only what no order holds', () => {
    const held = { ...holding({ lamp: 2 }, { lamp: 3 }), reservation: { status: 'none', lines: [] } } as const;

    expect(decide(held, orderPlaced({ lamp: 2 }))).toMatchObject([
      { type: 'StockRejected', data: { reason: { detail: 'lamp has 1 left and 2 were asked for' } } },
    ]);
  });

  it.each([
    ['holds', holding({ lamp: 2 }, { lamp: 5 })],
    ['has sold', sold({ lamp: 2 }, { lamp: 5 })],
    ['has rejected', rejectedWith({ lamp: 5 })],
    ['has queued', waiting({ lamp: 2 }, { lamp: 1 })],
    ['has released', released({ lamp: 2 }, { lamp: 5 })],
    ['has taken back', returned({ lamp: 2 }, { lamp: 5 })],
    ['has refused', refused({ lamp: 5 })],
  ])('ignores an order that it %s', (_, inventory) => {
    expect(decide(inventory, orderPlaced({ lamp: 2 }))).toEqual([]);
  });

  it.each([
    ['a rejection', orderRejected({ lamp: 2 })],
    ['a cancellation', orderCancelled({ lamp: 2 })],
  ])('gives way to %s that came first: holds nothing and refuses the reservation once', (_, compensation) => {
    const before = stateAfter(stocked({ lamp: 2 }), compensation);

    expect(decide(before, orderPlaced({ lamp: 2 }))).toEqual(about('ReservationRefused', {}));
    expect(stateAfter(before, orderPlaced({ lamp: 2 }), orderPlaced({ lamp: 2 }))).toEqual({
      stock: before.stock,
      reservation: { status: 'refused', lines: [] },
    });
  });
});

describe('when an order is confirmed', () => {
  it('sells what is held', () => {
    const before = holding({ lamp: 2 }, { lamp: 5 });

    expect(stateAfter(before, orderConfirmed({ lamp: 2 }))).toEqual({
      reservation: { status: 'sold', lines: [{ productId: 'lamp', quantity: 2 }] },
      stock: new Map([['lamp', { ...emptyLevel('lamp'), received: 5, onHand: 3, sold: 2, movements: 3 }]]),
    });
  });

  it('sells all that is held, also when the confirmation has other lines', () => {
    const { reservation, stock } = stateAfter(holding({ lamp: 3 }, { lamp: 5 }), orderConfirmed({ lamp: 2 }));

    expect([reservation.status, stock.get('lamp')]).toMatchObject(['sold', { onHand: 2, reserved: 0, sold: 3 }]);
  });

  it('holds and sells at once when it overtook its order', () => {
    const events = decide(stocked({ lamp: 2 }), orderConfirmed({ lamp: 2 }));

    expect(events.map(({ type }) => type)).toEqual(['StockReserved', 'StockSold']);
  });

  it.each([
    ['sold', sold({ lamp: 2 }, { lamp: 5 })],
    ['released', released({ lamp: 2 }, { lamp: 5 })],
    ['released before it was held', released({}, { lamp: 5 })],
    ['returned', returned({ lamp: 2 }, { lamp: 5 })],
    ['refused', refused({ lamp: 5 })],
  ])('ignores an order whose stock is %s', (_, inventory) => {
    expect(decide(inventory, orderConfirmed({ lamp: 2 }))).toEqual([]);
  });
});

describe('when an order is rejected', () => {
  it('releases what is held, and restores the stock level', () => {
    const after = stateAfter(holding({ lamp: 2 }, { lamp: 5 }), orderRejected({ lamp: 2 }));

    expect(after).toEqual({
      reservation: { status: 'released', lines: [{ productId: 'lamp', quantity: 2 }] },
      stock: new Map([['lamp', { ...emptyLevel('lamp'), received: 5, onHand: 5, movements: 3 }]]),
    });
  });

  it('leaves a tombstone when nothing is held, and publishes a release without lines', () => {
    const before = stocked({ lamp: 2 });

    expect(decide(before, orderRejected({ lamp: 2 }))).toEqual(
      about('StockReleased', { lines: [], because: { end: 'rejected', reason: soldOut('lamp') } }),
    );
    expect(stateAfter(before, orderRejected({ lamp: 2 }))).toEqual({
      stock: before.stock,
      reservation: { status: 'released', lines: [] },
    });
  });

  it.each([
    ['released', released({ lamp: 2 }, { lamp: 5 })],
    ['released before it was held', released({}, { lamp: 5 })],
    ['returned', returned({ lamp: 2 }, { lamp: 5 })],
    ['rejected', rejectedWith({ lamp: 5 })],
    ['refused', refused({ lamp: 5 })],
  ])('ignores an order whose stock is %s', (_, inventory) => {
    expect(decide(inventory, orderRejected({ lamp: 2 }))).toEqual([]);
  });
});

describe('when an order is cancelled', () => {
  it('releases what is held', () => {
    const before = holding({ lamp: 2 }, { lamp: 5 });

    expect(decide(before, orderCancelled({ lamp: 2 }))).toEqual(
      about('StockReleased', { lines: [{ productId: 'lamp', quantity: 2 }], because: EXAMPLE_END }),
    );
  });

  it('takes back what was sold, and received still equals on hand plus sold', () => {
    const after = stateAfter(sold({ lamp: 2 }, { lamp: 5 }), orderCancelled({ lamp: 2 }));

    expect(after).toEqual({
      reservation: { status: 'returned', lines: [{ productId: 'lamp', quantity: 2 }] },
      stock: new Map([['lamp', { ...emptyLevel('lamp'), received: 5, onHand: 5, movements: 4 }]]),
    });
  });

  it('leaves a tombstone when nothing is held', () => {
    const tombstone = about('StockReleased', { lines: [], because: EXAMPLE_END });

    expect(decide(stocked({ lamp: 2 }), orderCancelled({ lamp: 2 }))).toEqual(tombstone);
    expect(decide(rejectedWith({ lamp: 1 }), orderCancelled({ lamp: 2 }))).toEqual(tombstone);
  });

  it('sells nothing when a confirmation comes late', () => {
    const after = stateAfter(
      holding({ lamp: 2 }, { lamp: 5 }),
      orderCancelled({ lamp: 2 }),
      orderConfirmed({ lamp: 2 }),
    );

    expect(after.reservation.status).toBe('released');
    expect(after.stock.get('lamp')).toMatchObject({ onHand: 5, reserved: 0, sold: 0 });
  });

  it.each([
    ['released', released({ lamp: 2 }, { lamp: 5 })],
    ['returned', returned({ lamp: 2 }, { lamp: 5 })],
    ['refused', refused({ lamp: 5 })],
  ])('ignores an order whose stock is %s', (_, inventory) => {
    expect(decide(inventory, orderCancelled({ lamp: 2 }))).toEqual([]);
  });
});

describe('when goods arrive', () => {
  it('creates a new product with them', () => {
    expect(stateAfter(stocked({}), receiveStock('lamp', 3, 'Lamp')).stock.get('lamp')).toEqual({
      ...emptyLevel('lamp'),
      name: 'Lamp',
      received: 3,
      onHand: 3,
      movements: 1,
    });
  });

  it('adds them to the stock, each time, and leaves the name', () => {
    const named = stateAfter(stocked({}), receiveStock('lamp', 3, 'Lamp'), receiveStock('lamp', 4));

    expect(named.stock.get('lamp')).toMatchObject({ name: 'Lamp', received: 7, onHand: 7, movements: 2 });
  });

  it('changes no reservation', () => {
    const held = holding({ lamp: 2 }, { lamp: 2 });

    expect(stateAfter(held, receiveStock('lamp', 1)).reservation).toEqual(held.reservation);
  });
});

describe('when a product is seeded', () => {
  it('gives a new product its first stock', () => {
    expect(decide(stocked({}), seedStock('lamp', 3, 'Lamp'))).toEqual([
      { type: 'StockReceived', subject: 'lamp', data: { productId: 'lamp', quantity: 3, name: 'Lamp' } },
    ]);
  });

  it('ignores a known product, even when nothing is left of it', () => {
    expect(decide(stocked({ lamp: 0 }), seedStock('lamp', 3))).toEqual([]);
  });
});
