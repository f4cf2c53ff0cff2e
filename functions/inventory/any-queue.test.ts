/** Whatever happens to a queue: what a figure calls available can be ordered, and nothing lies idle; on a real database. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderPlaced, type Quantities } from '../../saga/examples.ts';
import { inMemory } from '../../shared/testing/in-memory.ts';
import { asksForFilling, BackorderFiller } from './backorder-filler.ts';
import { decide } from './decide.ts';
import { correctStock, receiveStock, setStockPolicy } from './examples.ts';
import { FillerExample } from './filler-example.ts';
import { inventory } from './function.ts';
import { available, type StockLevel, setAside } from './state.ts';
import { type BackorderRow, backorders } from './tables.ts';

const ROWS_MAX = 1_000;
const products = ['lamp', 'chair', 'table'] as const;
const product = fc.constantFrom(...products);
const quantities = fc
  .uniqueArray(product, { minLength: 1 })
  .chain((ids) => fc.tuple(...ids.map((id) => fc.tuple(fc.constant(id), fc.integer({ min: 1, max: 4 })))))
  .map((lines): Quantities => Object.fromEntries(lines));

/** `rests`: whether the filler comes to rest before the next step. */
const step = fc.record({
  rests: fc.boolean(),
  act: fc.oneof(
    { weight: 5, arbitrary: fc.record({ kind: fc.constant('place' as const), quantities }) },
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant('receive' as const),
        product,
        quantity: fc.integer({ min: 1, max: 5 }),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        kind: fc.constant('correct' as const),
        product,
        quantity: fc.integer({ min: -4, max: 2 }).filter((quantity) => quantity !== 0),
      }),
    },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant('cancel' as const), nth: fc.nat() }) },
    {
      weight: 1,
      arbitrary: fc.record({
        kind: fc.constant('policy' as const),
        product,
        whenShort: fc.constantFrom('wait' as const, 'reject' as const),
      }),
    },
    { weight: 2, arbitrary: fc.constant({ kind: 'one step of the filler' as const }) },
  ),
});
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;

/** A store that is changed step by step, and looked at after each of them. */
class Run {
  readonly #example = new FillerExample(inMemory(inventory));
  readonly #filler = new BackorderFiller(this.#example.context);
  readonly #placed: Quantities[] = [];
  #isWoken = false;
  #isScanning = false;

  async open(): Promise<void> {
    for (const productId of products) {
      await this.#example.receive(productId, 1);
      await this.#example.submit(setStockPolicy(productId, 'wait'));
    }
  }

  async act({ act }: Step, n: number): Promise<void> {
    if (act.kind === 'one step of the filler') {
      await this.#step();
      return;
    }
    if (act.kind === 'place') {
      this.#placed.push(act.quantities);
      await this.#example.place(`ORDER-${this.#placed.length - 1}`, act.quantities);
      return;
    }
    const outcome = await this.#change(act, n);
    this.#isWoken ||= outcome !== null && asksForFilling(outcome);
  }

  async #change(act: Exclude<Step['act'], { kind: 'place' | 'one step of the filler' }>, n: number) {
    switch (act.kind) {
      case 'receive':
        return this.#example.submit({ ...receiveStock(act.product, act.quantity), id: `delivery-${n}` });
      case 'correct':
        return this.#example.submit({ ...correctStock(act.product, act.quantity), id: `correction-${n}` });
      case 'cancel': {
        const nth = act.nth % Math.max(1, this.#placed.length);
        const cancelled = this.#placed[nth];
        return cancelled === undefined ? null : this.#example.cancel(`ORDER-${nth}`, cancelled);
      }
      case 'policy':
        return this.#example.submit({ ...setStockPolicy(act.product, act.whenShort), id: `policy-${n}` });
    }
  }

  /** Lets the filler come to rest. Returns whether it has scanned the queue from its front meanwhile. */
  async rest(): Promise<boolean> {
    let hasScanned = false;
    for (let steps = 0; this.#isWoken || this.#isScanning; steps++) {
      if (steps > 1_000) throw new Error('the filler does not come to rest');
      hasScanned ||= !this.#isScanning;
      await this.#step();
      await this.expectFiguresToHold();
    }
    return hasScanned;
  }

  /** A step of the loop: a scan begins when there was a reason for one, and goes on while there is more. */
  async #step(): Promise<void> {
    if (!this.#isScanning && !this.#isWoken) return;
    if (!this.#isScanning) this.#isWoken = false;
    this.#isScanning = await this.#filler.step();
  }

  async expectFiguresToHold(): Promise<void> {
    const rows = await this.#queue();
    for (const productId of products) {
      const level = await this.#example.level(productId);
      const short = rows.filter((row) => row.productId === productId && row.isShort === 1);
      expect(level.backordered).toBe(short.reduce((sum, { quantity }) => sum + quantity, 0));
      expect(available(level) + setAside(level) + level.reserved).toBe(level.onHand);
      expectAvailableToBeOrderable(level);
    }
    for (const orderId of new Set(rows.map((row) => row.orderId))) {
      expect(rows.some((row) => row.orderId === orderId && row.isShort === 1)).toBe(true);
    }
  }

  /**
   * No unit is set aside for an order that is not short of it; right after a scan also the reverse, which holds until
   * other orders take what is available.
   */
  async expectNothingIdle(hasScanned: boolean): Promise<void> {
    const ahead = new Map<string, number>();
    for (const { productId, quantity, isShort } of await this.#queue()) {
      const { onHand, reserved } = await this.#example.level(productId);
      const left = onHand - reserved - (ahead.get(productId) ?? 0);
      if (isShort === 1 || hasScanned) expect([productId, left < quantity]).toEqual([productId, isShort === 1]);
      if (isShort === 1) ahead.set(productId, (ahead.get(productId) ?? 0) + quantity);
    }
  }

  /** With stock for everything, all waiting orders are served, in their order. */
  async expectEverythingToBeServed(): Promise<void> {
    const waiting = [...new Set((await this.#queue()).map(({ orderId }) => orderId))];
    for (const productId of products) await this.#example.receive(productId, 1_000);
    const before = this.#example.submitted.length;
    await this.#example.scan();
    expect(this.#example.submitted.slice(before).map(({ subject }) => subject)).toEqual(waiting);
    expect(await this.#queue()).toEqual([]);
  }

  close(): Promise<void> {
    return this.#example.store.close();
  }

  async #queue(): Promise<readonly BackorderRow[]> {
    return this.#example.store.find({ table: backorders, orderBy: ['place'], limit: ROWS_MAX });
  }
}

function expectAvailableToBeOrderable(level: StockLevel): void {
  const { productId, whenShort } = level;
  const most = available(level);
  const answerTo = (quantity: number) => {
    const inventory = { reservation: { status: 'none', lines: [] }, stock: new Map([[productId, level]]) } as const;
    return decide(inventory, orderPlaced({ [productId]: quantity }));
  };
  if (most > 0) expect(answerTo(most)).toMatchObject([{ type: 'StockReserved' }]);
  const detail = `${productId} has ${most} left and ${most + 1} were asked for`;
  expect(answerTo(most + 1)).toMatchObject([
    whenShort === 'wait' ? { type: 'StockBackordered' } : { type: 'StockRejected', data: { reason: { detail } } },
  ]);
}

describe('any orders, deliveries and cancellations', () => {
  it('leave figures that can be ordered, nothing set aside that lies idle, and nothing that waits for ever', async () => {
    const property = fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), async (steps) => {
      const run = new Run();
      try {
        await run.open();
        for (const [n, each] of steps.entries()) {
          await run.act(each, n);
          await run.expectFiguresToHold();
          if (each.rests) await run.expectNothingIdle(await run.rest());
        }
        await run.rest();
        await run.expectEverythingToBeServed();
      } finally {
        await run.close();
      }
    });

    await fc.assert(property, { numRuns: 60 });
  }, 60_000);
});
