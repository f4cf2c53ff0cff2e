/** What inventory does with what order says when its data come from an older copy, or those of order do. */
import { describe, expect, it } from 'vitest';
import { orderConfirmed, orderPlaced, orderRejected } from '../../saga/examples.ts';
import { TerminalError } from '../../shared/core/errors.ts';
import { decide } from './decide.ts';
import { holding, rejectedWith, sold, stateAfter, stocked, waiting } from './examples.ts';
import { emptyLevel, type Inventory } from './state.ts';

describe('a confirmed order that inventory has forgotten, or rejects now', () => {
  it.each([
    ['forgotten', stocked({ lamp: 2 })],
    ['rejected', rejectedWith({ lamp: 2 })],
    ['waiting', waiting({ lamp: 2 }, { lamp: 2 })],
  ])('is reserved again and sold where there is stock: %s', (_, inventory) => {
    const after = stateAfter(inventory, orderConfirmed({ lamp: 2 }));

    expect(after.reservation.status).toBe('sold');
    expect(after.stock.get('lamp')).toMatchObject({ onHand: 0, reserved: 0, sold: 2, backordered: 0 });
  });

  it.each([
    ['forgotten', stocked({ lamp: 1 })],
    ['rejected', rejectedWith({ lamp: 1 })],
    ['waiting', waiting({ lamp: 2 }, { lamp: 1 })],
    ['of an unknown product', stocked({})],
  ])('is left to an operator at once where there is none: %s', (_, inventory) => {
    const left = inventory.stock.get('lamp')?.onHand ?? 0;

    expect(() => decide(inventory, orderConfirmed({ lamp: 2 }))).toThrow(
      new TerminalError(
        `order ORDER_7 is confirmed and its goods are not there: lamp has ${left} left and 2 were asked for`,
      ),
    );
  });
});

describe('an order that order rejects after its stock was sold', () => {
  it('gets its goods back', () => {
    const after = stateAfter(sold({ lamp: 2 }, { lamp: 5 }), orderRejected({ lamp: 2 }));

    expect(after).toEqual({
      reservation: { status: 'returned', lines: [{ productId: 'lamp', quantity: 2 }] },
      stock: new Map([['lamp', { ...emptyLevel('lamp'), received: 5, onHand: 5, movements: 4 }]]),
    });
  });
});

describe('an order whose id inventory knows from another order', () => {
  it.each<[string, Inventory]>([
    ['held', holding({ lamp: 2 }, { lamp: 9 })],
    ['sold', sold({ lamp: 2 }, { lamp: 9 })],
    ['waiting', waiting({ lamp: 2 }, { lamp: 1 })],
  ])('is left to an operator: stock is %s for it', (status, inventory) => {
    expect(() => decide(inventory, orderPlaced({ lamp: 3 }))).toThrow(
      new TerminalError(`order ORDER_7 asks for 3 of lamp, and stock is ${status} for an order of this id: 2 of lamp`),
    );
    expect(decide(inventory, orderPlaced({ lamp: 2 }))).toEqual([]);
  });
});
