/** Orders that wait for goods: which may wait, which come first, and which units are reserved for them. */
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
  backordered,
  fillBackorder,
  holding,
  rejectedWith,
  released,
  setStockPolicy,
  stateAfter,
  stocked,
  waiting,
  withWaitPolicy,
} from './examples.ts';
import { available, emptyLevel, type Inventory, type StockLevel, setAside, unreserved } from './state.ts';

function levelOf({ stock }: Inventory, productId: string): StockLevel {
  return stock.get(productId) ?? emptyLevel(productId);
}

function about(type: string, data: object) {
  return [{ type, subject: EXAMPLE_ORDER, data: { orderId: EXAMPLE_ORDER, ...data } }];
}

const twoLamps = [{ productId: 'lamp', quantity: 2 }];

describe('when a placed order is short of goods that it may wait for', () => {
  it('queues it for all of its lines, names the short ones, sets units of these aside alone, and holds nothing', () => {
    const before = withWaitPolicy(stocked({ lamp: 1, chair: 9 }), 'lamp');
    const order = orderPlaced({ lamp: 2, chair: 1 });

    const lines = [...twoLamps, { productId: 'chair', quantity: 1 }];
    expect(decide(before, order)).toEqual(about('StockBackordered', { lines, productIds: ['lamp'] }));
    const after = stateAfter(before, order);
    expect(after.reservation).toEqual({ status: 'waiting', lines, shortOf: ['lamp'] });
    expect([...after.stock.values()].map(({ reserved, backordered }) => [reserved, backordered])).toEqual([
      [0, 2],
      [0, 0],
    ]);
    expect(['lamp', 'chair'].map((productId) => available(levelOf(after, productId)))).toEqual([0, 9]);
  });

  it('rejects it when one of two short products has the policy reject, and names that one', () => {
    const before = withWaitPolicy(stocked({ lamp: 1, chair: 0 }), 'lamp');

    expect(decide(before, orderPlaced({ lamp: 2, chair: 1 }))).toEqual(
      about('StockRejected', {
        reason: { code: 'out_of_stock', detail: 'chair has 0 left and 1 were asked for', productIds: ['chair'] },
      }),
    );
  });

  it('rejects it when one of its products is unknown', () => {
    const before = withWaitPolicy(stocked({ lamp: 1 }), 'lamp');

    expect(decide(before, orderPlaced({ lamp: 2, ghost: 1 }))).toMatchObject([
      { type: 'StockRejected', data: { reason: { code: 'unknown_product', productIds: ['ghost'] } } },
    ]);
  });

  it('takes nothing that an earlier order waits for', () => {
    const before = backordered(withWaitPolicy(stocked({ lamp: 3 }), 'lamp'), { lamp: 2 });

    expect([1, 2].map((lamp) => decide(before, orderPlaced({ lamp })).map(({ type }) => type))).toEqual([
      ['StockReserved'],
      ['StockBackordered'],
    ]);
  });

  it('rejects it when earlier orders wait and the policy is now reject, and counts their units as unavailable', () => {
    const before = backordered(stocked({ lamp: 3 }), { lamp: 5 });

    expect(decide(before, orderPlaced({ lamp: 1 }))).toMatchObject([
      { type: 'StockRejected', data: { reason: { detail: 'lamp has 0 left and 1 were asked for' } } },
    ]);
  });
});

describe('when it is the turn of a waiting order', () => {
  it('holds all of its lines, and removes it from the queue', () => {
    const before = waiting({ lamp: 2, chair: 1 }, { lamp: 3, chair: 1 });

    const after = stateAfter(before, fillBackorder({ lamp: 2, chair: 1 }));

    expect(after.reservation.status).toBe('held');
    expect([...after.stock.values()].map(({ reserved, backordered }) => [reserved, backordered])).toEqual([
      [2, 0],
      [1, 0],
    ]);
  });

  it('changes nothing while it is short of the same products', () => {
    const before = waiting({ lamp: 2, chair: 1 }, { lamp: 3, chair: 0 }, ['chair']);

    expect(decide(before, fillBackorder({ lamp: 2, chair: 1 }))).toEqual([]);
  });

  it('keeps nothing any more of a product that it is no longer short of, and names the others', () => {
    const before = waiting({ lamp: 2, chair: 1 }, { lamp: 3, chair: 0 });
    const turn = fillBackorder({ lamp: 2, chair: 1 });

    const { lines } = before.reservation;
    expect(decide(before, turn)).toEqual(about('StockBackordered', { lines, productIds: ['chair'] }));
    const after = stateAfter(before, turn);
    expect(after.reservation).toEqual({ status: 'waiting', lines, shortOf: ['chair'] });
    expect([...after.stock.values()].map((level) => [setAside(level), available(level)])).toEqual([
      [0, 3],
      [0, 0],
    ]);
    expect(decide(after, turn)).toEqual([]);
  });

  it('keeps units again of a product that others took', () => {
    const before = waiting({ lamp: 2, chair: 1 }, { lamp: 1, chair: 1 }, ['chair']);

    const after = stateAfter(before, fillBackorder({ lamp: 2, chair: 1 }));

    expect(after.reservation.shortOf).toEqual(['lamp']);
    expect([...after.stock.values()].map((level) => [level.backordered, setAside(level), available(level)])).toEqual([
      [2, 1, 0],
      [0, 0, 1],
    ]);
  });

  it('fails when the message names other products than the order waits for', () => {
    const before = waiting({ lamp: 2 }, { lamp: 0 });
    const turn = () => decide({ ...before, stock: new Map() }, fillBackorder({ chair: 1 }));

    expect(turn).toThrow('FillBackorder of ORDER_7 names other products than the order waits for');
  });

  it.each([
    [1, ['StockReserved']],
    [2, []],
  ])('leaves the orders before it what they wait for: %i of 3', (ahead, types) => {
    const before = waiting({ lamp: 2 }, { lamp: 3 });

    expect(decide(before, fillBackorder({ lamp: 2 }, { lamp: ahead })).map(({ type }) => type)).toEqual(types);
  });

  it.each([
    ['already holds it', holding({ lamp: 2 }, { lamp: 5 })],
    ['was rejected', rejectedWith({ lamp: 5 })],
    ['was released', released({ lamp: 2 }, { lamp: 5 })],
    ['is unknown', stocked({ lamp: 5 })],
  ])('changes nothing when the order %s', (_, inventory) => {
    expect(decide(inventory, fillBackorder({ lamp: 2 }))).toEqual([]);
  });
});

describe('when a waiting order ends', () => {
  it.each([
    ['rejected', orderRejected({ lamp: 2 }), { end: 'rejected', reason: soldOut('lamp') }],
    ['cancelled', orderCancelled({ lamp: 2 }), EXAMPLE_END],
  ])('removes it from the queue when it is %s, releases nothing, and ignores its late turn', (_, end, because) => {
    const before = waiting({ lamp: 2 }, { lamp: 1 });

    expect(decide(before, end)).toEqual(about('StockReleased', { lines: [], because }));
    const after = stateAfter(before, end);
    expect(after.reservation).toEqual({ status: 'released', lines: twoLamps });
    expect(after.stock.get('lamp')).toMatchObject({ onHand: 1, reserved: 0, backordered: 0, movements: 1 });
    expect(decide(after, fillBackorder({ lamp: 2 }))).toEqual([]);
    expect(decide(after, orderPlaced({ lamp: 2 }))).toEqual([]);
  });

  it('holds and sells at once when it is confirmed: only order still knows of the answer', () => {
    const after = stateAfter(waiting({ lamp: 2 }, { lamp: 2 }), orderConfirmed({ lamp: 2 }));

    expect(after.reservation.status).toBe('sold');
    expect(after.stock.get('lamp')).toMatchObject({ onHand: 0, reserved: 0, sold: 2, backordered: 0 });
  });
});

describe('when the policy of a product is set', () => {
  it('applies to the orders that come later', () => {
    const after = stateAfter(stocked({ lamp: 0 }), setStockPolicy('lamp', 'wait'));

    expect(decide(after, orderPlaced({ lamp: 1 })).map(({ type }) => type)).toEqual(['StockBackordered']);
  });

  it('leaves waiting orders in the queue', () => {
    const after = stateAfter(waiting({ lamp: 2 }, { lamp: 2 }), setStockPolicy('lamp', 'reject'));

    expect(decide(after, fillBackorder({ lamp: 2 })).map(({ type }) => type)).toEqual(['StockReserved']);
  });

  it('ignores the policy that is already set', () => {
    expect(decide(stocked({ lamp: 1 }), setStockPolicy('lamp', 'reject'))).toEqual([]);
  });

  it('refuses an unknown product', () => {
    expect(decide(stocked({}), setStockPolicy('ghost', 'wait'))).toEqual([
      {
        type: 'CommandRefused',
        subject: 'ghost',
        data: { code: 'product_unknown', detail: 'there is no product ghost' },
      },
    ]);
  });
});

describe('the units of a product that no order holds', () => {
  it.each([
    [0, { unreserved: 3, setAside: 0, available: 3 }],
    [2, { unreserved: 3, setAside: 2, available: 1 }],
    [5, { unreserved: 3, setAside: 3, available: 0 }],
  ])('are set aside or available when orders wait for %i of 3', (lamp, expected) => {
    const level = levelOf(backordered(stocked({ lamp: 3 }), lamp === 0 ? {} : { lamp }), 'lamp');

    const figures = { unreserved: unreserved(level), setAside: setAside(level), available: available(level) };
    expect(figures).toEqual(expected);
  });
});
