import { describe, expect, it } from 'vitest';
import { readConfig } from './settings.ts';
import { threadsOf } from './threads.ts';

describe('the threads of a store in one process', () => {
  it.each([
    [{}, 1],
    [{ LOG: 'kafka' }, 2],
    [{ THREADS: '2' }, 2],
    [{ LOG: 'kafka', THREADS: '1' }, 1],
  ])('with %j are %d', (env, threads) => {
    expect(threadsOf(readConfig(env))).toBe(threads);
  });

  it.each(['0', '3', 'two', '1.0'])('are never %s', (threads) => {
    expect(() => readConfig({ THREADS: threads })).toThrow('THREADS');
  });
});
