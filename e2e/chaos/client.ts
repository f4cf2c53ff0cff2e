/**
 * The clients of the store. They carry out the actions of the plan at their times, retry with the same key as careful
 * clients do, and record what they know.
 */
import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { untilMs } from './faults.ts';
import type { AttemptOutcome, FlightRecord } from './flight-record.ts';
import type { CancelCall, ClientHistory, OrderCall, ReceiptCall, StoredMovement } from './history.ts';
import { bodyOf, keepAliveAgent, type Reply, send } from './http.ts';
import type { Action, OrderLine } from './plan.ts';

const ANSWER_MAX_MS = 2_000;
const ATTEMPTS_MAX = 7;
const BACK_OFF_FIRST_MS = 100;
/** With more open requests, the clients would be the bottleneck. */
const IN_FLIGHT_MAX = 2_000;
const CUSTOMERS = 20;
const PRICES = ['9.90', '4.20', '120.00', '35.50', '7.00', '15.25'];

export interface Conclusion {
  readonly outcome: AttemptOutcome;
  readonly reply: Reply;
}

/** What an answer means to a client. */
export function outcomeOf({
  status,
  isConnectionRefused,
}: Pick<Reply, 'status' | 'isConnectionRefused'>): AttemptOutcome {
  if (status === 0) return isConnectionRefused ? 'away' : 'lost';
  if (status >= 200 && status < 300) return 'acknowledged';
  if (status === 409 || status === 429) return 'busy';
  if (status === 503) return 'unavailable';
  if (status === 507) return 'no room';
  return status >= 400 && status < 500 ? 'refused' : 'broken';
}

/** Whether the request may have taken effect although the client does not know it. */
export function isUnsure(outcome: AttemptOutcome): boolean {
  return outcome === 'lost' || outcome === 'unavailable' || outcome === 'busy' || outcome === 'broken';
}

export class Clients implements ClientHistory {
  readonly orders = new Map<string, OrderCall>();
  readonly cancels = new Map<string, CancelCall>();
  readonly receipts: ReceiptCall[] = [];
  readonly brokenAnswers: string[] = [];
  /** Actions that were skipped because too many requests were in flight. */
  heldBack = 0;
  readonly sent = { duplicates: 0, cancels: 0, policies: 0 };
  /** How many of those sent were acknowledged. */
  readonly done = { cancels: 0, policies: 0 };
  /** Orders answered with 2xx. */
  acknowledged = 0;
  readonly #gateway: string;
  readonly #record: FlightRecord;
  readonly #agent = keepAliveAgent();

  constructor(gateway: string, record: FlightRecord) {
    this.#gateway = gateway;
    this.#record = record;
  }

  /** Acts until the plan reaches `endMs` or the signal aborts; resolves when no request is in flight. */
  async run(plan: Iterator<Action>, endMs: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    setMaxListeners(0, over.signal);
    signal.addEventListener('abort', () => over.abort(), { once: true });
    const open = new Set<Promise<void>>();
    for (let action = plan.next().value; action.atMs < endMs; action = plan.next().value) {
      if (!(await untilMs(this.#record, action.atMs, signal))) break;
      if (open.size >= IN_FLIGHT_MAX) {
        this.heldBack += 1;
        continue;
      }
      const done: Promise<void> = this.#act(action, over.signal).finally(() => open.delete(done));
      open.add(done);
    }
    // No retries after the end: what is unknown then stays unknown, and the history shows what happened.
    over.abort();
    await Promise.all(open);
  }

  /** Records the deliveries and corrections from before the load, so that they are expected. */
  addInitialStock(movements: readonly StoredMovement[]): void {
    for (const { kind, productId, quantity } of movements) {
      if (kind !== 'received' && kind !== 'corrected') continue;
      this.receipts.push({ key: '', kind, productId, quantity, isAcknowledged: true, isUnsure: false });
    }
  }

  /** Reports a delivery outside the plan. */
  receive(key: string, productId: string, quantity: number): Promise<void> {
    return this.#act({ atMs: 0, kind: 'receipt', key, productId, quantity }, new AbortController().signal);
  }

  close(): void {
    this.#agent.destroy();
  }

  #act(action: Action, signal: AbortSignal): Promise<void> {
    switch (action.kind) {
      case 'order':
        this.orders.set(action.orderId, {
          orderId: action.orderId,
          lines: action.lines,
          attempts: 0,
          fresh: 0,
          replays: 0,
          isUnsure: false,
        });
        return this.#postOrder(action.orderId, signal);
      case 'duplicate':
        this.sent.duplicates += 1;
        return this.#postOrder(action.orderId, signal);
      case 'cancel':
        return this.#cancel(action.orderId, signal);
      case 'receipt':
        return this.#receive(action, signal);
      case 'correction':
        return this.#correct(action, signal);
      case 'policy':
        return this.#setPolicy(action, signal);
    }
  }

  async #postOrder(orderId: string, signal: AbortSignal): Promise<void> {
    const call = this.orders.get(orderId);
    if (call === undefined) return;
    const items = call.lines.map(({ productId, quantity }, index) => ({
      productId,
      quantity,
      price: PRICES[(orderId.length + quantity + index) % PRICES.length],
    }));
    const customerId = `CUSTOMER_${String((Number(orderId.slice(-3)) % CUSTOMERS) + 1).padStart(3, '0')}`;
    const body = { orderId, customerId, currency: 'EUR', items };
    await this.#sendUntilFinal('POST', '/orders', { body, key: `KEY-${orderId}` }, signal, ({ outcome, reply }) => {
      call.attempts += 1;
      if (outcome === 'acknowledged' && call.fresh + call.replays === 0) this.acknowledged += 1;
      if (outcome === 'acknowledged' && reply.isReplay) call.replays += 1;
      else if (outcome === 'acknowledged') call.fresh += 1;
      else call.isUnsure ||= isUnsure(outcome);
    });
  }

  async #cancel(orderId: string, signal: AbortSignal): Promise<void> {
    this.sent.cancels += 1;
    const call = this.cancels.get(orderId) ?? { orderId, isAsked: false, isCancelled: false };
    this.cancels.set(orderId, call);
    const path = `/orders/${orderId}/cancel`;
    const request = { body: { reason: 'changed my mind' }, key: `CANCEL-${orderId}` };
    await this.#sendUntilFinal('POST', path, request, signal, ({ outcome, reply }) => {
      call.isAsked ||= outcome === 'acknowledged' || isUnsure(outcome);
      if (outcome === 'acknowledged') this.done.cancels += 1;
      call.isCancelled ||= outcome === 'acknowledged' && bodyOf(reply)['status'] === 'cancelled';
    });
  }

  #receive(action: Extract<Action, { kind: 'receipt' | 'correction' }>, signal: AbortSignal): Promise<void> {
    const { productId, quantity } = action;
    const name = productId.charAt(0) + productId.slice(1).toLowerCase();
    return this.#changeStock(action, 'received', { quantity, name }, signal);
  }

  #correct(action: Extract<Action, { kind: 'receipt' | 'correction' }>, signal: AbortSignal): Promise<void> {
    return this.#changeStock(action, 'corrected', { quantity: action.quantity, reason: 'counted again' }, signal);
  }

  async #changeStock(
    { key, productId, quantity }: OrderLine & { readonly key: string },
    kind: ReceiptCall['kind'],
    body: object,
    signal: AbortSignal,
  ): Promise<void> {
    const call: ReceiptCall = { key, kind, productId, quantity, isAcknowledged: false, isUnsure: false };
    this.receipts.push(call);
    const path = `/stock/${productId}/${kind === 'received' ? 'receipts' : 'corrections'}`;
    await this.#sendUntilFinal('POST', path, { body, key }, signal, ({ outcome }) => {
      call.isAcknowledged ||= outcome === 'acknowledged';
      call.isUnsure ||= isUnsure(outcome);
    });
  }

  async #setPolicy({ productId, whenShort }: Extract<Action, { kind: 'policy' }>, signal: AbortSignal) {
    this.sent.policies += 1;
    await this.#sendUntilFinal('PUT', `/stock/${productId}/policy`, { body: { whenShort } }, signal, ({ outcome }) => {
      if (outcome === 'acknowledged') this.done.policies += 1;
    });
  }

  /** Sends the request until it has a final answer, `ATTEMPTS_MAX` times at most. */
  async #sendUntilFinal(
    method: string,
    path: string,
    request: { readonly body: unknown; readonly key?: string },
    signal: AbortSignal,
    onConclusion: (conclusion: Conclusion) => void,
  ): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const url = this.#gateway + path;
      const reply = await send(method, url, { ...request, timeoutMs: ANSWER_MAX_MS, agent: this.#agent });
      const outcome = outcomeOf(reply);
      this.#record.attempt(outcome);
      if (outcome === 'broken') this.brokenAnswers.push(`${method} ${path} was answered with ${reply.status}`);
      onConclusion({ outcome, reply });
      // A 409 is final except on /orders: an order does not return to a state that allows the request.
      const isFinal = outcome === 'acknowledged' || outcome === 'refused' || reply.status === 409;
      if (signal.aborted || (isFinal && !(reply.status === 409 && path === '/orders'))) return;
      await sleep(BACK_OFF_FIRST_MS * 2 ** attempt, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
    }
  }
}
