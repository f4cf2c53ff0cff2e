import { AppError } from '../../shared/core/errors.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { type FoundOrder, foundIn, orderFacts, orders } from './tables.ts';

/** The order as it is now and its saga; null when there is no such order. */
export async function findOrder(
  { store }: Pick<FunctionContext, 'store'>,
  orderId: string,
): Promise<(FoundOrder & { readonly correlationId: string | null }) | null> {
  const [row] = await store.find({ table: orders, where: { orderId }, limit: 1 });
  if (row === undefined) return null;
  return { ...foundIn(row), correlationId: row.correlationId };
}

/** Like {@link findOrder}. @throws {AppError} 404 when there is no such order. */
export async function existingOrder(context: Pick<FunctionContext, 'store'>, orderId: string) {
  const found = await findOrder(context, orderId);
  if (found === null) throw new AppError('not_found', await missingSentence(context, orderId));
  return found;
}

/** Inventory answers only for orders that are stored: where there is an answer and no order, the order was lost. */
async function missingSentence({ store }: Pick<FunctionContext, 'store'>, orderId: string): Promise<string> {
  const missing = `there is no order ${orderId.slice(0, 64)}`;
  const query = { table: orderFacts, where: { orderId }, orderBy: ['position'], descending: true, limit: 1 } as const;
  const [last] = await store.find(query);
  if (last === undefined) return missing;
  const why = `inventory knows it (${last.message.type}), so it was lost when order was restored from an older copy`;
  return `${missing} any more: ${why}; place it again under this id and with the same lines`;
}
