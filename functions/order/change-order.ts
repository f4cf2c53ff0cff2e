import { v7 as uuidv7 } from 'uuid';
import type { OrderCommand } from '../../saga/lifecycle.ts';
import { type DataOf, SCHEMA_VERSION } from '../../saga/messages.ts';
import { AppError } from '../../shared/core/errors.ts';
import { command, namedId } from '../../shared/core/message.ts';
import { type AppContext, idempotencyKey, readBody, traceparent } from '../../shared/runtime/http/app.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { existingOrder } from './find-order.ts';
import { cancelOrderSchema, toBody } from './representation.ts';
import type { OrderState } from './state.ts';

/** `POST /orders/{orderId}/cancel`. */
export async function cancelOrder(c: AppContext, context: FunctionContext): Promise<Response> {
  const { reason } = await readBody(c, cancelOrderSchema);
  return changeOrder(c, context, 'cancel', (orderId) => ({ type: 'CancelOrder', data: { orderId, reason } }));
}

/** `POST /orders/{orderId}/dispatch`. A body is not looked at. */
export function dispatchOrder(c: AppContext, context: FunctionContext): Promise<Response> {
  return changeOrder(c, context, 'dispatch', (orderId) => ({ type: 'DispatchOrder', data: { orderId } }));
}

type ChangeCommand =
  | { readonly type: 'CancelOrder'; readonly data: DataOf<'CancelOrder'> }
  | { readonly type: 'DispatchOrder'; readonly data: DataOf<'DispatchOrder'> };

/** Puts the change of an order on disk and answers with the order after it; asked again, with the order as it is. */
async function changeOrder(
  c: AppContext,
  context: FunctionContext,
  path: OrderCommand,
  commandFor: (orderId: string) => ChangeCommand,
): Promise<Response> {
  const key = idempotencyKey(c);
  const { order, correlationId } = await existingOrder(context, c.req.param('orderId') ?? '');
  const { orderId } = order;
  const id = key === null ? uuidv7() : namedId(`POST /orders/${orderId}/${path} ${key}`);
  const time = new Date(context.clock.nowMs()).toISOString();
  const envelope = { id, time, schemaversion: SCHEMA_VERSION, traceparent: traceparent(c) };
  const message = command({ ...commandFor(orderId), subject: orderId }, envelope);

  const outcome = await context.submit(
    // It belongs to the saga of its order.
    { ...message, correlationid: correlationId ?? message.correlationid },
    { deduplicate: key !== null },
  );
  if (outcome.kind === 'id_reused') {
    throw new AppError('idempotency_key_reused', `the Idempotency-Key ${key} was used before with another body`);
  }
  if (outcome.kind === 'refused') {
    throw new AppError(outcome.code === 'order_unknown' ? 'not_found' : 'conflict', outcome.detail);
  }
  const last = outcome.kind === 'handled' ? outcome.emitted.at(-1) : undefined;
  if (outcome.kind === 'handled' && last !== undefined) {
    const changed = (outcome.state as OrderState).order ?? order;
    return c.json(toBody(changed, last.time));
  }
  c.header('Idempotent-Replayed', 'true');
  const now = await existingOrder(context, orderId);
  return c.json(toBody(now.order, now.updatedAt));
}
