/** What the buttons of *Try it* do, and what came of it in a sentence. */
import type { StockBody } from '../../../../inventory/representation.ts';
import type { OrderBody, PlaceOrderBody } from '../../../../order/representation.ts';
import { type Problem, ProblemError } from '../api/problem.ts';
import { getJson, send } from '../api/request.ts';

/** `wait`: what ends the wait of the order, where that is for the reader to do. */
export interface Tried {
  readonly orderId: string;
  readonly status: string;
  readonly text: string;
  readonly wait: {
    readonly productId: string;
    readonly quantity: number;
    readonly policyBefore: StockBody['whenShort'];
  } | null;
}

/** The two orders of the README, with their keys. */
const samples = {
  1: {
    key: '72029ae3-9876-4d2f-a0ae-aaee86b8ec34',
    body: {
      orderId: 'ORDER_001',
      customerId: 'CUSTOMER_001',
      currency: 'EUR',
      items: [
        { productId: 'PRODUCT_001', quantity: 3, price: 10 },
        { productId: 'PRODUCT_002', quantity: 2, price: 5 },
      ],
    },
  },
  2: {
    key: 'a14e37d9-4eb1-41dd-95ae-bad1db2f9e9f',
    body: {
      orderId: 'ORDER_002',
      customerId: 'CUSTOMER_001',
      currency: 'EUR',
      items: [{ productId: 'PRODUCT_001', quantity: 2, price: 10 }],
    },
  },
} as const satisfies Record<number, { readonly key: string; readonly body: PlaceOrderBody }>;

const WAIT = { prefer: 'wait=5' };
const OUTCOME_MS = 15_000;
const POLL_MS = 250;
/** How many units more than there are the orders ask for that are too large, and that wait. */
const TOO_MANY = 1_000;
const SHORT_BY = 3;

/** Places one of the two orders. A repeat finds the first answer, and the stock as it was. @throws {ProblemError} */
export async function placeSample(number: keyof typeof samples): Promise<Tried> {
  const { key, body } = samples[number];
  const before = await unitsOf(body.items);
  const answer = await send<OrderBody>('POST', '/orders', { body, idempotencyKey: key, headers: WAIT });
  const { orderId, status } = answer.body;
  if (answer.headers.get('idempotent-replayed') !== 'true') {
    return { orderId, status, text: outcomeText(answer.body), wait: null };
  }
  return { orderId, status, text: replayText(orderId, before, await unitsOf(body.items)), wait: null };
}

/** `before` and `now`: what was on hand, and is; empty where that is not known. */
export function replayText(orderId: string, before: string, now: string): string {
  const stock = now !== '' && now === before ? ` Stock has not moved: ${now} on hand.` : '';
  return `${orderId} was there: this is the first answer again, a replay.${stock}`;
}

/** Places an order of more than there is, of a product that has no queue. @throws {ProblemError} */
export async function placeTooMany(): Promise<Tried> {
  const levels = await stock();
  const level = levels.find(({ whenShort }) => whenShort === 'reject') ?? levels[0];
  const order = await place(level, TOO_MANY);
  return { orderId: order.orderId, status: order.status, text: outcomeText(order), wait: null };
}

/** Lets a product have a queue, and places an order that waits in it. @throws {ProblemError} */
export async function placeWaiting(): Promise<Tried> {
  const level = (await stock()).at(-1);
  if (level === undefined) throw new ProblemError(noProduct);
  const { productId, whenShort } = level;
  await send('PUT', `${productPath(productId)}/policy`, { body: { whenShort: 'wait' } });
  const { orderId } = await place(level, SHORT_BY);
  const order = await orderWhen(orderId, (status) => status !== 'placed');
  const text = `${orderId} is ${order.status}: it asks for ${SHORT_BY} more of ${productId} than there are, and waits for them.`;
  return { orderId, status: order.status, text, wait: { productId, quantity: SHORT_BY, policyBefore: whenShort } };
}

/** Receives what the order waits for. @throws {ProblemError} */
export async function receiveFor({ orderId, wait }: Tried): Promise<Tried> {
  if (wait === null) throw new Error(`${orderId} does not wait for goods`);
  const { productId, quantity, policyBefore } = wait;
  await send('POST', `${productPath(productId)}/receipts`, {
    body: { quantity },
    idempotencyKey: `${orderId}:receipt`,
  });
  const order = await orderWhen(orderId, (status) => status !== 'backordered');
  await send('PUT', `${productPath(productId)}/policy`, { body: { whenShort: policyBefore } });
  return { orderId, status: order.status, text: `${quantity} came in: ${outcomeText(order)}`, wait: null };
}

const noProduct: Problem = {
  title: 'Nothing to order',
  detail: 'There is no product. Add the example products first, under Stock.',
  status: 0,
};

async function place(level: StockBody | undefined, more: number): Promise<OrderBody> {
  if (level === undefined) throw new ProblemError(noProduct);
  const { productId, available } = level;
  const orderId = `TRY_${Date.now().toString(36).toUpperCase()}`;
  const items = [{ productId, quantity: available + more, price: 10 }];
  const body: PlaceOrderBody = { orderId, customerId: 'CUSTOMER_001', currency: 'EUR', items };
  // An order that waits for goods has no outcome to wait for.
  const headers = level.whenShort === 'wait' || more === SHORT_BY ? {} : WAIT;
  return (await send<OrderBody>('POST', '/orders', { body, headers })).body;
}

/** The order once its status is as wanted, or as it is when that takes too long. */
async function orderWhen(orderId: string, isThere: (status: string) => boolean): Promise<OrderBody> {
  const endMs = performance.now() + OUTCOME_MS;
  for (;;) {
    const order = await getJson<OrderBody>(`/orders/${encodeURIComponent(orderId)}`);
    if (isThere(order.status) || performance.now() > endMs) return order;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

function outcomeText({ orderId, status, reason }: OrderBody): string {
  if (status === 'placed') return `${orderId} is on disk and has no outcome yet. Its page says why.`;
  return `${orderId} is ${status}${reason === null ? '' : `: ${reason.detail}`}.`;
}

async function stock(): Promise<readonly StockBody[]> {
  return (await getJson<{ readonly stock: readonly StockBody[] }>('/stock?limit=200')).stock;
}

/** What is on hand of these products, as text; empty while inventory does not answer. */
async function unitsOf(items: readonly { readonly productId: string }[]): Promise<string> {
  const levels = await stock().catch(() => []);
  return items
    .flatMap(({ productId }) => levels.find((level) => level.productId === productId)?.onHand ?? [])
    .join(' and ');
}

function productPath(productId: string): string {
  return `/stock/${encodeURIComponent(productId)}`;
}
