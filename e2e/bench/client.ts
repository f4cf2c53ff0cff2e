/**
 * The load: the same orders, byte for byte, for our program and for the reference.
 *
 * A closed loop (a fixed number in flight, each answer sends the next order) measures throughput. An open loop (an
 * order every 20 ms, answered or not) measures latency, so that a slow server does not slow its own measurement down.
 */
import { randomUUID } from 'node:crypto';
import { get } from 'node:http';
import { performance } from 'node:perf_hooks';
import { HttpConnection, requestOnce, requestText } from './http-connection.ts';

export const ORDER_LINES = [
  { productId: 'PRODUCT_001', quantity: 3, price: 10.0 },
  { productId: 'PRODUCT_002', quantity: 2, price: 5.0 },
] as const;
export const IN_FLIGHT = 64;
export const OPEN_LOOP_PER_S = 50;

const WAIT_HEADER = 'Prefer: wait=30';
const NOTICE_TIMEOUT_MS = 30_000;

export interface Throughput {
  readonly orders: number;
  readonly perSecond: number;
}

/** Returns a generator of order ids that no other run has used, so that a store can be measured repeatedly. */
export function orderIds(): () => string {
  const run = randomUUID().slice(0, 8);
  let count = 0;
  return () => `BENCH-${run}-${String(++count).padStart(7, '0')}`;
}

export function orderRequest(orderId: string, waits: boolean): string {
  const body = JSON.stringify({
    orderId,
    customerId: 'CUSTOMER_001',
    currency: 'EUR',
    items: ORDER_LINES,
    totalPrice: 40.0,
    totalQuantity: 5,
  });
  const headers = ['Content-Type: application/json', `Idempotency-Key: ${randomUUID()}`];
  return requestText('POST', '/orders', waits ? [...headers, WAIT_HEADER] : headers, body);
}

/**
 * Keeps `IN_FLIGHT` orders in flight for `durationMs` and counts the expected answers: 200 and confirmed when `waits`,
 * else 202. The time is measured until the last answer.
 *
 * @throws on any other answer: a run with refused orders measures nothing.
 */
export async function closedLoop(
  port: number,
  nextId: () => string,
  durationMs: number,
  waits: boolean,
): Promise<Throughput> {
  const connections = await Promise.all(Array.from({ length: IN_FLIGHT }, () => HttpConnection.open(port)));
  const startMs = performance.now();
  const endMs = startMs + durationMs;
  let orders = 0;
  async function loop(connection: HttpConnection): Promise<void> {
    while (performance.now() < endMs) {
      const { status, body } = await connection.send(orderRequest(nextId(), waits));
      const isRight = waits ? status === 200 && body.includes('"status":"confirmed"') : status === 202;
      if (!isRight) throw new Error(`an order was answered with ${status}: ${body.slice(0, 300)}`);
      orders += 1;
    }
  }
  try {
    await Promise.all(connections.map(loop));
    const elapsedMs = performance.now() - startMs;
    return { orders, perSecond: (orders / elapsedMs) * 1000 };
  } finally {
    for (const connection of connections) connection.close();
  }
}

/**
 * Milliseconds from sending each POST to receiving its notice of confirmation, at a fixed rate. One uncounted order is
 * sent first: once its notice has come, so have the notices of all earlier orders, and the program is idle.
 */
export async function openLoop(
  port: number,
  nextId: () => string,
  durationMs: number,
  perS = OPEN_LOOP_PER_S,
): Promise<readonly number[]> {
  const sentAtMs = new Map<string, number>();
  const latenciesMs: number[] = [];
  const notices = await listen(port, (orderId) => {
    const sent = sentAtMs.get(orderId);
    if (sent === undefined) return;
    sentAtMs.delete(orderId);
    latenciesMs.push(performance.now() - sent);
  });
  const idle = [await HttpConnection.open(port)];
  const noticesUpTo = async (count: number) => {
    const deadlineMs = performance.now() + NOTICE_TIMEOUT_MS;
    while (latenciesMs.length < count && performance.now() < deadlineMs) await until(performance.now() + 5);
    if (latenciesMs.length < count)
      throw new Error(`${count - latenciesMs.length} of ${count} notices were not received`);
  };
  try {
    await post(idle[0] as HttpConnection, nextId(), sentAtMs);
    await noticesUpTo(1);
    const orders = Math.floor((durationMs / 1000) * perS);
    const startMs = performance.now();
    const posts: Promise<void>[] = [];
    for (let n = 0; n < orders; n++) {
      await until(startMs + (n * 1000) / perS);
      const connection = idle.pop() ?? (await HttpConnection.open(port));
      posts.push(post(connection, nextId(), sentAtMs).then(() => void idle.push(connection)));
    }
    await Promise.all(posts);
    await noticesUpTo(orders + 1);
    return latenciesMs.slice(1);
  } finally {
    notices.close();
    for (const connection of idle) connection.close();
  }
}

/** The value below which `share` of the values lie (nearest rank); NaN without values. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}

export async function getJson(port: number, path: string): Promise<unknown> {
  const { status, body } = await requestOnce(port, requestText('GET', path, [], ''));
  if (status !== 200) throw new Error(`GET ${path} was answered with ${status}: ${body.slice(0, 300)}`);
  return JSON.parse(body);
}

async function post(connection: HttpConnection, orderId: string, sentAtMs: Map<string, number>): Promise<void> {
  const request = orderRequest(orderId, false);
  sentAtMs.set(orderId, performance.now());
  const { status, body } = await connection.send(request);
  if (status !== 202) throw new Error(`an order was answered with ${status}: ${body.slice(0, 300)}`);
}

/** Resolves when the stream is open; calls `onConfirmed` for each notice of a confirmation. */
function listen(port: number, onConfirmed: (orderId: string) => void): Promise<{ close(): void }> {
  return new Promise((resolve, reject) => {
    const headers = { accept: 'text/event-stream' };
    const request = get({ host: '127.0.0.1', port, path: '/notifications/stream', headers }, (response) => {
      if (response.statusCode !== 200)
        return reject(new Error(`the notification stream was answered with ${response.statusCode}`));
      let rest = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (!line.startsWith('data:')) continue;
          const notice = JSON.parse(line.slice(5)) as { readonly orderId: string; readonly fact: string };
          if (notice.fact === 'OrderConfirmed') onConfirmed(notice.orderId);
        }
      });
      response.on('error', () => undefined);
      resolve({ close: () => request.destroy() });
    });
    request.on('error', reject);
  });
}

async function until(timeMs: number): Promise<void> {
  const restMs = timeMs - performance.now();
  if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
}
