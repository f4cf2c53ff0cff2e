import { expect, it } from 'vitest';
import { ReadPositions } from './read-positions.ts';

const places = (topic: string, partition: number, epoch: string, ...positions: number[]) =>
  positions.map((position) => ({ topic, partition, position, epoch }));

it('keeps the last position of each epoch of each partition, also where they alternate', () => {
  const read = new ReadPositions();
  const given = [
    ...places('orders', 0, 'one', 1, 2),
    ...places('orders', 1, 'one', 1),
    ...places('orders', 0, 'one', 3),
    ...places('orders', 0, 'two', 4),
    ...places('goods', 0, 'two', 7, 8),
    ...places('orders', 0, 'two', 5),
  ];

  for (const place of given) read.add(place);

  const [, , , last, , , goods, newest] = given;
  expect(read.list()).toHaveLength(4);
  expect(read.list()).toEqual(expect.arrayContaining([given[2], last, goods, newest]));
});

it('keeps what proves a position, and has none before the first record', () => {
  const read = new ReadPositions();
  expect(read.list()).toEqual([]);

  const place = { topic: 'orders', partition: 0, position: 1 };
  read.add({ ...place, proof: 'a' });
  read.add({ ...place, position: 2, proof: 'b' });

  expect(read.list()).toEqual([{ ...place, position: 2, proof: 'b' }]);
});
