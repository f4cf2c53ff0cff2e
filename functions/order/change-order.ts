import type { OrderCommand } from '../../saga/lifecycle.ts';
import type { DataOf } from '../../saga/messages.ts';
import { AppError } from '../../shared/core/errors.ts';
import { type AppContext, idempotencyKey, readBody } from '../../shared/runtime/http/app.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { commandIdOf, submitCommand } from '../../shared/runtime/worker/submit-command.ts';
import { existingOrder } from './find-order.ts';
import { cancelOrderSchema, toBody } from './representation.ts';
import type { OrderState } from './state.ts';

/** `POST /orders/{orderId}/cancel`. */
export async function cancelOrder(c: AppContext, context: FunctionContext): Promise<Response> {
  const { reason } = await readBody(c, cancelOrderSchema);
  return changeOrder(c, context, 'cancel', (orderId) => ({ type: 'CancelOrder', data: { orderId, reason } }));
}

/** `POST /orders/{orderId}/dispatch`. A body is ignored. */
export function dispatchOrder(c: AppContext, context: FunctionContext): Promise<Response> {
  return changeOrder(c, context, 'dispatch', (orderId) => ({ type: 'DispatchOrder', data: { orderId } }));
}

type ChangeCommand =
  | { readonly type: 'CancelOrder'; readonly data: DataOf<'CancelOrder'> }
  | { readonly type: 'DispatchOrder'; readonly data: DataOf<'DispatchOrder'> };

/**
 * Commits the change of an order and answers with the order after it; a replayed request is answered with the order
 * now.
 */
async function changeOrder(
  c: AppContext,
  context: FunctionContext,
  path: OrderCommand,
  commandFor: (orderId: string) => ChangeCommand,
): Promise<Response> {
  const key = idempotencyKey(c);
  const { order, correlationId } = await existingOrder(context, c.req.param('orderId') ?? '');
  const { orderId } = order;
  const outcome = await submitCommand(c, context, {
    key,
    id: commandIdOf(key, `POST /orders/${orderId}/${path}`),
    draft: { ...commandFor(orderId), subject: orderId },
    // The command belongs to the saga of its order.
    correlationid: correlationId,
    refusedAs: ({ code, detail }) => new AppError(code === 'order_unknown' ? 'not_found' : 'conflict', detail),
  });
  const last = outcome.kind === 'handled' ? outcome.emitted.at(-1) : undefined;
  if (outcome.kind === 'handled' && last !== undefined) {
    const changed = (outcome.state as OrderState).order ?? order;
    return c.json(toBody(changed, last.time));
  }
  c.header('Idempotent-Replayed', 'true');
  const now = await existingOrder(context, orderId);
  return c.json(toBody(now.order, now.updatedAt));
}
