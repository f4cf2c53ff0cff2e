import { hasOutcome } from '../../saga/lifecycle.ts';
import { AppError } from '../../shared/core/errors.ts';
import { type AppContext, idempotencyKey, readBody } from '../../shared/runtime/http/app.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { commandIdOf, submitCommand } from '../../shared/runtime/worker/submit-command.ts';
import { type FoundOrder, findOrder } from './find-order.ts';
import type { OutcomeWaiters } from './outcome-waiters.ts';
import { asPlaced, type OrderBody, placeOrderSchema, toBody, toCommand } from './representation.ts';
import type { OrderState } from './state.ts';

const ORDER_ID_REUSED = { code: 'order_id_reused', title: 'The order id was used for another order' };
/** The longest time in seconds that a client may wait for an outcome. */
const WAIT_MAX_S = 30;

/** `POST /orders`: commits the order, and waits for its outcome when the client prefers to wait. */
export async function placeOrder(
  c: AppContext,
  context: FunctionContext,
  outcomes: OutcomeWaiters,
  defaultCurrency: string,
): Promise<Response> {
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
  const waitS = preferredWaitS(c);
  const listening = waitS === null ? null : outcomes.listen(data.orderId);
  try {
    const outcome = await submitCommand(c, context, {
      key,
      id,
      draft: { type: 'PlaceOrder', subject: data.orderId, data },
      refusedAs: ({ detail }) => new AppError('invalid_request', detail, { own: ORDER_ID_REUSED }),
    });
    const isReplay = outcome.kind === 'duplicate' || outcome.emitted.length === 0;
    const found = isReplay ? await findOrder(context, data.orderId) : fresh(outcome.state as OrderState);
    if (found === null) throw new AppError('conflict', `order ${data.orderId} was removed after it was placed`);
    const replayed = isReplay ? { 'idempotent-replayed': 'true' } : {};
    if (listening === null || waitS === null) return answer(asPlaced(found.order), 202, replayed);
    const settled = hasOutcome(found.order.status)
      ? toBody(found.order, found.updatedAt)
      : await listening.first(waitS * 1000);
    if (settled === null) return answer(asPlaced(found.order), 202, replayed);
    return answer(settled, 200, { ...replayed, 'preference-applied': `wait=${waitS}` });
  } finally {
    listening?.stop();
  }
}

function fresh({ order }: OrderState): FoundOrder | null {
  return order === null ? null : { order, updatedAt: order.placedAt };
}

/** The headers are a plain object, which the server writes as is: headers set through Hono are copied twice. */
function answer(order: OrderBody, status: 200 | 202, headers: Readonly<Record<string, string>>): Response {
  const location = order._links['self']?.href ?? '';
  return new Response(JSON.stringify(order), {
    status,
    headers: { 'content-type': 'application/json', location, ...headers },
  });
}

/** RFC 7240: `Prefer: wait=5`, in seconds; null when the client does not ask to wait. */
function preferredWaitS(c: AppContext): number | null {
  const match = /(?:^|[,;\s])wait\s*=\s*"?(\d{1,9})"?/i.exec(c.req.header('prefer') ?? '');
  return match === null ? null : Math.min(Number(match[1]), WAIT_MAX_S);
}
