import { idSchema } from '../../saga/messages.ts';
import { AppError } from '../../shared/core/errors.ts';
import { type AppContext, idempotencyKey, readBody, traceparent } from '../../shared/runtime/http/app.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { commandIdOf, newCommand, submitCommand } from '../../shared/runtime/worker/submit-command.ts';
import { policySchema, receiptSchema, toBody } from './representation.ts';
import type { Inventory, StockLevel } from './state.ts';
import { receipts } from './tables.ts';

/** `POST /stock/{productId}/receipts`. */
export async function receiveStock(c: AppContext, context: FunctionContext): Promise<Response> {
  const key = idempotencyKey(c);
  const productId = productIdOf(c);
  const { quantity, name = null } = await readBody(c, receiptSchema);
  const id = commandIdOf(key, 'POST /stock/receipts');
  const outcome = await submitCommand(c, context, {
    key,
    id,
    draft: { type: 'ReceiveStock', subject: productId, data: { productId, quantity, name } },
    refusedAs: ({ detail }) => new AppError('conflict', detail),
  });
  const isReplay = outcome.kind === 'duplicate';
  const level =
    outcome.kind === 'handled' ? (outcome.state as Inventory).stock.get(productId) : await levelAfter(context, id);
  if (level === undefined)
    throw new AppError('conflict', `the receipt of ${productId} was removed after it was recorded`);
  if (isReplay) c.header('Idempotent-Replayed', 'true');
  c.header('Location', `/stock/${encodeURIComponent(productId)}`);
  return c.json(toBody(level), 201);
}

/** `PUT /stock/{productId}/policy`: a repeat changes nothing, so it needs no idempotency key. */
export async function setPolicy(c: AppContext, context: FunctionContext): Promise<Response> {
  const productId = productIdOf(c);
  const { whenShort } = await readBody(c, policySchema);
  const draft = { type: 'SetStockPolicy', subject: productId, data: { productId, whenShort } };
  const outcome = await context.submit(newCommand(context, draft, { traceparent: traceparent(c) }));
  if (outcome.kind === 'refused') throw new AppError('not_found', outcome.detail);
  const level = outcome.kind === 'handled' ? (outcome.state as Inventory).stock.get(productId) : undefined;
  if (level === undefined) throw new AppError('conflict', `the policy of ${productId} was not set`);
  return c.json(toBody(level));
}

/** The stock level right after a receipt was first recorded. */
async function levelAfter({ store }: FunctionContext, messageId: string): Promise<StockLevel | undefined> {
  const [receipt] = await store.find({ table: receipts, where: { messageId }, limit: 1 });
  return receipt?.level;
}

function productIdOf(c: AppContext): string {
  const product = idSchema.safeParse(c.req.param('productId'));
  if (!product.success) throw new AppError('not_found', 'no product can have this id');
  return product.data;
}
