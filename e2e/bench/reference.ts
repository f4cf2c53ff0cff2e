/**
 * The reference of the bench: a minimal program that takes an order through the same four steps, written to be fast.
 * Hono, zod, SQLite with every commit flushed, group commit, and nothing else: no idempotency, no inbox, no events, no
 * retries, no log, one process, one file.
 *
 * Requests of one turn of the event loop are accepted in one transaction. Then the later step with the most waiting
 * orders takes all of them. When more orders wait there than for acceptance, none are accepted in that turn: batches
 * stay large and flushes few. (With all four steps in each turn: half as many orders per second on a slow disk.)
 */
import { join } from 'node:path';
import { type HttpBindings, serve } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { z } from 'zod';
import { ReferenceStore, STATUS, type StoredOrder } from './reference-store.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };
const WAIT_SWEEP_MS = 250;
const STATUS_NAMES = ['placed', 'reserved', 'confirmed', 'rejected'];

const Id = z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/);
const Money = z.union([z.number().nonnegative(), z.string().regex(/^\d{1,12}(\.\d{1,2})?$/)]).transform(toCents);
const OrderBody = z
  .object({
    orderId: Id,
    customerId: Id,
    currency: z.string().length(3).default('EUR'),
    items: z
      .array(z.object({ productId: Id, quantity: z.number().int().min(1).max(1_000_000), price: Money }))
      .min(1)
      .max(100),
    totalPrice: Money.optional(),
    totalQuantity: z.number().int().optional(),
  })
  .refine(({ items, totalPrice, totalQuantity }) => {
    let cents = 0;
    let quantity = 0;
    for (const item of items) {
      cents += item.price * item.quantity;
      quantity += item.quantity;
    }
    return (totalPrice ?? cents) === cents && (totalQuantity ?? quantity) === quantity;
  }, 'the totals do not match the lines');
const Receipt = z.object({ quantity: z.number().int().min(1), name: z.string().default('') });

interface Waiting extends StoredOrder {
  readonly orderId: string;
  /** Answers the client once: when the order is durable, or with the outcome when the client asked to wait. */
  answer: ((response: Response) => void) | null;
  /** Milliseconds since the epoch; 0 when the client does not wait. */
  readonly waitUntilMs: number;
}

const store = new ReferenceStore(join(process.env['DATA_DIR'] ?? '.', 'reference.db'));
const listeners = new Set<(event: string) => void>();
let isScheduled = false;
let lastNumber = store.lastNumber();
let accepting: Waiting[] = [];
let reserving: Waiting[] = [];
let confirming: Waiting[] = [];
let notifying: Waiting[] = [];

function toCents(amount: number | string): number {
  return Math.round(Number(amount) * 100);
}

function answer(order: Waiting, httpStatus: number): void {
  const body = `{"orderId":"${order.orderId}","status":"${STATUS_NAMES[order.status]}"}`;
  order.answer?.(new Response(body, { status: httpStatus, headers: JSON_HEADERS }));
  order.answer = null;
}

/** Uses two immediates of one turn, so that the answers of the first are sent before the second blocks. */
function schedule(): void {
  if (isScheduled) return;
  isScheduled = true;
  setImmediate(accept);
  setImmediate(laterStep);
}

function accept(): void {
  if (accepting.length === 0 || accepting.length < mostWaiting()) return;
  const batch = accepting;
  accepting = [];
  store.accept(batch);
  for (const order of batch) if (order.waitUntilMs === 0) answer(order, 202);
  reserving = reserving.concat(batch);
}

function laterStep(): void {
  const most = mostWaiting();
  if (most > 0) {
    if (most === reserving.length) reserve();
    else if (most === confirming.length) confirm();
    else notify();
  }
  isScheduled = false;
  if (reserving.length + confirming.length + notifying.length + accepting.length > 0) schedule();
}

function mostWaiting(): number {
  return Math.max(reserving.length, confirming.length, notifying.length);
}

function reserve(): void {
  const batch = reserving;
  reserving = [];
  store.reserve(batch);
  confirming = confirming.concat(batch);
}

function confirm(): void {
  const batch = confirming;
  confirming = [];
  store.confirm(batch);
  for (const order of batch) if (order.waitUntilMs !== 0) answer(order, 200);
  notifying = notifying.concat(batch);
}

function notify(): void {
  const batch = notifying;
  notifying = [];
  store.notify(batch);
  if (listeners.size === 0) return;
  for (const { number, orderId, status } of batch) {
    const fact = status === STATUS.confirmed ? 'OrderConfirmed' : 'OrderRejected';
    const data = JSON.stringify({ notificationId: String(number), orderId, fact });
    for (const send of listeners) send(`event: notification\nid: ${number}\ndata: ${data}\n\n`);
  }
}

function resume(): void {
  for (const { number, status, body } of store.unfinished()) {
    const { orderId, items } = OrderBody.parse(JSON.parse(body));
    const order = { number, status, body, lines: items, orderId, answer: null, waitUntilMs: 0 };
    const queue = status === STATUS.placed ? reserving : status === STATUS.reserved ? confirming : notifying;
    // A rejected order passes through the later steps in its place, so that each batch stays consecutive.
    (queue === notifying && confirming.length > 0 ? confirming : queue).push(order);
  }
  // Earlier orders go first, so that notices are written in the order of their numbers.
  if (notifying.length > 0) notify();
  if (confirming.length > 0) confirm();
  schedule();
}

function answerOverdue(): void {
  const now = Date.now();
  for (const order of [...reserving, ...confirming]) {
    if (order.waitUntilMs !== 0 && order.waitUntilMs <= now) answer(order, 202);
  }
}

const app = new Hono<{ Bindings: HttpBindings }>();

app.post('/orders', async (c) => {
  const body = await c.req.text();
  const parsed = OrderBody.safeParse(parseJson(body));
  if (!parsed.success) return c.json({ status: 422, detail: z.prettifyError(parsed.error) }, 422);
  const prefer = c.env.incoming.headers['prefer'];
  const waitS = typeof prefer === 'string' && prefer.startsWith('wait=') ? Number(prefer.slice(5)) : 0;
  return new Promise<Response>((resolve) => {
    schedule();
    accepting.push({
      number: ++lastNumber,
      body,
      lines: parsed.data.items,
      status: STATUS.placed,
      orderId: parsed.data.orderId,
      answer: resolve,
      waitUntilMs: waitS > 0 ? Date.now() + waitS * 1000 : 0,
    });
  });
});

app.post('/stock/:productId/receipts', async (c) => {
  const parsed = Receipt.safeParse(parseJson(await c.req.text()));
  if (!parsed.success) return c.json({ status: 422, detail: z.prettifyError(parsed.error) }, 422);
  store.receive(c.req.param('productId'), parsed.data.quantity, parsed.data.name);
  return c.json({ stock: store.stock() }, 201);
});

app.get('/stock', (c) => c.json({ stock: store.stock() }));
app.get('/books', (c) => c.json(store.counts()));
app.get('/readyz', (c) => c.text('ready'));

app.get('/notifications/stream', (c) => {
  const { outgoing } = c.env;
  outgoing.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store' });
  outgoing.write(': welcome\n\n');
  const send = (event: string) => outgoing.write(event);
  listeners.add(send);
  outgoing.on('close', () => listeners.delete(send));
  return RESPONSE_ALREADY_SENT;
});

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

resume();
setInterval(answerOverdue, WAIT_SWEEP_MS).unref();
const hostname = process.env['HOST'] ?? '127.0.0.1';
const server = serve({ fetch: app.fetch, hostname, port: Number(process.env['GATEWAY_PORT'] ?? 0) }, ({ port }) => {
  console.log(`reference: http://${hostname}:${port}`);
});
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    server.close();
    store.close();
    process.exit(0);
  });
}
