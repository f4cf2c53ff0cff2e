import { describe, expect, it } from 'vitest';
import { batchesOf } from './batches.ts';

const wave = (letters: number, passed: number, failed = 0) => ({
  letters,
  passed,
  failed,
  waiting: letters - passed - failed,
});
const states = (batches: ReturnType<typeof batchesOf>) =>
  batches.map(({ number, size, state }) => `${number}: ${size} ${state}`);

describe('the batches of a bulk replay', () => {
  it('are tried one by one while it runs', () => {
    const batches = batchesOf({ state: 'running', planned: [1, 2, 5, 3], waves: [wave(1, 1), wave(2, 1)] });

    expect(states(batches)).toEqual(['1: 1 passed', '2: 2 running', '3: 5 planned', '4: 3 planned']);
  });

  it('are planned until the next one is told of', () => {
    expect(states(batchesOf({ state: 'running', planned: [1, 2, 5], waves: [wave(1, 1)] }))).toEqual([
      '1: 1 passed',
      '2: 2 running',
      '3: 5 planned',
    ]);
  });

  it('are dropped once it has stopped', () => {
    const batches = batchesOf({ state: 'stopped', planned: [1, 2, 5], waves: [wave(1, 1), wave(2, 0, 1)] });

    expect(states(batches)).toEqual(['1: 1 passed', '2: 2 failed', '3: 5 dropped']);
  });
});
