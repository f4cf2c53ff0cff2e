export const orderStatuses = ['placed', 'backordered', 'reserved', 'confirmed', 'rejected', 'cancelled'] as const;
export type OrderStatus = (typeof orderStatuses)[number];

/**
 * The legal changes of an order's status and the event that makes each. Links of the API and the drawing of the saga are
 * made from it; `orderStatuses` names more because clients may rely on the whole list.
 */
export const transitions = [
  { from: null, event: 'OrderPlaced', to: 'placed' },
  { from: 'placed', event: 'OrderConfirmed', to: 'confirmed' },
  { from: 'placed', event: 'OrderRejected', to: 'rejected' },
] as const satisfies readonly { from: OrderStatus | null; event: string; to: OrderStatus }[];

export type OrderEventType = (typeof transitions)[number]['event'];

/** The status after `event`, or null where that event is not allowed in this status. `from` is null before the order is. */
export function statusAfter(from: OrderStatus | null, event: OrderEventType): OrderStatus | null {
  return transitions.find((row) => row.from === from && row.event === event)?.to ?? null;
}

/** Whether nothing can happen to the order any more. */
export function isFinal(status: OrderStatus): boolean {
  return !transitions.some((row) => row.from === status);
}
