/** Inventory with its filler, for tests. */
import { orderCancelled, orderPlaced, type Quantities } from '../../saga/examples.ts';
import type { Message } from '../../shared/core/message.ts';
import type { Store } from '../../shared/ports/store.ts';
import type { CommandOutcome } from '../../shared/runtime/handle/outcome.ts';
import { BackorderFiller, type FillerContext } from './backorder-filler.ts';
import { receiveStock, setStockPolicy } from './examples.ts';
import type { StockLevel } from './state.ts';
import { reservations, stock } from './tables.ts';

const STEPS_MAX = 100;

export class FillerExample {
  readonly store: Store;
  /** What the filler has submitted. */
  readonly submitted: Message[] = [];
  readonly context: FillerContext;
  readonly #submit: FillerContext['submit'];
  #receipts = 0;

  constructor(inventory: FillerContext) {
    this.store = inventory.store;
    this.#submit = inventory.submit;
    this.context = {
      ...inventory,
      submit: (message, options) => {
        this.submitted.push(message);
        return this.#submit(message, options);
      },
    };
  }

  submit(message: Message, deduplicate = false): Promise<CommandOutcome> {
    return this.#submit(message, { deduplicate });
  }

  /** Steps until the filler has come to rest; returns the number of steps. */
  async scan(filler = new BackorderFiller(this.context)): Promise<number> {
    for (let steps = 1; steps <= STEPS_MAX; steps++) if (!(await filler.step())) return steps;
    throw new Error(`the scan has not ended after ${STEPS_MAX} steps`);
  }

  /** Products with the policy `wait`; the only unit of each is held. */
  async emptyShelf(...productIds: readonly string[]): Promise<void> {
    for (const productId of productIds) {
      await this.receive(productId, 1);
      await this.submit(setStockPolicy(productId, 'wait'));
      await this.place(`FIRST-${productId}`, { [productId]: 1 });
    }
  }

  async receive(productId: string, quantity: number): Promise<void> {
    this.#receipts += 1;
    await this.submit({ ...receiveStock(productId, quantity), id: `receipt-${this.#receipts}` });
  }

  async place(orderId: string, quantities: Quantities): Promise<void> {
    await this.submit(orderPlaced(quantities, { orderId }), true);
  }

  cancel(orderId: string, quantities: Quantities): Promise<CommandOutcome> {
    return this.submit(orderCancelled(quantities, 'too slow', { orderId }), true);
  }

  async statusOf(...orderIds: readonly string[]): Promise<readonly unknown[]> {
    const rows = await Promise.all(
      orderIds.map((orderId) => this.store.find({ table: reservations, where: { orderId }, limit: 1 })),
    );
    return rows.map(([row]) => row?.status);
  }

  async level(productId: string): Promise<StockLevel> {
    const [level] = await this.store.find({ table: stock, where: { productId }, limit: 1 });
    if (level === undefined) throw new Error(`there is no product ${productId}`);
    return level;
  }
}
