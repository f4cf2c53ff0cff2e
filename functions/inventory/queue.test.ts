/** The queue of a product and what `why` says about it; on a real database. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inMemory } from '../../shared/testing/in-memory.ts';
import { FillerExample } from './filler-example.ts';
import { inventory } from './function.ts';
import { placesOf, type QueuePlace, readQueue } from './queue.ts';
import { available, setAside } from './state.ts';
import { backorderWaits, explainStock } from './why.ts';

let example: FillerExample;

beforeEach(async () => {
  example = new FillerExample(inMemory(inventory));
  await example.emptyShelf('lamp', 'chair');
});

afterEach(() => example.store.close());

function listed({ orderId, productId, place, quantity, short, setAside }: QueuePlace) {
  return [orderId, productId, place, quantity, short, setAside];
}

describe('the queue of a product', () => {
  beforeEach(async () => {
    for (const orderId of ['A', 'B', 'C']) await example.place(orderId, { lamp: 2 });
    await example.place('D', { chair: 1, lamp: 1 });
  });

  it('lists the orders in their turn with what is set aside for each, page by page', async () => {
    await example.receive('lamp', 3);
    const level = await example.level('lamp');

    const [first, second] = await readQueue(example.store, level, { after: 0, limit: 2 });
    const rest = await readQueue(example.store, level, { after: second?.row ?? 0, limit: 2 });

    const places = [first, second, ...rest].map((place) => place && listed(place));
    expect(places).toEqual([
      ['A', 'lamp', 1, 2, true, 2],
      ['B', 'lamp', 2, 2, true, 1],
      ['C', 'lamp', 3, 2, true, 0],
      ['D', 'lamp', 4, 1, true, 0],
    ]);
  });

  it('returns the place of an order in each queue', async () => {
    await example.cancel('B', { lamp: 2 });

    expect((await placesOf(example.store, 'D')).map(listed)).toEqual([
      ['D', 'chair', 1, 1, true, 0],
      ['D', 'lamp', 3, 1, true, 0],
    ]);
    expect(await placesOf(example.store, 'B')).toEqual([]);
  });

  it('adds up to the figures of the product', async () => {
    await example.receive('lamp', 5);
    await example.scan();
    const level = await example.level('lamp');

    const places = await readQueue(example.store, level, { after: 0, limit: 9 });
    const sum = (of: (place: QueuePlace) => number) => places.reduce((total, place) => total + of(place), 0);
    expect(sum(({ setAside }) => setAside)).toBe(setAside(level));
    expect(sum(({ quantity, short }) => (short ? quantity : 0))).toBe(level.backordered);
    expect(places.map(listed)).toEqual([
      ['C', 'lamp', 1, 2, true, 1],
      ['D', 'lamp', 2, 1, true, 0],
    ]);
  });
});

describe('why', () => {
  beforeEach(async () => {
    await example.place('BOTH', { lamp: 3, chair: 1 });
    await example.place('LAMP', { lamp: 1 });
    await example.receive('lamp', 2);
    await example.scan();
  });

  const waitsOf = async (orderId: string) =>
    (await backorderWaits(example.store, orderId)).map(({ place, detail }) => [place, detail]);

  it('names the products that an order is short of, its place, and what is set aside for it', async () => {
    expect(await waitsOf('BOTH')).toEqual([
      [1, 'BOTH is at place 1 in the queue for lamp, of which it asks for 3 and 2 are set aside for it'],
      [1, 'BOTH is at place 1 in the queue for chair, of which it asks for 1 and 0 are set aside for it'],
    ]);
    expect(await waitsOf('LAMP')).toEqual([
      [2, 'LAMP is at place 2 in the queue for lamp, of which it asks for 1 and 0 are set aside for it'],
    ]);
  });

  it('does not name a product that is there, until other orders have taken it', async () => {
    await example.receive('lamp', 2);
    await example.scan();
    const before = await waitsOf('BOTH');
    await example.place('OTHER', { lamp: 3 });

    expect(await example.statusOf('LAMP', 'OTHER')).toEqual(['held', 'held']);
    expect(before).toEqual([
      [1, 'BOTH is at place 1 in the queue for chair, of which it asks for 1 and 0 are set aside for it'],
    ]);
    expect((await waitsOf('BOTH')).map(([, detail]) => detail)).toEqual([
      'BOTH is at place 1 in the queue for lamp, of which it asks for 3 and 0 are set aside for it',
      'BOTH is at place 1 in the queue for chair, of which it asks for 1 and 0 are set aside for it',
    ]);
  });

  it('says of a product where its units are, and for which orders, with the figures of its stock', async () => {
    const level = await example.level('lamp');
    const { summary, waits } = await explainStock(example.store, level);

    expect(available(level)).toBe(0);
    expect(summary).toBe(
      'lamp has 3 on hand: 1 reserved, 2 set aside for orders that wait, 0 available; orders are short of it and ask for 4',
    );
    expect(waits.map(({ detail }) => detail)).toEqual([
      'BOTH is at place 1 in the queue for lamp, of which it asks for 3 and 2 are set aside for it',
      'LAMP is at place 2 in the queue for lamp, of which it asks for 1 and 0 are set aside for it',
    ]);
  });
});
