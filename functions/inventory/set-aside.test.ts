/** Which units are set aside for an order that waits, and until when; on a real database. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inMemory } from '../../shared/testing/in-memory.ts';
import { FillerExample } from './filler-example.ts';
import { inventory } from './function.ts';
import { available, setAside } from './state.ts';
import { backorders } from './tables.ts';

const ROWS_MAX = 1_000;

let example: FillerExample;

beforeEach(() => {
  example = new FillerExample(inMemory(inventory));
});

afterEach(() => example.store.close());

/** What is set aside and what is available of a product. */
async function figuresOf(productId: string): Promise<readonly [setAside: number, available: number]> {
  const level = await example.level(productId);
  return [setAside(level), available(level)];
}

/** The products that a waiting order is short of. */
async function shortOf(orderId: string): Promise<readonly string[]> {
  const rows = await example.store.find({ table: backorders, where: { orderId }, limit: ROWS_MAX });
  return rows.filter(({ isShort }) => isShort === 1).map(({ productId }) => productId);
}

describe('an order that waits for two products', () => {
  beforeEach(async () => {
    await example.emptyShelf('lamp', 'chair');
    await example.place('BOTH', { lamp: 3, chair: 1 });
  });

  it('keeps what arrives of both from later orders, as long as it is short of both', async () => {
    await example.receive('lamp', 2);
    await example.scan();
    await example.place('LATER', { lamp: 1 });

    expect([await figuresOf('lamp'), await example.statusOf('BOTH', 'LATER')]).toEqual([
      [2, 0],
      ['waiting', 'waiting'],
    ]);
  });

  it('keeps nothing of the one that is there any more: other orders take it at once', async () => {
    await example.receive('lamp', 5);
    await example.scan();
    expect([await figuresOf('lamp'), await shortOf('BOTH')]).toEqual([[0, 5], ['chair']]);

    await example.place('ALL', { lamp: 5 });
    expect(await example.statusOf('BOTH', 'ALL')).toEqual(['waiting', 'held']);
  });

  it('is short again of what others took, and is served when all of it is there', async () => {
    await example.receive('lamp', 3);
    await example.scan();
    await example.place('OTHER', { lamp: 2 });

    await example.receive('chair', 1);
    await example.scan();
    expect([await shortOf('BOTH'), await figuresOf('lamp'), await figuresOf('chair')]).toEqual([
      ['lamp'],
      [1, 0],
      [0, 1],
    ]);

    await example.receive('lamp', 2);
    await example.scan();
    expect([await example.statusOf('BOTH'), await figuresOf('lamp')]).toEqual([['held'], [0, 0]]);
  });

  it('gives what it no longer keeps to the orders behind it in the same scan, and is short again after it', async () => {
    for (const orderId of ['B', 'C']) await example.place(orderId, { lamp: 2 });
    await example.receive('lamp', 4);

    await example.scan();

    expect(await example.statusOf('BOTH', 'B', 'C')).toEqual(['waiting', 'held', 'held']);
    expect([...(await shortOf('BOTH'))].sort()).toEqual(['chair', 'lamp']);
  });

  it('changes nothing with a scan that finds everything as it is', async () => {
    await example.receive('lamp', 4);
    await example.scan();
    const submitted = example.submitted.length;

    expect([await example.scan(), example.submitted.length]).toEqual([2, submitted]);
  });

  it('leaves nothing set aside when it is cancelled', async () => {
    await example.receive('lamp', 2);
    await example.scan();
    await example.cancel('BOTH', { lamp: 3, chair: 1 });

    expect([await figuresOf('lamp'), await figuresOf('chair')]).toEqual([
      [0, 2],
      [0, 0],
    ]);
  });
});

it('two orders that each lack what the other one does not come to rest, and are served in turn', async () => {
  await example.emptyShelf('lamp', 'chair');
  await example.place('FIRST', { lamp: 2, chair: 1 });
  await example.place('SECOND', { lamp: 1, chair: 2 });

  for (const productId of ['lamp', 'chair', 'lamp', 'chair', 'chair']) {
    await example.receive(productId, 1);
    await example.scan();
  }
  expect(await example.statusOf('FIRST', 'SECOND')).toEqual(['held', 'waiting']);

  await example.receive('lamp', 1);
  await example.scan();
  expect(await example.statusOf('SECOND')).toEqual(['held']);
});
