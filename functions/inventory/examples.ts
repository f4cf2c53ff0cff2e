import {
  EXAMPLE_ORDER,
  example,
  orderConfirmed,
  orderPlaced,
  orderRejected,
  type Quantities,
} from '../../saga/examples.ts';
import { CLIENT_SOURCE } from '../../shared/core/message.ts';
import { emptyLevel, evolve, type Inventory, type InventoryInput, type StockLevel } from './state.ts';

type Units = Readonly<Record<string, number>>;

/** These units on hand, nothing held for the order. */
export function stocked(units: Units): Inventory {
  return { reservation: { status: 'none', lines: [] }, stock: new Map(levelsOf(units)) };
}

/** `units` on hand, of which `lines` are held for the order. */
export function holding(lines: Units, units: Units): Inventory {
  return evolve(stocked(units), { type: 'StockReserved', subject: EXAMPLE_ORDER, data: dataOf(lines) });
}

export function sold(lines: Units, units: Units): Inventory {
  return evolve(holding(lines, units), { type: 'StockSold', subject: EXAMPLE_ORDER, data: dataOf(lines) });
}

/** `lines` were held and have been given back; without lines: the compensation came before the order. */
export function released(lines: Units, units: Units): Inventory {
  const before = Object.keys(lines).length === 0 ? stocked(units) : holding(lines, units);
  return evolve(before, { type: 'StockReleased', subject: EXAMPLE_ORDER, data: dataOf(lines) });
}

export function refusedFor(units: Units): Inventory {
  return { ...stocked(units), reservation: { status: 'rejected', lines: [] } };
}

export function receiveStock(productId: string, quantity: number, name: string | null = null) {
  return example(CLIENT_SOURCE, 'ReceiveStock', productId, { productId, quantity, name });
}

export function seedStock(productId: string, quantity: number, name: string | null = null) {
  return example(CLIENT_SOURCE, 'SeedStock', productId, { productId, quantity, name });
}

function levelsOf(units: Units): readonly (readonly [string, StockLevel])[] {
  return Object.entries(units).map(([productId, quantity]) => {
    const level = { ...emptyLevel(productId), received: quantity, onHand: quantity, movements: 1 };
    return [productId, level] as const;
  });
}

function dataOf(lines: Units) {
  return {
    orderId: EXAMPLE_ORDER,
    lines: Object.entries(lines).map(([productId, quantity]) => ({ productId, quantity })),
  };
}

const lamps: Quantities = { lamp: 2 };

/** A situation for each way through the rules. */
export const situations: readonly { readonly state: Inventory; readonly message: InventoryInput }[] = [
  { state: stocked({ lamp: 2 }), message: orderPlaced(lamps) },
  { state: stocked({ lamp: 1 }), message: orderPlaced(lamps) },
  { state: stocked({}), message: orderPlaced(lamps) },
  { state: released({}, { lamp: 2 }), message: orderPlaced(lamps) },
  { state: holding({ lamp: 2 }, { lamp: 2 }), message: orderConfirmed(lamps) },
  { state: stocked({ lamp: 2 }), message: orderConfirmed(lamps) },
  { state: holding({ lamp: 2 }, { lamp: 2 }), message: orderRejected(lamps) },
  { state: stocked({ lamp: 2 }), message: orderRejected(lamps) },
  { state: refusedFor({ lamp: 1 }), message: orderRejected(lamps) },
  { state: stocked({}), message: receiveStock('lamp', 3, 'Lamp') },
  { state: stocked({}), message: seedStock('lamp', 3, 'Lamp') },
];
