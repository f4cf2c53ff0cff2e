import { v7 as uuidv7 } from 'uuid';
import { SCHEMA_VERSION } from '../../saga/messages.ts';
import { command } from '../../shared/core/message.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { stock } from './tables.ts';

export interface SeedProduct {
  readonly productId: string;
  readonly name: string;
  /** Units it starts with. */
  readonly quantity: number;
}

/** Gives each product its first stock; changes nothing for products that are known. Gives the ids of all of them. */
export async function seedStock(
  context: FunctionContext,
  products: readonly SeedProduct[],
): Promise<readonly string[]> {
  const time = new Date(context.clock.nowMs()).toISOString();
  await Promise.all(
    products.map((data) =>
      context.submit(
        command(
          { type: 'SeedStock', subject: data.productId, data },
          { id: uuidv7(), time, schemaversion: SCHEMA_VERSION },
        ),
      ),
    ),
  );
  return products.map(({ productId }) => productId);
}

/** Whether inventory knows no product at all. */
export async function isEmpty({ store }: FunctionContext): Promise<boolean> {
  return (await store.find({ table: stock, limit: 1 })).length === 0;
}
