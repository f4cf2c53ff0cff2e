import type { Message } from '../shared/core/message.ts';

export type Outcome = 'running' | 'completed' | 'compensated';

/**
 * The outcome of the saga of one order, from all published messages about it, in any order of arrival. `completed`:
 * confirmed and its stock sold. `compensated`: rejected or cancelled, and nothing is held, sold or waited for;
 * inventory has said so. Otherwise still `running`.
 */
export function outcomeOf(messages: readonly Message[]): Outcome {
  const types = new Set(messages.map(({ type }) => type));
  if (types.has('OrderRejected') || types.has('OrderCancelled')) return isUndone(types) ? 'compensated' : 'running';
  return types.has('OrderConfirmed') && types.has('StockSold') ? 'completed' : 'running';
}

function isUndone(types: ReadonlySet<string>): boolean {
  if (types.has('StockSold')) return types.has('StockReturned');
  return types.has('StockRejected') || types.has('StockReleased');
}
