import { z } from 'zod';
import { type OrderStatus, orderStatuses } from '../../saga/lifecycle.ts';
import { QUANTITY_MAX } from '../../saga/messages.ts';
import { AppError } from '../../shared/core/errors.ts';
import type { Upstream } from './upstream.ts';

/** The product that loads order. It is theirs alone, so that a load leaves the stock of the examples as it is. */
const PRODUCT = { productId: 'PRODUCT_LOAD', name: 'Load test' };
const CUSTOMER = 'CUSTOMER_LOAD';
/** Only the path of a request reaches a function. */
const BASE = 'http://127.0.0.1';

const orderSchema = z.object({ status: z.enum(orderStatuses) });
const stockSchema = z.object({ available: z.int() });

/** What a load asks of the store. */
export interface LoadClient {
  /** Places an order of one unit, or of more than there ever is. A repeat places nothing. @throws {AppError} saying why not. */
  place(orderId: string, isShort: boolean): Promise<void>;
  /** Returns whether the order will be cancelled; false where its state does not allow it. @throws {AppError} */
  cancel(orderId: string): Promise<boolean>;
  /** The status of an order; null where there is none. @throws {AppError} when that cannot be known now. */
  statusOf(orderId: string): Promise<OrderStatus | null>;
  /** Receives goods until at least so many units are available. @throws {AppError} `unavailable` */
  ensureStock(units: number): Promise<void>;
}

/** A client that goes the way of every client: through the gateway's upstreams. `name` tells its requests in the logs. */
export function loadClient(orders: Upstream, stock: Upstream, name: string): LoadClient {
  let requests = 0;
  const ask = async (upstream: Upstream, method: string, path: string, body?: object, key?: string) => {
    const headers = new Headers();
    if (body !== undefined) headers.set('content-type', 'application/json');
    if (key !== undefined) headers.set('idempotency-key', key);
    const json = body === undefined ? {} : { body: JSON.stringify(body) };
    const request = new Request(`${BASE}${path}`, { method, headers, ...json });
    requests += 1;
    const response = await upstream.fetch(request, `${name}-${requests}`);
    return { status: response.status, text: await response.text() };
  };
  const stockPath = `/stock/${PRODUCT.productId}`;
  return {
    async place(orderId, isShort) {
      const quantity = isShort ? QUANTITY_MAX : 1;
      const order = { orderId, customerId: CUSTOMER, items: [{ productId: PRODUCT.productId, quantity, price: 1 }] };
      assertDone(await ask(orders, 'POST', '/orders', order, orderId));
    },
    async cancel(orderId) {
      const reason = { reason: 'A load test takes it back' };
      const answer = await ask(orders, 'POST', `/orders/${orderId}/cancel`, reason, `${orderId}-cancel`);
      if (answer.status !== 409) assertDone(answer);
      return answer.status !== 409;
    },
    async statusOf(orderId) {
      const answer = await ask(orders, 'GET', `/orders/${orderId}`);
      if (answer.status === 404) return null;
      assertDone(answer);
      return orderSchema.parse(JSON.parse(answer.text)).status;
    },
    async ensureStock(units) {
      const answer = await ask(stock, 'GET', stockPath);
      if (answer.status !== 404) assertDone(answer);
      const { available } = answer.status === 404 ? { available: 0 } : stockSchema.parse(JSON.parse(answer.text));
      if (available >= units) return;
      const receipt = { quantity: units - available, name: PRODUCT.name };
      assertDone(await ask(stock, 'POST', `${stockPath}/receipts`, receipt, `${name}-stock-${requests}`));
    },
  };
}

function assertDone({ status, text }: { readonly status: number; readonly text: string }): void {
  if (status < 300) return;
  throw new AppError('unavailable', detailIn(text) ?? `the store answered with status ${status}`, { retryAfterS: 1 });
}

/** What a problem document says. */
function detailIn(text: string): string | null {
  try {
    const parsed = z.object({ detail: z.string() }).safeParse(JSON.parse(text));
    return parsed.success ? parsed.data.detail : null;
  } catch {
    return null;
  }
}
