import type { DraftOf, Line, MessageOf, ShortagePolicy } from '../../saga/messages.ts';
import { assertNever } from '../../shared/core/assert.ts';
import type { Refusal } from '../../shared/core/message.ts';

/** The stock level of one product. Always `received = onHand + sold` and `0 ≤ reserved ≤ onHand`. */
export interface StockLevel {
  readonly productId: string;
  readonly name: string | null;
  /** Units received so far, with corrections. */
  readonly received: number;
  readonly onHand: number;
  readonly reserved: number;
  readonly sold: number;
  /** Sum of the corrections so far, which may be negative. */
  readonly corrected: number;
  /** Number of movements so far. */
  readonly movements: number;
  readonly whenShort: ShortagePolicy;
  /** Units that waiting orders ask for of this product while they are short of it. */
  readonly backordered: number;
}

/**
 * What inventory holds for an order. `waiting`: nothing is held, the order is in the queue of each of its products, and
 * arriving units of those that it is short of are set aside for it. `released` without lines: a tombstone. The compensation came before the order, and the late order is `refused`.
 */
export type ReservationStatus = 'none' | 'held' | 'waiting' | 'sold' | 'released' | 'returned' | 'rejected' | 'refused';

export interface Reservation {
  readonly status: ReservationStatus;
  /** What is or was held or waited for. */
  readonly lines: readonly Line[];
  /** The products that the order is short of; absent unless it waits. It keeps units of these from later orders. */
  readonly shortOf?: readonly string[];
}

export interface Inventory {
  readonly reservation: Reservation;
  /** The products that the message names, without unknown ones. */
  readonly stock: ReadonlyMap<string, StockLevel>;
}

export type InventoryInput = MessageOf<
  | 'OrderPlaced'
  | 'OrderConfirmed'
  | 'OrderRejected'
  | 'OrderCancelled'
  | 'FillBackorder'
  | 'ReceiveStock'
  | 'SeedStock'
  | 'CorrectStock'
  | 'SetStockPolicy'
>;
export type InventoryEvent = DraftOf<
  | 'StockReserved'
  | 'StockBackordered'
  | 'StockRejected'
  | 'StockSold'
  | 'StockReleased'
  | 'StockReturned'
  | 'ReservationRefused'
  | 'StockReceived'
  | 'StockCorrected'
  | 'StockPolicySet'
>;
export type InventoryOutput = InventoryEvent | Refusal<'product_unknown' | 'stock_short'>;

export function evolve(inventory: Inventory, event: InventoryEvent): Inventory {
  switch (event.type) {
    case 'StockReserved':
      return moved(outOfQueue(inventory), { status: 'held', lines: event.data.lines }, event.data.lines, reserve);
    case 'StockBackordered':
      return queued(inventory, event.data);
    case 'StockSold':
      return moved(inventory, { status: 'sold', lines: event.data.lines }, event.data.lines, sell);
    case 'StockReleased': {
      const { lines } = inventory.reservation;
      return moved(outOfQueue(inventory), { status: 'released', lines }, event.data.lines, release);
    }
    case 'StockReturned':
      return moved(inventory, { status: 'returned', lines: event.data.lines }, event.data.lines, takeBack);
    case 'StockRejected':
      return { ...inventory, reservation: { status: 'rejected', lines: [] } };
    case 'ReservationRefused':
      return { ...inventory, reservation: { status: 'refused', lines: [] } };
    case 'StockReceived':
      return received(inventory, event.data);
    case 'StockCorrected':
      return corrected(inventory, event.data);
    case 'StockPolicySet': {
      const { productId, whenShort } = event.data;
      return withLevel(inventory, { ...levelOf(inventory, productId), whenShort });
    }
    default:
      return assertNever(event);
  }
}

/** Units on hand that no order holds. */
export function unreserved({ onHand, reserved }: StockLevel): number {
  return onHand - reserved;
}

/** Units on hand that no order holds, and that only orders which wait for this product may take. */
export function setAside(level: StockLevel): number {
  return Math.min(unreserved(level), level.backordered);
}

/** Units that a new order can take. Always `onHand = available + setAside + reserved`. */
export function available(level: StockLevel): number {
  return unreserved(level) - setAside(level);
}

export function emptyLevel(productId: string): StockLevel {
  return {
    productId,
    name: null,
    received: 0,
    onHand: 0,
    reserved: 0,
    sold: 0,
    corrected: 0,
    movements: 0,
    whenShort: 'reject',
    backordered: 0,
  };
}

/** The change of a stock level when one unit moves. */
type Move = Readonly<Record<'onHand' | 'reserved' | 'sold', -1 | 0 | 1>>;

const reserve: Move = { onHand: 0, reserved: 1, sold: 0 };
const release: Move = { onHand: 0, reserved: -1, sold: 0 };
const sell: Move = { onHand: -1, reserved: -1, sold: 1 };
const takeBack: Move = { onHand: 1, reserved: 0, sold: -1 };

/** Each line is a movement of its product. */
function moved(inventory: Inventory, reservation: Reservation, lines: readonly Line[], move: Move): Inventory {
  const stock = new Map(inventory.stock);
  for (const { productId, quantity } of lines) {
    stock.set(productId, after(levelOf({ stock }, productId), quantity, move));
  }
  return { reservation, stock };
}

// Written out, not spread: this runs for each line of every order.
function after(level: StockLevel, quantity: number, move: Move): StockLevel {
  return {
    productId: level.productId,
    name: level.name,
    received: level.received,
    onHand: level.onHand + move.onHand * quantity,
    reserved: level.reserved + move.reserved * quantity,
    sold: level.sold + move.sold * quantity,
    corrected: level.corrected,
    movements: level.movements + 1,
    whenShort: level.whenShort,
    backordered: level.backordered,
  };
}

/** The order waits, or waits on and is short of other products than before. */
function queued(inventory: Inventory, { lines, productIds }: EventData<'StockBackordered'>): Inventory {
  const reservation = { status: 'waiting', lines, shortOf: productIds } as const;
  return { reservation, stock: withBackordered(outOfQueue(inventory), shortLines(reservation), 1) };
}

function outOfQueue(inventory: Inventory): Inventory {
  if (inventory.reservation.status !== 'waiting') return inventory;
  return { ...inventory, stock: withBackordered(inventory, shortLines(inventory.reservation), -1) };
}

function shortLines({ lines, shortOf = [] }: Reservation): readonly Line[] {
  return lines.filter(({ productId }) => shortOf.includes(productId));
}

function withBackordered(inventory: Inventory, lines: readonly Line[], sign: 1 | -1): Inventory['stock'] {
  const stock = new Map(inventory.stock);
  for (const { productId, quantity } of lines) {
    const level = levelOf(inventory, productId);
    stock.set(productId, { ...level, backordered: level.backordered + sign * quantity });
  }
  return stock;
}

function received(inventory: Inventory, { productId, quantity, name }: EventData<'StockReceived'>): Inventory {
  const level = levelOf(inventory, productId);
  return withLevel(inventory, {
    ...level,
    name: name ?? level.name,
    received: level.received + quantity,
    onHand: level.onHand + quantity,
    movements: level.movements + 1,
  });
}

function corrected(inventory: Inventory, { productId, quantity }: EventData<'StockCorrected'>): Inventory {
  const level = levelOf(inventory, productId);
  return withLevel(inventory, {
    ...level,
    received: level.received + quantity,
    onHand: level.onHand + quantity,
    corrected: level.corrected + quantity,
    movements: level.movements + 1,
  });
}

type EventData<Type extends InventoryEvent['type']> = Extract<InventoryEvent, { type: Type }>['data'];

function withLevel(inventory: Inventory, level: StockLevel): Inventory {
  return { ...inventory, stock: new Map(inventory.stock).set(level.productId, level) };
}

function levelOf({ stock }: Pick<Inventory, 'stock'>, productId: string): StockLevel {
  return stock.get(productId) ?? emptyLevel(productId);
}
