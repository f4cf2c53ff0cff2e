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
    [{ LOG: 'embedded' }, 2, true],
    [{ LOG: 'kafka' }, 3, false],
    [{ LOG: 'kafka' }, 4, true],
    [{ LOG: 'kafka', THREADS: '2' }, 1, true],
  ])('with %j and %d processors are two: %s', (env, processors, isSecond) => {
    expect(hasSecondThread([], env, processors)).toBe(isSecond);
  });

  it.each([
    [['--log', 'kafka'], 4],
    [['--log=kafka'], 4],
    [['--log=embedded'], 2],
    [['--log'], 2],
  ])('are two with %j from %d processors on, whatever LOG says', (args, processors) => {
    const isSecond = (count: number) => hasSecondThread(args, { LOG: processors === 2 ? 'kafka' : 'embedded' }, count);

    expect([isSecond(processors - 1), isSecond(processors)]).toEqual([false, true]);
  });

  it.each([[['order']], [['--log', 'kafka', 'order']], [['--help']]])('are one with %j', (args) => {
    expect(hasSecondThread(args, { THREADS: '2' }, 2)).toBe(false);
  });

  it.each(['0', '3', 'two', '1.0'])('are never %s', (threads) => {
    expect(() => readConfig({ THREADS: threads })).toThrow('THREADS');
  });
});
