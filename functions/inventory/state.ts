import type { DraftOf, Line, MessageOf } from '../../saga/messages.ts';
import { assertNever } from '../../shared/core/assert.ts';

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
}

/** What inventory holds for an order. `released` may come before anything was held: a tombstone for the late order. */
export type ReservationStatus = 'none' | 'held' | 'sold' | 'released' | 'rejected';

export interface Inventory {
  readonly reservation: { readonly status: ReservationStatus; readonly lines: readonly Line[] };
  /** The products that the message names; one that inventory does not know is missing. */
  readonly stock: ReadonlyMap<string, StockLevel>;
}

export type InventoryInput = MessageOf<
  'OrderPlaced' | 'OrderConfirmed' | 'OrderRejected' | 'ReceiveStock' | 'SeedStock'
>;
export type InventoryEvent = DraftOf<
  'StockReserved' | 'StockRejected' | 'StockSold' | 'StockReleased' | 'StockReceived'
>;

export function evolve(inventory: Inventory, event: InventoryEvent): Inventory {
  switch (event.type) {
    case 'StockReserved':
      return moved(inventory, 'held', event.data.lines, (level, quantity) => ({
        ...level,
        reserved: level.reserved + quantity,
      }));
    case 'StockSold':
      return moved(inventory, 'sold', event.data.lines, (level, quantity) => ({
        ...level,
        reserved: level.reserved - quantity,
        onHand: level.onHand - quantity,
        sold: level.sold + quantity,
      }));
    case 'StockReleased':
      return moved(inventory, 'released', event.data.lines, (level, quantity) => ({
        ...level,
        reserved: level.reserved - quantity,
      }));
    case 'StockRejected':
      return { ...inventory, reservation: { status: 'rejected', lines: [] } };
    case 'StockReceived':
      return received(inventory, event.data);
    default:
      return assertNever(event);
  }
}

export function available({ onHand, reserved }: StockLevel): number {
  return onHand - reserved;
}

export function emptyLevel(productId: string): StockLevel {
  return { productId, name: null, received: 0, onHand: 0, reserved: 0, sold: 0, movements: 0 };
}

function received(inventory: Inventory, { productId, quantity, name }: InventoryEventData<'StockReceived'>): Inventory {
  const level = inventory.stock.get(productId) ?? emptyLevel(productId);
  const stock = new Map(inventory.stock).set(productId, {
    ...level,
    name: name ?? level.name,
    received: level.received + quantity,
    onHand: level.onHand + quantity,
    movements: level.movements + 1,
  });
  return { ...inventory, stock };
}

type InventoryEventData<Type extends InventoryEvent['type']> = Extract<InventoryEvent, { type: Type }>['data'];

function moved(
  inventory: Inventory,
  status: ReservationStatus,
  lines: readonly Line[],
  move: (level: StockLevel, quantity: number) => StockLevel,
): Inventory {
  const stock = new Map(inventory.stock);
  for (const { productId, quantity } of lines) {
    const level = stock.get(productId) ?? emptyLevel(productId);
    stock.set(productId, { ...move(level, quantity), movements: level.movements + 1 });
  }
  return { reservation: { status, lines }, stock };
}
