import { hasOutcome } from '../../saga/lifecycle.ts';
import { assert } from '../../shared/core/assert.ts';
import { AppError } from '../../shared/core/errors.ts';
import { type AppContext, idempotencyKey, readBody } from '../../shared/runtime/http/app.ts';
import { entityTag } from '../../shared/runtime/http/conditional.ts';
import { preferredWaitS } from '../../shared/runtime/http/headers.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { commandIdOf, submitCommand } from '../../shared/runtime/worker/submit-command.ts';
import { findOrder } from './find-order.ts';
import type { OutcomeWaiters } from './outcome-waiters.ts';
import { asPlaced, type OrderBody, placeOrderSchema, toBody, toCommand } from './representation.ts';
import type { OrderState } from './state.ts';
import type { FoundOrder } from './tables.ts';

export const ORDER_ID_REUSED = { code: 'order_id_reused', title: 'The order id was used for another order' };
/** The longest time in seconds that a client may wait for an outcome. */
const WAIT_MAX_S = 30;

/** `POST /orders`: commits the order, and waits for its outcome when the client prefers to wait. */
export async function placeOrder(
  c: AppContext,
  context: FunctionContext,
  outcomes: OutcomeWaiters,
  defaultCurrency: string,
): Promise<Response> {
  assertUnconditional(c);
  const key = idempotencyKey(c);
  const body = await readBody(c, placeOrderSchema);
  if (key === null && body.orderId === undefined) {
    throw new AppError('invalid_request', 'either orderId or an Idempotency-Key is required', {
      errors: [{ pointer: '/orderId', detail: 'is required when there is no Idempotency-Key' }],
    });
  }
  // There is no sign-in yet, so the caller is the customer. The keys of two customers never collide.
  const id = commandIdOf(key, `POST /orders ${body.customerId}`);
  const data = toCommand(body, body.orderId ?? id, defaultCurrency);
  const preferredS = preferredWaitS(c.req.header('prefer'));
  const waitS = preferredS === null ? null : Math.min(preferredS, WAIT_MAX_S);
  const listening = waitS === null ? null : outcomes.listen(data.orderId);
  try {
    const outcome = await submitCommand(c, context, {
      key,
      id,
      draft: { type: 'PlaceOrder', subject: data.orderId, data },
      refusedAs: ({ detail }) => new AppError('invalid_request', detail, { own: ORDER_ID_REUSED }),
    });
    const isReplay = outcome.kind === 'duplicate' || outcome.emitted.length === 0;
    const replayed = isReplay ? { 'idempotent-replayed': 'true' } : {};
    const placed = isReplay ? await orderNow(context, data.orderId) : fresh(outcome.state as OrderState);
    if (listening === null || waitS === null) return answer(asPlaced(placed), 202, replayed);
    const settled = hasOutcome(placed.order.status) ? null : await listening.first(waitS * 1000);
    // An outcome of this very commit may be followed by more, which no waiter was told: the order is read again.
    const now = settled ?? (await orderNow(context, data.orderId));
    if (!hasOutcome(now.order.status)) return answer(toBody(now), 202, replayed);
    return answer(toBody(now), 200, { ...replayed, 'preference-applied': `wait=${waitS}` });
  } finally {
    listening?.stop();
  }
}

async function orderNow(context: FunctionContext, orderId: string): Promise<FoundOrder> {
  const found = await findOrder(context, orderId);
  if (found === null) throw new AppError('conflict', `order ${orderId} was removed after it was placed`);
  return found;
}

function fresh({ order }: OrderState): FoundOrder {
  assert(order !== null, 'a placed order is missing from the state after it');
  return { order, updatedAt: order.placedAt, requestedAt: null };
}

/** A condition that has no effect would look like one that is met. @throws {AppError} 400 */
function assertUnconditional(c: AppContext): void {
  const given = ['If-Match', 'If-None-Match'].find((name) => c.req.header(name) !== undefined);
  if (given === undefined) return;
  throw new AppError('malformed_request', `a new order has no state for ${given}; its id or key makes it repeatable`);
}

/** The headers are a plain object, which the server writes as is: headers set through Hono are copied twice. */
function answer(order: OrderBody, status: 200 | 202, headers: Readonly<Record<string, string>>): Response {
  const location = order._links['self']?.href ?? '';
  const body = JSON.stringify(order);
  return new Response(body, {
    status,
    headers: { 'content-type': 'application/json', location, etag: entityTag(body), ...headers },
  });
}
