import { AppError } from '../../shared/core/errors.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { type FoundOrder, foundIn, orders } from './tables.ts';

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
  if (found === null) throw new AppError('not_found', `there is no order ${orderId.slice(0, 64)}`);
  return found;
}
