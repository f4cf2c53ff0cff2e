import { describe, expect, it } from 'vitest';
import { readConfig } from './settings.ts';
import { hasSecondThread } from './threads.ts';

describe('the threads of a store in one process', () => {
  it.each([
    [{}, 1, false],
    [{}, 2, true],
    [{}, 64, true],
    [{ THREADS: '' }, 2, true],
    [{ THREADS: '2' }, 1, true],
    [{ THREADS: '1' }, 2, false],
  ])('with %j and %d processors are two: %s', (env, processors, isSecond) => {
    expect(hasSecondThread([], env, processors)).toBe(isSecond);
  });

  it.each([[['--log', 'kafka']], [['--log=embedded']], [['--log']]])('are two with %j', (args) => {
    expect(hasSecondThread(args, {}, 2)).toBe(true);
  });

  it.each([[['order']], [['--log', 'kafka', 'order']], [['--help']]])('are one with %j', (args) => {
    expect(hasSecondThread(args, { THREADS: '2' }, 2)).toBe(false);
  });

  it.each(['0', '3', 'two', '1.0'])('are never %s', (threads) => {
    expect(() => readConfig({ THREADS: threads })).toThrow('THREADS');
  });
});
