/**
 * The load: the same orders, byte for byte, for our program and for the reference.
 *
 * A closed loop (a fixed number in flight, the end of an order sends the next one) measures throughput. An open loop (orders at
 * a fixed rate, finished or not) measures latency, so that a slow server does not slow its own measurement down.
 */
import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { HttpConnection, requestOnce, requestText } from './http-connection.ts';
import { type NoticeStream, openNotices } from './notices.ts';

export const ORDER_LINES = [
  { productId: 'PRODUCT_001', quantity: 3, price: 10.0 },
  { productId: 'PRODUCT_002', quantity: 2, price: 5.0 },
] as const;

const WAIT_HEADER = 'Prefer: wait=30';
const NOTICE_TIMEOUT_MS = 60_000;

/**
 * Where an order ends: its final notice has arrived on the stream, it is answered with its outcome (`Prefer: wait`), or it is
 * answered as accepted.
 */
export type End = 'notice' | 'outcome' | 'accepted';

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
 * Keeps `inFlight` orders in flight for `durationMs` and counts those that end as they should. The time is measured until the
 * last of them has ended.
 *
 * @throws on any other answer: a run with refused orders measures nothing.
 */
export async function closedLoop(
  port: number,
  nextId: () => string,
  { inFlight, durationMs, end }: { readonly inFlight: number; readonly durationMs: number; readonly end: End },
): Promise<Throughput> {
  const notices = end === 'notice' ? await openNotices(port) : null;
  const connections = await Promise.all(Array.from({ length: inFlight }, () => HttpConnection.open(port)));
  const startMs = performance.now();
  const endMs = startMs + durationMs;
  let orders = 0;
  async function loop(connection: HttpConnection): Promise<void> {
    while (performance.now() < endMs) {
      await sendOrder(connection, nextId(), end, notices);
      orders += 1;
    }
  }
  try {
    await inTime(Promise.all(connections.map(loop)), durationMs + NOTICE_TIMEOUT_MS);
    const elapsedMs = performance.now() - startMs;
    return { orders, perSecond: (orders / elapsedMs) * 1000 };
  } finally {
    notices?.close();
    for (const connection of connections) connection.close();
  }
}

/** Resolves when the order has ended. */
async function sendOrder(connection: HttpConnection, orderId: string, end: End, notices: NoticeStream | null) {
  const final = notices?.final(orderId);
  const { status, body } = await connection.send(orderRequest(orderId, end === 'outcome'));
  const isRight = end === 'outcome' ? status === 200 && body.includes('"status":"confirmed"') : status === 202;
  if (!isRight) throw new Error(`an order was answered with ${status}: ${body.slice(0, 300)}`);
  await final;
}

/**
 * Milliseconds from sending each POST to receiving its final notice, at a fixed rate. One uncounted order is sent first: once
 * its notice has come, so have the notices of all earlier orders, and the program is idle.
 */
export async function openLoop(
  port: number,
  nextId: () => string,
  { durationMs, perS }: { readonly durationMs: number; readonly perS: number },
): Promise<readonly number[]> {
  const notices = await openNotices(port);
  const idle = [await HttpConnection.open(port)];
  const latenciesMs: number[] = [];
  const finish = async (connection: HttpConnection) => {
    const orderId = nextId();
    const sentMs = performance.now();
    const noticed = notices.final(orderId).then(() => latenciesMs.push(performance.now() - sentMs));
    await sendOrder(connection, orderId, 'accepted', null);
    idle.push(connection);
    await noticed;
  };
  try {
    await inTime(finish(idle.pop() as HttpConnection), NOTICE_TIMEOUT_MS);
    const orders = Math.floor((durationMs / 1000) * perS);
    const startMs = performance.now();
    const finished: Promise<void>[] = [];
    for (let n = 0; n < orders; n++) {
      await until(startMs + (n * 1000) / perS);
      finished.push(finish(idle.pop() ?? (await HttpConnection.open(port))));
    }
    await inTime(Promise.all(finished), NOTICE_TIMEOUT_MS);
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

/** @throws when the work, which waits for notices, takes longer. */
async function inTime<Result>(work: Promise<Result>, timeoutMs: number): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`notices were not received within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function until(timeMs: number): Promise<void> {
  const restMs = timeMs - performance.now();
  if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
}
