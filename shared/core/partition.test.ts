import { describe, expect, it } from 'vitest';
import { murmur2, partitionOf } from './partition.ts';

/** What Kafka's Java client 4.3.1 says: `Utils.murmur2`, then `Utils.toPositive` of it modulo 6 and modulo 7. */
const vectors: readonly (readonly [key: string, hash: number, ofSix: number, ofSeven: number])[] = [
  ['', 275646681, 3, 2],
  ['a', -1563381124, 4, 5],
  ['ab', 316155434, 2, 0],
  ['abc', 479470107, 3, 4],
  ['abcd', -1323649548, 2, 5],
  ['order-1', 1221710326, 4, 4],
  ['order-2', -1055499005, 3, 1],
  ['0190f5c2-8d0e-8000-8000-0123456789ab', -731346364, 4, 2],
  ['LAMP', -1292225418, 2, 1],
  ['ü', 1419834458, 2, 0],
  ['日本語', 1431860170, 4, 6],
  ['🙂', 925250799, 3, 4],
  ['é\u0301x', -937491787, 1, 1],
  ['Straße 12', -1927598357, 3, 3],
  ['the quick brown fox jumps over the lazy dog', -890066680, 4, 3],
  ['x'.repeat(1000), -1068453602, 0, 3],
  ['ÿ'.repeat(257), -1075597380, 2, 5],
];

describe('the partition of a key', () => {
  it.each(vectors)('%j is that of the Java client', (key, hash, ofSix, ofSeven) => {
    expect([murmur2(new TextEncoder().encode(key)), partitionOf(key, 6), partitionOf(key, 7)]).toEqual([
      hash,
      ofSix,
      ofSeven,
    ]);
  });

  it('is the only one of a topic that has one', () => {
    expect(partitionOf('order-1', 1)).toBe(0);
  });
});
