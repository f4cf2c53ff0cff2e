import type { DraftOf, Line, MessageOf, ShortagePolicy } from '../../saga/messages.ts';
import { assertNever } from '../../shared/core/assert.ts';
import type { Refusal } from '../../shared/core/message.ts';

/** The books of one product. Always `received = onHand + sold` and `0 ≤ reserved ≤ onHand`. */
export interface StockLevel {
  readonly productId: string;
  readonly name: string | null;
  readonly received: number;
  readonly onHand: number;
  readonly reserved: number;
  readonly sold: number;
  /** How many movements led here. */
  readonly movements: number;
  readonly whenShort: ShortagePolicy;
  /** Units that waiting orders ask for. */
  readonly backordered: number;
}

/**
 * What inventory holds for an order. `waiting`: it holds nothing, and the order is in the queue of each of its products.
 * `released` without lines came before anything was held or waited for: a tombstone, at which the late order is `refused`.
 */
export type ReservationStatus = 'none' | 'held' | 'waiting' | 'sold' | 'released' | 'returned' | 'rejected' | 'refused';

export interface Reservation {
  readonly status: ReservationStatus;
  /** What is or was held or waited for. */
  readonly lines: readonly Line[];
}

export interface Inventory {
  readonly reservation: Reservation;
  /** The products that the message names; one that inventory does not know is missing. */
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
  | 'StockPolicySet'
>;
export type InventoryOutput = InventoryEvent | Refusal<'product_unknown'>;

export function evolve(inventory: Inventory, event: InventoryEvent): Inventory {
  switch (event.type) {
    case 'StockReserved':
      return moved(outOfQueue(inventory), { status: 'held', lines: event.data.lines }, event.data.lines, reserve);
    case 'StockBackordered':
      return queued(inventory, event.data.lines);
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
    case 'StockPolicySet': {
      const { productId, whenShort } = event.data;
      return withLevel(inventory, { ...levelOf(inventory, productId), whenShort });
    }
    default:
      return assertNever(event);
  }
}

/** Units that nobody holds. */
export function available({ onHand, reserved }: StockLevel): number {
  return onHand - reserved;
}

/** Units that an order may take that comes now: nobody takes what somebody who came earlier waits for. */
export function free(level: StockLevel): number {
  return Math.max(0, available(level) - level.backordered);
}

export function emptyLevel(productId: string): StockLevel {
  return {
    productId,
    name: null,
    received: 0,
    onHand: 0,
    reserved: 0,
    sold: 0,
    movements: 0,
    whenShort: 'reject',
    backordered: 0,
  };
}

/** What it does to the books of a product when one unit moves. */
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

// Written out, not spread: it runs for each line of every order.
function after(level: StockLevel, quantity: number, move: Move): StockLevel {
  return {
    productId: level.productId,
    name: level.name,
    received: level.received,
    onHand: level.onHand + move.onHand * quantity,
    reserved: level.reserved + move.reserved * quantity,
    sold: level.sold + move.sold * quantity,
    movements: level.movements + 1,
    whenShort: level.whenShort,
    backordered: level.backordered,
  };
}

function queued(inventory: Inventory, lines: readonly Line[]): Inventory {
  return { reservation: { status: 'waiting', lines }, stock: withBackordered(inventory, lines, 1) };
}

function outOfQueue(inventory: Inventory): Inventory {
  if (inventory.reservation.status !== 'waiting') return inventory;
  return { ...inventory, stock: withBackordered(inventory, inventory.reservation.lines, -1) };
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

type EventData<Type extends InventoryEvent['type']> = Extract<InventoryEvent, { type: Type }>['data'];

function withLevel(inventory: Inventory, level: StockLevel): Inventory {
  return { ...inventory, stock: new Map(inventory.stock).set(level.productId, level) };
}

function levelOf({ stock }: Pick<Inventory, 'stock'>, productId: string): StockLevel {
  return stock.get(productId) ?? emptyLevel(productId);
}
