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
import { answer, OrderBody, sendNotices, serveReference, type Waiting } from './reference-http.ts';
import { ReferenceStore, STATUS } from './reference-store.ts';

const store = new ReferenceStore(join(process.env['DATA_DIR'] ?? '.', 'reference.db'));
let isScheduled = false;
let accepting: Waiting[] = [];
let reserving: Waiting[] = [];
let confirming: Waiting[] = [];
let notifying: Waiting[] = [];

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
  sendNotices(batch);
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

resume();
serveReference(
  'reference',
  {
    place(order) {
      schedule();
      accepting.push(order);
    },
    receive: (productId, quantity, name) => store.receive(productId, quantity, name),
    stock: () => store.stock(),
    waiting: () => [...reserving, ...confirming],
    close: () => store.close(),
  },
  store.lastNumber(),
);
