import { v7 as uuidv7 } from 'uuid';
import { idSchema, SCHEMA_VERSION } from '../../saga/messages.ts';
import { AppError } from '../../shared/core/errors.ts';
import { command, type Draft, type Message, namedId } from '../../shared/core/message.ts';
import { type AppContext, idempotencyKey, readBody, traceparent } from '../../shared/runtime/http/app.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { policySchema, receiptSchema, toBody } from './representation.ts';
import type { Inventory, StockLevel } from './state.ts';
import { receipts } from './tables.ts';

/** `POST /stock/{productId}/receipts`. */
export async function receiveStock(c: AppContext, context: FunctionContext): Promise<Response> {
  const key = idempotencyKey(c);
  const productId = productIdOf(c);
  const { quantity, name = null } = await readBody(c, receiptSchema);
  const id = key === null ? uuidv7() : namedId(`POST /stock/receipts ${key}`);
  const draft = { type: 'ReceiveStock', subject: productId, data: { productId, quantity, name } };
  const outcome = await context.submit(commandOf(c, context, id, draft), { deduplicate: key !== null });
  if (outcome.kind === 'id_reused') {
    throw new AppError('idempotency_key_reused', `the Idempotency-Key ${key} was used before with another receipt`);
  }
  const isReplay = outcome.kind === 'duplicate';
  const level =
    outcome.kind === 'handled' ? (outcome.state as Inventory).stock.get(productId) : await first(context, id);
  if (level === undefined)
    throw new AppError('conflict', `the receipt of ${productId} was removed after it was booked`);
  if (isReplay) c.header('Idempotent-Replayed', 'true');
  c.header('Location', `/stock/${encodeURIComponent(productId)}`);
  return c.json(toBody(level), 201);
}

/** `PUT /stock/{productId}/policy`: says the same twice and changes nothing the second time, so it needs no key. */
export async function setPolicy(c: AppContext, context: FunctionContext): Promise<Response> {
  const productId = productIdOf(c);
  const { whenShort } = await readBody(c, policySchema);
  const draft = { type: 'SetStockPolicy', subject: productId, data: { productId, whenShort } };
  const outcome = await context.submit(commandOf(c, context, uuidv7(), draft));
  if (outcome.kind === 'refused') throw new AppError('not_found', outcome.detail);
  const level = outcome.kind === 'handled' ? (outcome.state as Inventory).stock.get(productId) : undefined;
  if (level === undefined) throw new AppError('conflict', `the policy of ${productId} was not set`);
  return c.json(toBody(level));
}

function commandOf(c: AppContext, { clock }: FunctionContext, id: string, draft: Draft): Message {
  const time = new Date(clock.nowMs()).toISOString();
  return command(draft, { id, time, schemaversion: SCHEMA_VERSION, traceparent: traceparent(c) });
}

/** The books as they were right after a receipt was first reported. */
async function first({ store }: FunctionContext, messageId: string): Promise<StockLevel | undefined> {
  const [receipt] = await store.find({ table: receipts, where: { messageId }, limit: 1 });
  return receipt?.level;
}

function productIdOf(c: AppContext): string {
  const product = idSchema.safeParse(c.req.param('productId'));
  if (!product.success) throw new AppError('not_found', 'there can be no product with this id');
  return product.data;
}
