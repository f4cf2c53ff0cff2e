import {
  EXAMPLE_END,
  EXAMPLE_ORDER,
  example,
  orderCancelled,
  orderConfirmed,
  orderPlaced,
  orderRejected,
  type Quantities,
} from '../../saga/examples.ts';
import type { Line, ShortagePolicy } from '../../saga/messages.ts';
import { CLIENT_SOURCE, REFUSED } from '../../shared/core/message.ts';
import { decide } from './decide.ts';
import {
  emptyLevel,
  evolve,
  type Inventory,
  type InventoryEvent,
  type InventoryInput,
  type InventoryOutput,
  type StockLevel,
} from './state.ts';

type Units = Readonly<Record<string, number>>;

/** These units on hand, nothing held for the order. */
export function stocked(units: Units): Inventory {
  return { reservation: { status: 'none', lines: [] }, stock: new Map(levelsOf(units)) };
}

/** The same inventory, with the policy `wait` for these products. */
export function withWaitPolicy(inventory: Inventory, ...productIds: readonly string[]): Inventory {
  const stock = new Map(inventory.stock);
  for (const productId of productIds) {
    stock.set(productId, { ...(stock.get(productId) ?? emptyLevel(productId)), whenShort: 'wait' });
  }
  return { ...inventory, stock };
}

/** The same inventory, in which earlier orders wait for these units. */
export function backordered(inventory: Inventory, units: Units): Inventory {
  const waiting = { ...inventory, reservation: { status: 'none', lines: [] } } as const;
  const data = { ...dataOf(units), productIds: Object.keys(units) };
  const { stock } = evolve(waiting, { type: 'StockBackordered', subject: 'ORDER_1', data });
  return { ...inventory, stock };
}

/** `units` on hand of products with the policy `wait`; the order waits for `lines` and is short of `productIds`. */
export function waiting(lines: Units, units: Units, productIds = Object.keys(lines)): Inventory {
  const data = { ...dataOf(lines), productIds };
  const before = withWaitPolicy(stocked(units), ...Object.keys(units));
  return evolve(before, { type: 'StockBackordered', subject: EXAMPLE_ORDER, data });
}

/** `lines` were sold and returned. */
export function returned(lines: Units, units: Units): Inventory {
  return evolve(sold(lines, units), { type: 'StockReturned', subject: EXAMPLE_ORDER, data: givenBack(lines) });
}

/** The order came after its compensation. */
export function refused(units: Units): Inventory {
  const data = { orderId: EXAMPLE_ORDER };
  return evolve(released({}, units), { type: 'ReservationRefused', subject: EXAMPLE_ORDER, data });
}

/** `units` on hand, of which `lines` are held for the order. */
export function holding(lines: Units, units: Units): Inventory {
  return evolve(stocked(units), { type: 'StockReserved', subject: EXAMPLE_ORDER, data: dataOf(lines) });
}

export function sold(lines: Units, units: Units): Inventory {
  return evolve(holding(lines, units), { type: 'StockSold', subject: EXAMPLE_ORDER, data: dataOf(lines) });
}

/** `lines` were held and released; without lines: the compensation came before the order. */
export function released(lines: Units, units: Units): Inventory {
  const before = Object.keys(lines).length === 0 ? stocked(units) : holding(lines, units);
  return evolve(before, { type: 'StockReleased', subject: EXAMPLE_ORDER, data: givenBack(lines) });
}

export function rejectedWith(units: Units): Inventory {
  return { ...stocked(units), reservation: { status: 'rejected', lines: [] } };
}

export function receiveStock(productId: string, quantity: number, name: string | null = null) {
  return example(CLIENT_SOURCE, 'ReceiveStock', productId, { productId, quantity, name });
}

export function seedStock(productId: string, quantity: number, name: string | null = null) {
  return example(CLIENT_SOURCE, 'SeedStock', productId, { productId, quantity, name });
}

export function correctStock(productId: string, quantity: number, reason = 'counted again') {
  return example(CLIENT_SOURCE, 'CorrectStock', productId, { productId, quantity, reason });
}

export function setStockPolicy(productId: string, whenShort: ShortagePolicy) {
  return example(CLIENT_SOURCE, 'SetStockPolicy', productId, { productId, whenShort });
}

/** The turn of a waiting order; `ahead` is what the orders before it still wait for. */
export function fillBackorder(lines: Units, ahead: Units = {}) {
  const data = { orderId: EXAMPLE_ORDER, lines: linesOf(lines), ahead: linesOf(ahead) };
  return example(CLIENT_SOURCE, 'FillBackorder', EXAMPLE_ORDER, data);
}

function levelsOf(units: Units): readonly (readonly [string, StockLevel])[] {
  return Object.entries(units).map(([productId, quantity]) => {
    const level = { ...emptyLevel(productId), received: quantity, onHand: quantity, movements: 1 };
    return [productId, level] as const;
  });
}

function dataOf(lines: Units) {
  return { orderId: EXAMPLE_ORDER, lines: linesOf(lines) };
}

function givenBack(lines: Units) {
  return { ...dataOf(lines), because: EXAMPLE_END };
}

function linesOf(units: Units): Line[] {
  return Object.entries(units).map(([productId, quantity]) => ({ productId, quantity }));
}

const lamps: Quantities = { lamp: 2 };

/** The inventory after these messages; a refusal changes nothing. */
export function stateAfter(inventory: Inventory, ...messages: readonly InventoryInput[]): Inventory {
  return messages.reduce((state, message) => decide(state, message).filter(isEvent).reduce(evolve, state), inventory);
}

function isEvent(output: InventoryOutput): output is InventoryEvent {
  return output.type !== REFUSED;
}

/** One situation for each branch of the rules. */
export const situations: readonly { readonly state: Inventory; readonly message: InventoryInput }[] = [
  { state: stocked({ lamp: 2 }), message: orderPlaced(lamps) },
  { state: stocked({ lamp: 1 }), message: orderPlaced(lamps) },
  { state: stocked({}), message: orderPlaced(lamps) },
  { state: released({}, { lamp: 2 }), message: orderPlaced(lamps) },
  { state: holding({ lamp: 2 }, { lamp: 2 }), message: orderConfirmed(lamps) },
  { state: stocked({ lamp: 2 }), message: orderConfirmed(lamps) },
  { state: holding({ lamp: 2 }, { lamp: 2 }), message: orderRejected(lamps) },
  { state: stocked({ lamp: 2 }), message: orderRejected(lamps) },
  { state: rejectedWith({ lamp: 1 }), message: orderRejected(lamps) },
  { state: rejectedWith({ lamp: 2 }), message: orderConfirmed(lamps) },
  { state: rejectedWith({ lamp: 1 }), message: orderCancelled(lamps) },
  { state: sold({ lamp: 2 }, { lamp: 2 }), message: orderRejected(lamps) },
  { state: withWaitPolicy(stocked({ lamp: 1 }), 'lamp'), message: orderPlaced(lamps) },
  { state: waiting({ lamp: 2 }, { lamp: 2 }), message: fillBackorder({ lamp: 2 }) },
  { state: waiting({ lamp: 2 }, { lamp: 2 }), message: orderRejected(lamps) },
  { state: waiting({ lamp: 2, chair: 1 }, { lamp: 2, chair: 0 }), message: fillBackorder({ lamp: 2, chair: 1 }) },
  { state: holding({ lamp: 2 }, { lamp: 2 }), message: orderCancelled(lamps) },
  { state: sold({ lamp: 2 }, { lamp: 2 }), message: orderCancelled(lamps) },
  { state: stocked({ lamp: 2 }), message: orderCancelled(lamps) },
  { state: stocked({ lamp: 2 }), message: setStockPolicy('lamp', 'wait') },
  { state: stocked({}), message: setStockPolicy('lamp', 'wait') },
  { state: stocked({}), message: receiveStock('lamp', 3, 'Lamp') },
  { state: stocked({ lamp: 3 }), message: correctStock('lamp', -3) },
  { state: holding({ lamp: 2 }, { lamp: 3 }), message: correctStock('lamp', -2) },
  { state: stocked({}), message: correctStock('lamp', 1) },
  { state: stocked({}), message: seedStock('lamp', 3, 'Lamp') },
];
