import { describe, expect, it } from 'vitest';
import { readConfig } from './settings.ts';
import { threadsOf } from './threads.ts';

describe('the threads of a store in one process', () => {
  it.each([
    [{}, 1, 1],
    [{}, 2, 2],
    [{}, 64, 2],
    [{ THREADS: '2' }, 1, 2],
    [{ THREADS: '1' }, 2, 1],
  ])('with %j and %d processors are %d', (env, processors, threads) => {
    expect(threadsOf(readConfig(env), processors)).toBe(threads);
  });

  it.each(['0', '3', 'two', '1.0'])('are never %s', (threads) => {
    expect(() => readConfig({ THREADS: threads })).toThrow('THREADS');
  });
});
