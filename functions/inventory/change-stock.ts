import { type DataOf, idSchema } from '../../saga/messages.ts';
import { AppError } from '../../shared/core/errors.ts';
import { type AppContext, idempotencyKey, readBody, traceparent } from '../../shared/runtime/http/app.ts';
import { answerChange, PRECONDITION_FAILED, preconditionOf } from '../../shared/runtime/http/conditional.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { commandIdOf, newCommand, submitCommand } from '../../shared/runtime/worker/submit-command.ts';
import { correctionSchema, policySchema, receiptSchema, type StockBody, toBody } from './representation.ts';
import type { Inventory, StockLevel } from './state.ts';
import { receipts } from './tables.ts';

/** `POST /stock/{productId}/receipts`. */
export async function receiveStock(c: AppContext, context: FunctionContext): Promise<Response> {
  const key = idempotencyKey(c);
  const productId = productIdOf(c);
  const { quantity, name = null } = await readBody(c, receiptSchema);
  return record(c, context, key, { type: 'ReceiveStock', data: { productId, quantity, name } });
}

/** `POST /stock/{productId}/corrections`. */
export async function correctStock(c: AppContext, context: FunctionContext): Promise<Response> {
  const key = idempotencyKey(c);
  const productId = productIdOf(c);
  const { quantity, reason } = await readBody(c, correctionSchema);
  return record(c, context, key, { type: 'CorrectStock', data: { productId, quantity, reason } });
}

type StockCommand =
  | { readonly type: 'ReceiveStock'; readonly data: DataOf<'ReceiveStock'> }
  | { readonly type: 'CorrectStock'; readonly data: DataOf<'CorrectStock'> };

/** Commits the command and answers with the stock right after it, also when the request is repeated with its key. */
async function record(
  c: AppContext,
  context: FunctionContext,
  key: string | null,
  { type, data }: StockCommand,
): Promise<Response> {
  const { productId } = data;
  const what = type === 'ReceiveStock' ? 'receipt' : 'correction';
  const id = commandIdOf(key, `POST /stock/${what}s`);
  const outcome = await submitCommand(c, context, {
    key,
    id,
    draft: { type, subject: productId, data },
    precondition: preconditionOf(c, (state) => bodyIn(state, productId) ?? (what === 'receipt' ? null : undefined)),
    refusedAs: ({ code, detail }) => new AppError(code === 'product_unknown' ? 'not_found' : 'conflict', detail),
  });
  const level =
    outcome.kind === 'handled' ? (outcome.state as Inventory).stock.get(productId) : await levelAfter(context, id);
  if (level === undefined) {
    throw new AppError('conflict', `the ${what} of ${productId} was removed after it was recorded`);
  }
  if (outcome.kind === 'duplicate') c.header('Idempotent-Replayed', 'true');
  c.header('Location', `/stock/${encodeURIComponent(productId)}`);
  return answerChange(c, toBody(level), 201);
}

/** `PUT /stock/{productId}/policy`: a repeat changes nothing, so it needs no idempotency key. */
export async function setPolicy(c: AppContext, context: FunctionContext): Promise<Response> {
  const productId = productIdOf(c);
  const { whenShort } = await readBody(c, policySchema);
  const draft = { type: 'SetStockPolicy', subject: productId, data: { productId, whenShort } };
  const precondition = preconditionOf(c, (state) => bodyIn(state, productId));
  const command = newCommand(context, draft, { traceparent: traceparent(c) });
  const outcome = await context.submit(command, { precondition });
  if (outcome.kind === 'refused') {
    throw new AppError(outcome.code === PRECONDITION_FAILED ? 'precondition_failed' : 'not_found', outcome.detail);
  }
  const level = outcome.kind === 'handled' ? (outcome.state as Inventory).stock.get(productId) : undefined;
  if (level === undefined) throw new AppError('conflict', `the policy of ${productId} was not set`);
  return answerChange(c, toBody(level));
}

/** The stock level right after a receipt or a correction was first recorded. */
async function levelAfter({ store }: FunctionContext, messageId: string): Promise<StockLevel | undefined> {
  const [receipt] = await store.find({ table: receipts, where: { messageId }, limit: 1 });
  return receipt?.level;
}

/** What a read of this product would answer; undefined where there is no such product. */
function bodyIn(state: unknown, productId: string): StockBody | undefined {
  const level = (state as Inventory).stock.get(productId);
  return level === undefined ? undefined : toBody(level);
}

function productIdOf(c: AppContext): string {
  const product = idSchema.safeParse(c.req.param('productId'));
  if (!product.success) throw new AppError('not_found', 'no product can have this id');
  return product.data;
}
