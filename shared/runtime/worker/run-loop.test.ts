import { afterEach, describe, expect, it, vi } from 'vitest';
import { runLoop } from './run-loop.ts';
import { WakeSignal } from './wake-signal.ts';

const stopping = new Set<AbortController>();
afterEach(() => {
  for (const controller of stopping) controller.abort();
  stopping.clear();
});

function looping(
  step: () => Promise<boolean>,
  times: Pick<Parameters<typeof runLoop>[0], 'restTimes' | 'lingerMs' | 'sleepMs'> = {},
) {
  const wake = new WakeSignal();
  const controller = new AbortController();
  const errors: unknown[] = [];
  stopping.add(controller);
  const ended = runLoop({ step, wake, signal: controller.signal, onError: (error) => errors.push(error), ...times });
  const stop = async () => {
    controller.abort();
    wake.raise();
    await ended;
  };
  return { wake, stop, errors };
}

describe('a signal', () => {
  it('wakes the waiting loop', async () => {
    const signal = new WakeSignal();
    const waiting = signal.wait();
    signal.raise();

    expect(await waiting).toBe(true);
  });

  it('is remembered while no loop waits, once however often it is raised', async () => {
    const signal = new WakeSignal();
    signal.raise();
    signal.raise();

    expect([await signal.wait(), await signal.wait(1)]).toEqual([true, false]);
  });

  it('stops waiting after its timeout', async () => {
    expect(await new WakeSignal().wait(1)).toBe(false);
  });
});

describe('a loop', () => {
  it('steps again at once while there is work, and then sleeps', async () => {
    const step = vi.fn(async () => step.mock.calls.length < 3);
    const { stop } = looping(step);
    await vi.waitFor(() => expect(step).toHaveBeenCalledTimes(3));
    await stop();

    expect(step).toHaveBeenCalledTimes(3);
  });

  it('steps again when it is woken', async () => {
    const step = vi.fn(async () => false);
    const { wake, stop } = looping(step);
    await vi.waitFor(() => expect(step).toHaveBeenCalledTimes(1));
    wake.raise();
    await vi.waitFor(() => expect(step).toHaveBeenCalledTimes(2));
    await stop();
  });

  it('steps again after its sleep', async () => {
    const step = vi.fn(async () => false);
    const { stop } = looping(step, { sleepMs: () => 1 });
    await vi.waitFor(() => expect(step.mock.calls.length).toBeGreaterThan(2));
    await stop();
  });

  it('rests in proportion to its steps: what wakes it meanwhile shares a step, and the first one is not delayed', async () => {
    const ends: number[] = [];
    const starts: number[] = [];
    const step = vi.fn(async () => {
      starts.push(performance.now());
      await new Promise((resolve) => setTimeout(resolve, 20));
      ends.push(performance.now());
      return false;
    });
    const { wake, stop } = looping(step, { restTimes: 3 });
    await vi.waitFor(() => expect(ends.length).toBe(1));
    for (let wakes = 0; wakes < 20; wakes++) {
      wake.raise();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await vi.waitFor(() => expect(ends.length).toBe(2));
    await new Promise((resolve) => setImmediate(resolve));
    const tookMs = (ends[0] ?? 0) - (starts[0] ?? 0);
    const restedMs = (starts[1] ?? 0) - (ends[0] ?? 0);

    // Timers count whole milliseconds, from the begin of a turn of the event loop. A rest takes 100 ms at most.
    expect([step.mock.calls.length, restedMs >= 0.8 * Math.min(3 * tookMs, 100)]).toEqual([2, true]);
    await stop();
  });

  it('rests for a tenth of a second at most', async () => {
    const step = vi.fn(async () => false);
    const { wake, stop } = looping(step, { restTimes: Number.MAX_VALUE });
    await vi.waitFor(() => expect(step).toHaveBeenCalledTimes(1));
    wake.raise();

    await vi.waitFor(() => expect(step).toHaveBeenCalledTimes(2));
    await stop();
  });

  it('lingers after it was woken, and what is woken beside it goes first', async () => {
    const turns: string[] = [];
    const wakes = [300, 0].map((lingerMs) => {
      const step = async () => {
        turns.push(`after ${lingerMs} ms`);
        return false;
      };
      return looping(step, { lingerMs });
    });
    await vi.waitFor(() => expect(turns).toHaveLength(2));
    for (const { wake } of wakes) wake.raise();
    await vi.waitFor(() => expect(turns).toHaveLength(4));
    for (const { stop } of wakes) await stop();

    expect(turns).toEqual(['after 300 ms', 'after 0 ms', 'after 0 ms', 'after 300 ms']);
  });

  it('does not rest while there is work', async () => {
    const step = vi.fn(async () => step.mock.calls.length < 5);
    const { wake, stop } = looping(step, { restTimes: 1_000_000 });
    await vi.waitFor(() => expect(step).toHaveBeenCalledTimes(5));
    wake.raise();
    await new Promise((resolve) => setTimeout(resolve, 5));
    await stop();

    expect(step).toHaveBeenCalledTimes(5);
  });

  it('loses no wake-up that comes while it steps', async () => {
    let done: () => void = () => undefined;
    const step = vi.fn(
      () =>
        new Promise<boolean>((resolve) => {
          done = () => resolve(false);
        }),
    );
    const { wake, stop } = looping(step);
    wake.raise();
    done();
    await vi.waitFor(() => expect(step).toHaveBeenCalledTimes(2));
    done();
    await stop();
  });

  it('reports an error and tries again', async () => {
    const failure = new Error('locked');
    const step = vi.fn(async () => {
      if (step.mock.calls.length === 1) throw failure;
      return false;
    });
    const { stop, errors } = looping(step);
    await vi.waitFor(() => expect(step).toHaveBeenCalledTimes(2));
    await stop();

    expect(errors).toEqual([failure]);
  });

  it('ends after the current step', async () => {
    const step = vi.fn(async () => true);
    const { stop } = looping(step);
    await stop();
    const steps = step.mock.calls.length;
    await new Promise((resolve) => setImmediate(resolve));

    expect(step).toHaveBeenCalledTimes(steps);
  });
});
