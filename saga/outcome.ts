import type { Message } from '../shared/core/message.ts';

export type Outcome = 'running' | 'completed' | 'compensated';

/**
 * How the saga of one order stands, from all that was published about it, in any order of arrival.
 * `completed`: confirmed and its stock sold. `compensated`: rejected and nothing held. Otherwise still `running`.
 */
export function outcomeOf(messages: readonly Message[]): Outcome {
  const types = new Set(messages.map(({ type }) => type));
  if (types.has('OrderConfirmed')) return types.has('StockSold') ? 'completed' : 'running';
  if (!types.has('OrderRejected')) return 'running';
  return types.has('StockReserved') && !types.has('StockReleased') ? 'running' : 'compensated';
}
