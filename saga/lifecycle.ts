/** The statuses of an order, the same in rules, rows, answers and filters. Clients may rely on the whole list. */
export const orderStatuses = ['placed', 'backordered', 'confirmed', 'dispatched', 'rejected', 'cancelled'] as const;
export type OrderStatus = (typeof orderStatuses)[number];

/**
 * The legal changes of an order and the event that makes each. Links of the API and the diagram of the saga are made
 * from it.
 */
export const transitions = [
  { from: null, event: 'OrderPlaced', to: 'placed' },
  { from: 'placed', event: 'OrderBackordered', to: 'backordered' },
  { from: 'placed', event: 'OrderConfirmed', to: 'confirmed' },
  { from: 'placed', event: 'OrderRejected', to: 'rejected' },
  { from: 'placed', event: 'OrderCancelled', to: 'cancelled' },
  { from: 'backordered', event: 'OrderConfirmed', to: 'confirmed' },
  { from: 'backordered', event: 'OrderRejected', to: 'rejected' },
  { from: 'backordered', event: 'OrderCancelled', to: 'cancelled' },
  { from: 'confirmed', event: 'OrderCancelled', to: 'cancelled' },
  { from: 'confirmed', event: 'OrderDispatched', to: 'dispatched' },
] as const satisfies readonly { from: OrderStatus | null; event: string; to: OrderStatus }[];

export type OrderEventType = (typeof transitions)[number]['event'];

/** The commands of clients to an order, by the last part of their path, with the event of each. */
export const orderCommands = {
  cancel: 'OrderCancelled',
  dispatch: 'OrderDispatched',
} as const satisfies Record<string, OrderEventType>;
export type OrderCommand = keyof typeof orderCommands;

/** Statuses of an order whose outcome is not known yet. */
const openStatuses: readonly OrderStatus[] = ['placed', 'backordered'];

/**
 * The status after `event`, or null where that event is not allowed in this status. `from` is null before the order is.
 */
export function statusAfter(from: OrderStatus | null, event: OrderEventType): OrderStatus | null {
  return transitions.find((row) => row.from === from && row.event === event)?.to ?? null;
}

/** Whether the order has an outcome: it is confirmed, dispatched, rejected or cancelled. */
export function hasOutcome(status: OrderStatus): boolean {
  return !openStatuses.includes(status);
}

/** The commands that an order in this status allows. */
export function commandsIn(status: OrderStatus): readonly OrderCommand[] {
  const commands = Object.keys(orderCommands) as OrderCommand[];
  return commands.filter((command) => statusAfter(status, orderCommands[command]) !== null);
}
