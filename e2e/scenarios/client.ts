/** An HTTP client that returns each status, header and byte, over as many connections as a test needs. */
import { Agent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import type { OrderBody } from '../../functions/order/representation.ts';
import type { Why } from '../../functions/order/why.ts';
import { sampleOrders } from '../tools/orders.ts';
import { waitUntil } from '../tools/wait-until.ts';

/** Longer than a request waits for an outcome, 30 s at most, and than a gateway waits for a function. */
const TIMEOUT_MS = 60_000;
/** For an order to get where it is going: its functions may have to join their groups again first. */
const ORDER_MS = 60_000;

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface RequestOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Sends the body in chunks, without its length. */
  readonly isChunked?: boolean;
  /** Connections to use; without an agent the request has a connection of its own. */
  readonly agent?: Agent;
}

/** One request. @throws when the connection fails, or there is no answer in `TIMEOUT_MS` */
export function request(method: string, url: string, options: RequestOptions = {}): Promise<Answer> {
  const { headers = {}, body, isChunked = false, agent } = options;
  const length: Record<string, string> =
    body === undefined || isChunked ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest(url, {
      method,
      headers: { ...length, ...headers },
      timeout: TIMEOUT_MS,
      agent: agent ?? false,
    });
    outgoing.once('timeout', () => outgoing.destroy(new Error(`no answer in ${TIMEOUT_MS} ms`)));
    outgoing.once('response', (incoming) => {
      incoming
        .toArray()
        .then(
          (chunks) => resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text: chunks.join('') }),
          reject,
        );
    });
    // An answer that comes before the whole body is sent counts; the connection may break after it.
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** A client with one connection of its own. */
export function oneConnection(): Agent {
  return new Agent({ keepAlive: true, maxSockets: 1 });
}

export interface OrderRequest {
  readonly orderId?: string;
  readonly customerId: string;
  readonly currency?: string;
  readonly items: readonly {
    readonly productId: string;
    readonly quantity: number;
    readonly price: number | string;
  }[];
  readonly totalPrice?: number | string;
  readonly totalQuantity?: number;
}

const JSON_TYPE = { 'content-type': 'application/json' };

export function post(url: string, body: unknown, options: Omit<RequestOptions, 'body'> = {}): Promise<Answer> {
  return request('POST', url, {
    ...options,
    headers: { ...JSON_TYPE, ...options.headers },
    body: JSON.stringify(body),
  });
}

export function put(url: string, body: unknown): Promise<Answer> {
  return request('PUT', url, { headers: JSON_TYPE, body: JSON.stringify(body) });
}

/** The body of an answer. `Body` is not checked here: the test checks the fields it uses. */
export function bodyOf<Body>(answer: Answer): Body {
  return JSON.parse(answer.text) as Body;
}

/** @throws when the answer is not 200 */
export async function get<Body>(url: string, agent?: Agent): Promise<Body> {
  const answer = await request('GET', url, agent === undefined ? {} : { agent });
  if (answer.status !== 200) throw new Error(`GET ${url}: ${answer.status} ${answer.text}`);
  return bodyOf<Body>(answer);
}

export interface Problem {
  readonly status: number;
  readonly code: string;
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

export interface StockBody {
  readonly productId: string;
  readonly received: number;
  readonly onHand: number;
  readonly reserved: number;
  readonly available: number;
  readonly sold: number;
  readonly whenShort: string;
  readonly backordered: number;
  readonly setAside: number;
}

export interface MovementsBody {
  readonly movements: readonly { readonly kind: string; readonly quantity: number; readonly orderId: string | null }[];
}

export interface NoticeBody {
  readonly notificationId: string;
  readonly orderId: string;
  readonly fact: string;
  readonly status: string;
}

/** An order of one product. */
export function orderOf(orderId: string, quantity = 1, productId = 'PRODUCT_001'): OrderRequest {
  return { orderId, customerId: 'CUSTOMER_001', currency: 'EUR', items: [{ productId, quantity, price: 10 }] };
}

/** Waits until an order is there, which one that comes by a topic is not at once, and has this status. @returns the order */
export async function orderIn(status: string, orderUrl: string): Promise<OrderBody> {
  let order = {} as OrderBody;
  const isThere = async () => {
    order = await get<OrderBody>(orderUrl);
    return order.status === status;
  };
  await waitUntil(isThere, { timeoutMs: ORDER_MS, what: `${orderUrl} to be ${status}` });
  return order;
}

/** Posts one of the two sample orders with its key. */
export function postSample(
  ordersUrl: string,
  number: 1 | 2,
  { agent, headers = {} }: Omit<RequestOptions, 'body'> = {},
): Promise<Answer> {
  const { body, idempotencyKey } = sampleOrders[number];
  const withKey = { 'idempotency-key': idempotencyKey, ...headers };
  return post(ordersUrl, body, agent === undefined ? { headers: withKey } : { headers: withKey, agent });
}

export interface Story {
  /** Units left on hand, by product. */
  readonly onHand: Readonly<Record<string, number>>;
  /** Status by order. */
  readonly orders: Readonly<Record<string, string>>;
  /** `ORDER fact`, sorted, including duplicates. */
  readonly notices: readonly string[];
}

/** What a customer can see at the gateway, as a value to compare. */
export async function storyAt(gateway: string): Promise<Story> {
  const { stock } = await get<{ stock: readonly StockBody[] }>(`${gateway}/stock?limit=200`);
  const { orders } = await get<{ orders: readonly OrderBody[] }>(`${gateway}/orders?limit=200`);
  const { notifications } = await get<{ notifications: readonly NoticeBody[] }>(`${gateway}/notifications?limit=200`);
  return {
    onHand: Object.fromEntries(stock.map(({ productId, onHand }) => [productId, onHand])),
    orders: Object.fromEntries(orders.map(({ orderId, status }) => [orderId, status]).sort()),
    notices: notifications.map(({ orderId, fact }) => `${orderId} ${fact}`).sort(),
  };
}

/** Sends these bytes. @returns what is received until the connection ends or `isEnough` returns true */
export function sendRaw(
  url: string,
  bytes: string,
  isEnough: (text: string) => boolean = () => false,
): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let text = '';
    socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('no answer')));
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      if (isEnough(text)) socket.destroy();
    });
    socket.once('error', (error) => (text === '' ? reject(error) : resolve(text)));
    socket.once('close', () => resolve(text));
  });
}

/** Why an order waits, once it is known how far the functions have read: a log elsewhere tells that a moment later. */
export async function whyOf(url: string): Promise<Why> {
  let why = await get<Why>(url);
  await waitUntil(async () => {
    why = await get<Why>(url);
    return why.waits.every(({ kind }) => kind !== 'unread');
  });
  return why;
}
