/** Clients of a store whose disk is recorded: they do everything that a store acknowledges, and note when it did. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { OrderBody } from '../../functions/order/representation.ts';
import { type Answer, bodyOf, orderOf, post, put } from '../scenarios/client.ts';
import { type Env, run, type TestStore } from '../scenarios/harness.ts';
import type { Acknowledged } from './acknowledged.ts';

const LAMPS = 1_000_000;
const RETRY_MS = 50;
const ATTEMPTS_MAX = 400;
/** Every so many orders one is cancelled, one dispatched, one asks for goods that are short, one delivery comes. */
const EVERY = { cancel: 5, dispatch: 3, scarce: 7, receipt: 4 };

/** The clients of one store. They repeat what is not answered for good, and their ids count on through all of its runs. */
export class Workload {
  readonly acknowledged: Acknowledged[] = [];
  /** How often each status was answered. */
  readonly answers = new Map<number, number>();
  /** A sentence for each answer that no client should get: other than yes, no, 503 and 507. */
  readonly wrongAnswers: string[] = [];
  readonly #store: TestStore;
  #orders = 0;

  constructor(store: TestStore) {
    this.#store = store;
  }

  /** Stock for all orders of `LAMP`; of `SCARCE` there is little, and orders wait for it. */
  async stock(): Promise<void> {
    await this.#receive('LAMP', LAMPS);
    await this.#receive('SCARCE', 3);
    await put(this.#store.url('/stock/SCARCE/policy'), { whenShort: 'wait' });
  }

  /** Places so many orders, `clients` at a time, and does to some of them what can be done to an order. */
  async run(count: number, clients: number): Promise<void> {
    const last = this.#orders + count;
    const client = async () => {
      while (this.#orders < last) await this.#act(++this.#orders);
    };
    await Promise.all(Array.from({ length: clients }, client));
  }

  /** Appends orders to the public topic, as another program does. */
  async produce(count: number, folder: string, env: Env): Promise<void> {
    const orderIds = Array.from({ length: count }, () => `TOPIC-${++this.#orders}`);
    const file = join(folder, `events-${this.#orders}.json`);
    writeFileSync(file, JSON.stringify(orderIds.map(placeOrder)));
    const program = run('dist/e2e/tools/produce.js', ['order-commands', file], env);
    const { code } = await program.exit;
    if (code !== 0) throw new Error(`produce ended with ${code}: ${program.stderr()}`);
    for (const orderId of orderIds) this.#note({ kind: 'topic', orderId });
  }

  async #act(number: number): Promise<void> {
    const orderId = `ORDER-${number}`;
    const quantity = 1 + (number % 3);
    const product = productOf(number);
    const waits = product === 'LAMP' && number % 2 === 0;
    const order = orderOf(orderId, quantity, product);
    const placed = await this.#send('/orders', order, keyOf(orderId), waits ? { prefer: 'wait=5' } : {});
    if (placed === null) return;
    const { status } = bodyOf<OrderBody>(placed);
    this.#note({ kind: 'order', orderId, product, quantity, status });
    if (number % EVERY.cancel === 0) await this.#change(orderId, 'cancel');
    else if (number % EVERY.dispatch === 0 && status === 'confirmed') await this.#change(orderId, 'dispatch');
    if (number % EVERY.receipt === 0) await this.#receive(`RECEIPT-${number}`, number);
  }

  async #change(orderId: string, kind: 'cancel' | 'dispatch'): Promise<void> {
    const body = kind === 'cancel' ? { reason: 'changed my mind' } : {};
    const answer = await this.#send(`/orders/${orderId}/${kind}`, body, `${kind}-${orderId}`);
    if (answer !== null) this.#note({ kind, orderId });
  }

  async #receive(productId: string, quantity: number): Promise<void> {
    const answer = await this.#send(`/stock/${productId}/receipts`, { quantity }, keyOf(productId));
    if (answer !== null) this.#note({ kind: 'receipt', productId, quantity });
  }

  /** Posts until it is answered for good. @returns null where the answer is not yes */
  async #send(path: string, body: object, key: string, headers: Env = {}): Promise<Answer | null> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const options = { headers: { 'idempotency-key': key, ...headers } };
      const answer = await post(this.#store.url(path), body, options);
      const { status } = answer;
      this.answers.set(status, (this.answers.get(status) ?? 0) + 1);
      if (status >= 200 && status < 300) return answer;
      if (status === 409) return null;
      if (status !== 503 && status !== 507) this.wrongAnswers.push(`${path}: ${status} ${answer.text}`);
      await sleep(RETRY_MS);
    }
    this.wrongAnswers.push(`${path}: no yes or no in ${ATTEMPTS_MAX} attempts`);
    return null;
  }

  #note<Kind extends Omit<Acknowledged, 'atNs'>>(promise: Kind): void {
    this.acknowledged.push({ ...promise, atNs: process.hrtime.bigint() } as unknown as Acknowledged);
  }
}

function productOf(number: number): string {
  return number % EVERY.scarce === 0 ? 'SCARCE' : 'LAMP';
}

/** The key with which an order is placed. */
export function keyOf(orderId: string): string {
  return `KEY-${orderId}`;
}

function placeOrder(orderId: string): object {
  return {
    id: `command-${orderId}`,
    source: '/import',
    type: 'PlaceOrder',
    time: new Date().toISOString(),
    subject: orderId,
    data: {
      orderId,
      customerId: 'CUSTOMER_001',
      currency: 'EUR',
      lines: [{ productId: 'LAMP', quantity: 1, priceMinor: 1_000 }],
    },
  };
}
