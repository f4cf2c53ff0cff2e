/** What the references of the bench have in common: HTTP with Hono, zod for what comes in, and the stream of notices. */
import { type HttpBindings, serve } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import { z } from 'zod';
import type { StockView } from './reference-stock.ts';
import { STATUS, type StoredOrder } from './reference-store.ts';

const JSON_HEADERS = { 'content-type': 'application/json' };
const WAIT_SWEEP_MS = 250;
const STATUS_NAMES = ['placed', 'reserved', 'confirmed', 'rejected'];

const Id = z.string().regex(/^[A-Za-z0-9._:-]{1,64}$/);
const Money = z.union([z.number().nonnegative(), z.string().regex(/^\d{1,12}(\.\d{1,2})?$/)]).transform(toCents);
export const OrderBody = z
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

export interface Waiting extends StoredOrder {
  readonly orderId: string;
  /** Answers the client once: when the order is durable, or with the outcome when the client asked to wait. */
  answer: ((response: Response) => void) | null;
  /** Milliseconds since the epoch; 0 when the client does not wait. */
  readonly waitUntilMs: number;
}

/** What a reference does with what comes in. */
export interface Steps {
  /** Takes an order, which is answered once by {@link answer}. */
  place(order: Waiting): void;
  receive(productId: string, quantity: number, name: string): void;
  stock(): readonly StockView[];
  /** Orders that may still wait for their outcome. */
  waiting(): Iterable<Waiting>;
  close(): void;
}

const listeners = new Set<(event: string) => void>();

function toCents(amount: number | string): number {
  return Math.round(Number(amount) * 100);
}

export function answer(order: Waiting, httpStatus: number): void {
  const body = `{"orderId":"${order.orderId}","status":"${STATUS_NAMES[order.status]}"}`;
  order.answer?.(new Response(body, { status: httpStatus, headers: JSON_HEADERS }));
  order.answer = null;
}

/** To every client of the stream. */
export function sendNotices(orders: Iterable<Pick<Waiting, 'number' | 'orderId' | 'status'>>): void {
  if (listeners.size === 0) return;
  for (const { number, orderId, status } of orders) {
    const fact = status === STATUS.confirmed ? 'OrderConfirmed' : 'OrderRejected';
    const data = JSON.stringify({ notificationId: String(number), orderId, fact });
    for (const send of listeners) send(`event: notification\nid: ${number}\ndata: ${data}\n\n`);
  }
}

/**
 * Opens the port that the bench has chosen.
 * @param lastNumber of the orders that are there already
 */
export function serveReference(name: string, steps: Steps, lastNumber: number): void {
  const hostname = process.env['HOST'] ?? '127.0.0.1';
  const port = Number(process.env['GATEWAY_PORT'] ?? 0);
  const server = serve({ fetch: appOf(steps, lastNumber).fetch, hostname, port }, (address) => {
    console.log(`${name}: http://${hostname}:${address.port}`);
  });
  setInterval(() => answerOverdue(steps.waiting()), WAIT_SWEEP_MS).unref();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      server.close();
      steps.close();
      process.exit(0);
    });
  }
}

function answerOverdue(orders: Iterable<Waiting>): void {
  const now = Date.now();
  for (const order of orders) {
    if (order.waitUntilMs !== 0 && order.waitUntilMs <= now) answer(order, 202);
  }
}

function appOf(steps: Steps, lastNumber: number): Hono<{ Bindings: HttpBindings }> {
  let number = lastNumber;
  const app = new Hono<{ Bindings: HttpBindings }>();

  app.post('/orders', async (c) => {
    const body = await c.req.text();
    const parsed = OrderBody.safeParse(parseJson(body));
    if (!parsed.success) return c.json({ status: 422, detail: z.prettifyError(parsed.error) }, 422);
    const prefer = c.env.incoming.headers['prefer'];
    const waitS = typeof prefer === 'string' && prefer.startsWith('wait=') ? Number(prefer.slice(5)) : 0;
    return new Promise<Response>((resolve) => {
      steps.place({
        number: ++number,
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
    steps.receive(c.req.param('productId'), parsed.data.quantity, parsed.data.name);
    return c.json({ stock: steps.stock() }, 201);
  });

  app.get('/stock', (c) => c.json({ stock: steps.stock() }));
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
  return app;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
