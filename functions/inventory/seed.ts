import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { newCommand } from '../../shared/runtime/worker/submit-command.ts';
import { stock } from './tables.ts';

export interface SeedProduct {
  readonly productId: string;
  readonly name: string;
  /** Units of the first stock. */
  readonly quantity: number;
}

/** Gives each product its first stock; known products stay unchanged. Returns the ids of all products. */
export async function seedStock(
  context: FunctionContext,
  products: readonly SeedProduct[],
): Promise<readonly string[]> {
  const drafts = products.map((data) => ({ type: 'SeedStock', subject: data.productId, data }));
  await Promise.all(drafts.map((draft) => context.submit(newCommand(context, draft))));
  return products.map(({ productId }) => productId);
}

/** Whether inventory knows no product. */
export async function isEmpty({ store }: FunctionContext): Promise<boolean> {
  return (await store.find({ table: stock, limit: 1 })).length === 0;
}
