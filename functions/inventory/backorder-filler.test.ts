/** Goods go to waiting orders, first come first served; on a real database. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orderPlaced } from '../../saga/examples.ts';
import { AppError } from '../../shared/core/errors.ts';
import { inMemory } from '../../shared/testing/in-memory.ts';
import { asksForFilling, BackorderFiller, type FillerContext } from './backorder-filler.ts';
import { FillerExample } from './filler-example.ts';
import { inventory } from './function.ts';
import { backorders, movements } from './tables.ts';

let example: FillerExample;

beforeEach(() => {
  example = new FillerExample(inMemory(inventory));
});

afterEach(() => example.store.close());

describe('when goods arrive', () => {
  it('serves the waiting orders, first come first served, as far as the goods go', async () => {
    await example.emptyShelf('lamp');
    for (const orderId of ['A', 'B', 'C']) await example.place(orderId, { lamp: 2 });

    await example.receive('lamp', 5);
    await example.scan();

    expect(await example.statusOf('A', 'B', 'C')).toEqual(['held', 'held', 'waiting']);
    expect(example.submitted.map(({ subject }) => subject)).toEqual(['A', 'B']);
    expect([
      (await example.level('lamp')).backordered,
      (await example.store.find({ table: backorders, limit: 9 })).length,
    ]).toEqual([2, 1]);
  });

  it('saves them for a large order that came first, however many small ones come later', async () => {
    await example.emptyShelf('lamp');
    await example.place('LARGE', { lamp: 10 });
    for (let n = 0; n < 12; n++) {
      await example.place(`SMALL-${n}`, { lamp: 1 });
      await example.receive('lamp', 1);
      await example.scan();
    }

    expect(await example.statusOf('LARGE', 'SMALL-0', 'SMALL-1', 'SMALL-2')).toEqual([
      'held',
      'held',
      'held',
      'waiting',
    ]);
  });

  it('gives the last unit to the first waiting order, not to a later one', async () => {
    await example.emptyShelf('lamp');
    await example.place('A', { lamp: 1 });
    await example.receive('lamp', 1);
    await example.place('LATE', { lamp: 1 });

    await example.scan();

    expect(await example.statusOf('A', 'LATE')).toEqual(['held', 'waiting']);
  });

  it('lets orders pass one that lacks another product, and serves that one first when all of its goods are there', async () => {
    const filler = new BackorderFiller(example.context);
    await example.emptyShelf('lamp', 'chair');
    await example.place('BOTH', { lamp: 1, chair: 1 });
    for (const orderId of ['CHAIR', 'CHAIR-2', 'CHAIR-3']) await example.place(orderId, { chair: 1 });

    await example.receive('chair', 2);
    await example.scan(filler);
    expect(await example.statusOf('BOTH', 'CHAIR', 'CHAIR-2', 'CHAIR-3')).toEqual([
      'waiting',
      'held',
      'held',
      'waiting',
    ]);

    await example.receive('lamp', 1);
    await example.receive('chair', 1);
    await example.scan(filler);
    expect(await example.statusOf('BOTH', 'CHAIR-3')).toEqual(['held', 'waiting']);
  });

  it('submits no order that cannot be served', async () => {
    await example.emptyShelf('lamp');
    await example.place('A', { lamp: 2 });
    await example.receive('lamp', 1);

    await example.scan();

    expect(example.submitted).toEqual([]);
  });

  it('submits a command in the saga of the order, and the movements name it as their cause', async () => {
    await example.emptyShelf('lamp');
    await example.place('A', { lamp: 2 });
    await example.receive('lamp', 2);

    await example.scan();

    const [moved] = await example.store.find({ table: movements, where: { orderId: 'A' }, limit: 1 });
    const { correlationid } = orderPlaced({ lamp: 2 }, { orderId: 'A' });
    expect(example.submitted.map((message) => [message.correlationid, message.id])).toEqual([
      [correlationid, moved?.causedBy],
    ]);
  });
});

describe('when a waiting order is cancelled', () => {
  it('serves the orders behind it', async () => {
    await example.emptyShelf('lamp');
    await example.place('A', { lamp: 5 });
    await example.place('B', { lamp: 2 });
    await example.receive('lamp', 3);
    await example.scan();
    expect(await example.statusOf('A', 'B')).toEqual(['waiting', 'waiting']);

    const outcome = await example.cancel('A', { lamp: 5 });
    await example.scan();

    expect([asksForFilling(outcome), await example.statusOf('A', 'B')]).toEqual([true, ['released', 'held']]);
  });

  it('still counts it when it leaves during a scan, and serves the next order in the next scan', async () => {
    await example.emptyShelf('lamp');
    await example.place('A', { lamp: 2 });
    await example.place('B', { lamp: 2 });
    await example.receive('lamp', 2);
    const leaving: FillerContext = {
      ...example.context,
      submit: async (message) => {
        await example.cancel('A', { lamp: 2 });
        return example.submit(message, true);
      },
    };

    await example.scan(new BackorderFiller(leaving));
    expect(await example.statusOf('A', 'B')).toEqual(['released', 'waiting']);

    await example.scan();
    expect(await example.statusOf('A', 'B')).toEqual(['released', 'held']);
  });
});

describe('when serving an order fails', () => {
  /** A scan in which every command for A fails with this error; returns how often A was submitted. */
  async function scanWith(error: Error, steps: number): Promise<number> {
    let attempts = 0;
    const failing: FillerContext = {
      ...example.context,
      submit: async (message) => {
        if (message.subject !== 'A') return example.submit(message, true);
        attempts += 1;
        throw error;
      },
    };
    const filler = new BackorderFiller(failing);
    for (let n = 0; n < steps; n++) await filler.step().catch(() => true);
    return attempts;
  }

  beforeEach(async () => {
    await example.emptyShelf('lamp');
    await example.place('A', { lamp: 1 });
    await example.place('B', { lamp: 1 });
    await example.receive('lamp', 2);
  });

  it('serves the orders behind it when the failure is a bug, and leaves it its units', async () => {
    expect(await scanWith(new Error('a bug'), 2)).toBe(1);
    expect(await example.statusOf('A', 'B')).toEqual(['waiting', 'held']);
  });

  it('submits it again when the error is transient', async () => {
    expect(await scanWith(new AppError('unavailable', 'locked'), 2)).toBe(2);
    expect(await example.statusOf('A', 'B')).toEqual(['waiting', 'waiting']);
  });
});

describe('a queue of many pages', () => {
  it('is scanned to its end, in whole orders', async () => {
    const products = Array.from({ length: 90 }, (_, n) => `p${n}`);
    await example.emptyShelf(...products);
    const everything = Object.fromEntries(products.map((productId) => [productId, 1]));
    for (let n = 0; n < 6; n++) await example.place(`ORDER-${n}`, everything);
    for (const productId of products) await example.receive(productId, 5);

    const steps = await example.scan();

    expect(await example.statusOf('ORDER-0', 'ORDER-4', 'ORDER-5')).toEqual(['held', 'held', 'waiting']);
    expect(steps).toBeGreaterThan(2);
  });
});
