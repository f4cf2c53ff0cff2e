import { beforeEach, describe, expect, it, vi } from 'vitest';
import { OneAtATime } from './one-at-a-time.ts';

describe('work that is done one at a time', () => {
  const ends: (() => void)[] = [];
  const signals: AbortSignal[] = [];
  let turns: OneAtATime;

  beforeEach(() => {
    ends.length = 0;
    signals.length = 0;
    turns = new OneAtATime((stopped) => {
      signals.push(stopped);
      return new Promise((resolve) => ends.push(resolve));
    });
  });

  const runs = () => signals.length;
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('is done at once, and again when it is asked for again', async () => {
    turns.run();
    expect(runs()).toBe(1);
    ends[0]?.();
    await settled();

    turns.run();

    expect(runs()).toBe(2);
  });

  it('is not broken off by those who ask meanwhile, and is done once more for all of them', async () => {
    turns.run();
    turns.run();
    turns.run();
    expect([runs(), signals[0]?.aborted]).toEqual([1, false]);

    ends[0]?.();
    await vi.waitFor(() => expect(runs()).toBe(2));
    ends[1]?.();
    await settled();

    expect(runs()).toBe(2);
  });

  it('ends for one who asks with a run that began afterwards', async () => {
    let hasEnded = false;
    void turns.run();
    const asked = turns.run().then(() => {
      hasEnded = true;
    });
    ends[0]?.();
    await vi.waitFor(() => expect(runs()).toBe(2));
    expect(hasEnded).toBe(false);

    ends[1]?.();
    await asked;
  });

  it('ends for those who ask when it is stopped', async () => {
    void turns.run();
    const asked = turns.run();

    turns.stop();
    ends[0]?.();

    await asked;
    await turns.run();
  });

  it('is not asked for anew by a timer while it takes its time', async () => {
    turns.runIfIdle();
    turns.runIfIdle();
    ends[0]?.();
    await settled();
    expect(runs()).toBe(1);

    turns.runIfIdle();

    expect(runs()).toBe(2);
  });

  it('learns that it is stopped, and is not done again', async () => {
    turns.run();
    turns.run();

    turns.stop();
    ends[0]?.();
    await settled();
    turns.run();

    expect([runs(), signals[0]?.aborted]).toEqual([1, true]);
  });
});
