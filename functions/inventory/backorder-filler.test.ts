/** Goods go to waiting orders, first come first served; on a real database. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { catalog } from '../../saga/catalog.ts';
import { orderCancelled, orderPlaced, type Quantities } from '../../saga/examples.ts';
import { SqliteStore } from '../../shared/adapters/embedded/store/sqlite-store.ts';
import { AppError } from '../../shared/core/errors.ts';
import type { Message } from '../../shared/core/message.ts';
import { handleBatch } from '../../shared/runtime/handle/handle-batch.ts';
import type { CommandOutcome } from '../../shared/runtime/handle/outcome.ts';
import { batchOf } from '../../shared/testing/batches.ts';
import { asksForFilling, BackorderFiller, type FillerContext } from './backorder-filler.ts';
import { receiveStock, setStockPolicy } from './examples.ts';
import { inventory } from './function.ts';
import { placeInQueue, readQueue } from './queue.ts';
import { backorders, movements, reservations, stock } from './tables.ts';

const NOW_MS = Date.parse('2026-03-01T10:00:05.000Z');
const STEPS_MAX = 100;

let store: SqliteStore;
let submitted: Message[];
let receipts = 0;

beforeEach(() => {
  const { name, tables, migrations } = inventory;
  store = SqliteStore.open({ name, file: ':memory:', tables, migrations: migrations.sqlite });
  submitted = [];
});

afterEach(() => store.close());

async function submit(message: Message, deduplicate = false): Promise<CommandOutcome> {
  const { outcomes } = await handleBatch(
    inventory,
    store,
    batchOf([{ from: 'command', message, deduplicate }], NOW_MS),
  );
  return outcomes[0] as CommandOutcome;
}

const context: FillerContext = {
  get store() {
    return store;
  },
  clock: { nowMs: () => NOW_MS },
  catalog,
  submit: (message, { deduplicate = false } = {}) => {
    submitted.push(message);
    return submit(message, deduplicate);
  },
};

/** One scan of the queue; returns the number of its steps. */
async function scan(filler = new BackorderFiller(context)): Promise<number> {
  for (let steps = 1; steps <= STEPS_MAX; steps++) if (!(await filler.step())) return steps;
  throw new Error(`the scan has not ended after ${STEPS_MAX} steps`);
}

/** Products with the policy `wait`; the only unit of each is held. */
async function emptyShelf(...productIds: readonly string[]): Promise<void> {
  for (const productId of productIds) {
    await receive(productId, 1);
    await submit(setStockPolicy(productId, 'wait'));
    await place(`FIRST-${productId}`, { [productId]: 1 });
  }
}

async function receive(productId: string, quantity: number): Promise<void> {
  receipts += 1;
  await submit({ ...receiveStock(productId, quantity), id: `receipt-${receipts}` });
}

async function place(orderId: string, quantities: Quantities): Promise<void> {
  await submit(orderPlaced(quantities, { orderId }), true);
}

async function statusOf(...orderIds: readonly string[]): Promise<readonly unknown[]> {
  const rows = await Promise.all(
    orderIds.map((orderId) => store.find({ table: reservations, where: { orderId }, limit: 1 })),
  );
  return rows.map(([row]) => row?.status);
}

async function backordered(productId: string): Promise<unknown> {
  const [level] = await store.find({ table: stock, where: { productId }, limit: 1 });
  return level?.backordered;
}

describe('when goods arrive', () => {
  it('serves the waiting orders, first come first served, as far as the goods go', async () => {
    await emptyShelf('lamp');
    for (const orderId of ['A', 'B', 'C']) await place(orderId, { lamp: 2 });

    await receive('lamp', 5);
    await scan();

    expect(await statusOf('A', 'B', 'C')).toEqual(['held', 'held', 'waiting']);
    expect(submitted.map(({ subject }) => subject)).toEqual(['A', 'B']);
    expect([await backordered('lamp'), (await store.find({ table: backorders, limit: 9 })).length]).toEqual([2, 1]);
  });

  it('saves them for a large order that came first, however many small ones come later', async () => {
    await emptyShelf('lamp');
    await place('LARGE', { lamp: 10 });
    for (let n = 0; n < 12; n++) {
      await place(`SMALL-${n}`, { lamp: 1 });
      await receive('lamp', 1);
      await scan();
    }

    expect(await statusOf('LARGE', 'SMALL-0', 'SMALL-1', 'SMALL-2')).toEqual(['held', 'held', 'held', 'waiting']);
  });

  it('gives the last unit to the first waiting order, not to a later one', async () => {
    await emptyShelf('lamp');
    await place('A', { lamp: 1 });
    await receive('lamp', 1);
    await place('LATE', { lamp: 1 });

    await scan();

    expect(await statusOf('A', 'LATE')).toEqual(['held', 'waiting']);
  });

  it('lets an order pass one that lacks another product, and leaves that one its units', async () => {
    const filler = new BackorderFiller(context);
    await emptyShelf('lamp', 'chair');
    await place('BOTH', { lamp: 1, chair: 1 });
    await place('CHAIR', { chair: 1 });
    await place('CHAIR-2', { chair: 1 });

    await receive('chair', 2);
    await scan(filler);
    expect(await statusOf('BOTH', 'CHAIR', 'CHAIR-2')).toEqual(['waiting', 'held', 'waiting']);
    expect(submitted.map(({ subject }) => subject)).toEqual(['CHAIR']);

    await receive('lamp', 1);
    await scan(filler);
    expect(await statusOf('BOTH', 'CHAIR', 'CHAIR-2')).toEqual(['held', 'held', 'waiting']);
  });

  it('submits no order that cannot be served', async () => {
    await emptyShelf('lamp');
    await place('A', { lamp: 2 });
    await receive('lamp', 1);

    await scan();

    expect(submitted).toEqual([]);
  });

  it('submits a command in the saga of the order, and the movements name it as their cause', async () => {
    await emptyShelf('lamp');
    await place('A', { lamp: 2 });
    await receive('lamp', 2);

    await scan();

    const [moved] = await store.find({ table: movements, where: { orderId: 'A' }, limit: 1 });
    const { correlationid } = orderPlaced({ lamp: 2 }, { orderId: 'A' });
    expect(submitted.map((message) => [message.correlationid, message.id])).toEqual([[correlationid, moved?.causedBy]]);
  });
});

describe('when a waiting order is cancelled', () => {
  it('serves the orders behind it', async () => {
    await emptyShelf('lamp');
    await place('A', { lamp: 5 });
    await place('B', { lamp: 2 });
    await receive('lamp', 3);
    await scan();
    expect(await statusOf('A', 'B')).toEqual(['waiting', 'waiting']);

    const outcome = await submit(orderCancelled({ lamp: 5 }, 'too slow', { orderId: 'A' }), true);
    await scan();

    expect([asksForFilling(outcome), await statusOf('A', 'B')]).toEqual([true, ['released', 'held']]);
  });

  it('still counts it when it leaves during a scan, and serves the next order in the next scan', async () => {
    await emptyShelf('lamp');
    await place('A', { lamp: 2 });
    await place('B', { lamp: 2 });
    await receive('lamp', 2);
    const leaving: FillerContext = {
      ...context,
      store,
      submit: async (message) => {
        await submit(orderCancelled({ lamp: 2 }, 'too slow', { orderId: 'A' }), true);
        return submit(message, true);
      },
    };

    await scan(new BackorderFiller(leaving));
    expect(await statusOf('A', 'B')).toEqual(['released', 'waiting']);

    await scan();
    expect(await statusOf('A', 'B')).toEqual(['released', 'held']);
  });
});

describe('when serving an order fails', () => {
  /** A scan in which every command for A fails with this error; returns how often A was submitted. */
  async function scanWith(error: Error, steps: number): Promise<number> {
    let attempts = 0;
    const failing: FillerContext = {
      ...context,
      store,
      submit: async (message) => {
        if (message.subject !== 'A') return submit(message, true);
        attempts += 1;
        throw error;
      },
    };
    const filler = new BackorderFiller(failing);
    for (let n = 0; n < steps; n++) await filler.step().catch(() => true);
    return attempts;
  }

  beforeEach(async () => {
    await emptyShelf('lamp');
    await place('A', { lamp: 1 });
    await place('B', { lamp: 1 });
    await receive('lamp', 2);
  });

  it('serves the orders behind it when the failure is a bug, and leaves it its units', async () => {
    expect(await scanWith(new Error('a bug'), 2)).toBe(1);
    expect(await statusOf('A', 'B')).toEqual(['waiting', 'held']);
  });

  it('submits it again when the error is transient', async () => {
    expect(await scanWith(new AppError('unavailable', 'locked'), 2)).toBe(2);
    expect(await statusOf('A', 'B')).toEqual(['waiting', 'waiting']);
  });
});

describe('a queue of many pages', () => {
  it('is scanned to its end, in whole orders', async () => {
    const products = Array.from({ length: 90 }, (_, n) => `p${n}`);
    await emptyShelf(...products);
    const everything = Object.fromEntries(products.map((productId) => [productId, 1]));
    for (let n = 0; n < 6; n++) await place(`ORDER-${n}`, everything);
    for (const productId of products) await receive(productId, 5);

    const steps = await scan();

    expect(await statusOf('ORDER-0', 'ORDER-4', 'ORDER-5')).toEqual(['held', 'held', 'waiting']);
    expect(steps).toBeGreaterThan(2);
  });
});

describe('the queue of a product', () => {
  beforeEach(async () => {
    await emptyShelf('lamp', 'chair');
    for (const orderId of ['A', 'B', 'C']) await place(orderId, { lamp: 2 });
    await place('D', { chair: 1, lamp: 1 });
  });

  it('lists the orders in their turn, page by page', async () => {
    const [first, second] = await readQueue(store, 'lamp', { after: 0, limit: 2 });
    const rest = await readQueue(store, 'lamp', { after: second?.place ?? 0, limit: 2 });

    const places = [first, second, ...rest].map((row) => [row?.orderId, row?.quantity, row?.inQueue]);
    expect(places).toEqual([
      ['A', 2, 1],
      ['B', 2, 2],
      ['C', 2, 3],
      ['D', 1, 4],
    ]);
  });

  it('returns the place of an order in each queue', async () => {
    await submit(orderCancelled({ lamp: 2 }, 'too slow', { orderId: 'B' }), true);

    expect(await placeInQueue(store, 'D')).toEqual([
      { productId: 'chair', place: 1, quantity: 1 },
      { productId: 'lamp', place: 3, quantity: 1 },
    ]);
    expect(await placeInQueue(store, 'B')).toEqual([]);
  });
});
