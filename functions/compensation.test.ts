import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orderCancelled, orderPlaced, orderRejected } from '../saga/examples.ts';
import { TransientError } from '../shared/core/errors.ts';
import { outbox } from '../shared/ports/tables/outbox.ts';
import { replay } from '../shared/runtime/dead-letters/resolve.ts';
import type { StoreFunction } from '../shared/runtime/function.ts';
import { DeadLetterBench } from '../shared/testing/dead-letter-bench.ts';
import { receiveStock } from './inventory/examples.ts';
import { inventory } from './inventory/function.ts';
import { reservations, stock } from './inventory/tables.ts';

let bench: DeadLetterBench;

beforeEach(async () => {
  bench = await DeadLetterBench.open(inventory as unknown as StoreFunction);
  const received = bench.worker.submit(receiveStock('lamp', 5, 'Lamp'));
  await bench.settle();
  await received;
});
afterEach(() => bench.close());

async function levels() {
  const [level] = await bench.store.find({ table: stock, limit: 1 });
  const [reservation] = await bench.store.find({ table: reservations, limit: 1 });
  return [level?.onHand, level?.reserved, reservation?.status];
}

describe('a compensation that keeps failing', () => {
  it('becomes a dead letter that names what is not undone, and undoes it when replayed', async () => {
    const rejected = orderRejected({ lamp: 2 });
    bench.failures.set(rejected.id, new TransientError('the stock is locked'));
    await bench.exhaust(orderPlaced({ lamp: 2 }), rejected);
    const [deadLetter] = await bench.deadLetters();
    const held = await levels();
    bench.failures.clear();
    const by = { who: 'ann', reason: 'the stock is unlocked' };
    await replay(bench.scope(), deadLetter?.letter ?? '', by);
    await bench.settle();

    expect(deadLetter).toMatchObject({ status: 'open', code: 'failed', key: rejected.subject });
    expect(deadLetter?.attributes).toMatchObject({ type: 'OrderRejected', id: rejected.id });
    expect([held, await levels()]).toEqual([
      [5, 2, 'held'],
      [5, 0, 'released'],
    ]);
    expect(await bench.statuses()).toEqual(['replayed']);
  });
});

describe('an order whose reservation fails for a while', () => {
  it('is not overtaken by its own cancellation, and holds nothing in the end', async () => {
    const placed = orderPlaced({ lamp: 2 });
    const cancelled = orderCancelled({ lamp: 2 });
    bench.asked.length = 0;
    bench.failures.set(placed.id, new TransientError('the stock is locked'));
    await bench.log.append('order-events', [placed, cancelled]);
    await bench.settle();
    const meanwhile = [await levels(), await bench.waiting()];
    bench.failures.clear();
    await bench.exhaust();

    expect(meanwhile).toEqual([
      [5, 0, undefined],
      [2, 1],
    ]);
    expect([bench.asked, await levels()]).toEqual([
      [placed.id, placed.id, cancelled.id],
      [5, 0, 'released'],
    ]);
  });
});

describe('an order that is short of goods', () => {
  it('is answered at once and never retried', async () => {
    bench.asked.length = 0;
    await bench.exhaust(orderPlaced({ lamp: 6 }));
    const sent = await bench.store.find({ table: outbox, orderBy: ['position'], limit: 9 });

    expect(sent.map(({ attributes }) => attributes.type)).toEqual(['StockReceived', 'StockRejected']);
    expect([bench.asked.length, await bench.waiting(), await bench.statuses()]).toEqual([1, [0, 0], []]);
  });
});
