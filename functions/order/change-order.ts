import type { OrderCommand } from '../../saga/lifecycle.ts';
import type { DataOf } from '../../saga/messages.ts';
import { AppError } from '../../shared/core/errors.ts';
import { type AppContext, idempotencyKey, readBody } from '../../shared/runtime/http/app.ts';
import { answerChange, preconditionOf } from '../../shared/runtime/http/conditional.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { commandIdOf, submitCommand } from '../../shared/runtime/worker/submit-command.ts';
import { existingOrder } from './find-order.ts';
import { cancelOrderSchema, type OrderBody, toBody } from './representation.ts';
import type { OrderState } from './state.ts';
import { orderAfter } from './tables.ts';

/** `POST /orders/{orderId}/cancel`. */
export async function cancelOrder(c: AppContext, context: FunctionContext): Promise<Response> {
  const { reason } = await readBody(c, cancelOrderSchema);
  return changeOrder(c, context, 'cancel', (orderId) => ({ type: 'CancelOrder', data: { orderId, reason } }));
}

/** `POST /orders/{orderId}/dispatch`. */
export function dispatchOrder(c: AppContext, context: FunctionContext): Promise<Response> {
  return changeOrder(c, context, 'dispatch', (orderId) => ({ type: 'DispatchOrder', data: { orderId } }));
}

type ChangeCommand =
  | { readonly type: 'CancelOrder'; readonly data: DataOf<'CancelOrder'> }
  | { readonly type: 'DispatchOrder'; readonly data: DataOf<'DispatchOrder'> };

/**
 * Commits the change of an order and answers with the order right after it, which is also the order now: nothing changes
 * an order that is cancelled or dispatched. A replayed request is answered with the order now.
 */
async function changeOrder(
  c: AppContext,
  context: FunctionContext,
  path: OrderCommand,
  commandFor: (orderId: string) => ChangeCommand,
): Promise<Response> {
  const key = idempotencyKey(c);
  const precondition = preconditionOf(c, bodyIn);
  const { order, correlationId } = await existingOrder(context, c.req.param('orderId') ?? '');
  const { orderId } = order;
  const outcome = await submitCommand(c, context, {
    key,
    id: commandIdOf(key, `POST /orders/${orderId}/${path}`),
    draft: { ...commandFor(orderId), subject: orderId },
    // The command belongs to the saga of its order.
    correlationid: correlationId,
    precondition,
    refusedAs: ({ code, detail }) => new AppError(code === 'order_unknown' ? 'not_found' : 'conflict', detail),
  });
  if (outcome.kind === 'handled' && outcome.emitted.length > 0) {
    const after = outcome.state as OrderState;
    return answerChange(c, toBody(orderAfter(after.order ?? order, after, outcome.message, outcome.emitted)));
  }
  c.header('Idempotent-Replayed', 'true');
  return answerChange(c, toBody(await existingOrder(context, orderId)));
}

/** What a read of this order would answer. */
function bodyIn(state: unknown): OrderBody | undefined {
  const { order, updatedAt, requestedAt } = state as OrderState;
  return order === null ? undefined : toBody({ order, updatedAt: updatedAt ?? order.placedAt, requestedAt });
}
