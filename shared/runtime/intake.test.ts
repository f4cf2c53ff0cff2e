import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TransientError } from '../core/errors.ts';
import type { Message } from '../core/message.ts';
import { count, probe } from '../testing/probe.ts';
import { FREE, ProbeReader } from '../testing/probe-reader.ts';
import type { StoreFunction } from './function.ts';

const SOON_MS = 1_000;

/** The subjects on which the probe fails, as in trouble that may pass. */
const failing = new Set<string>();
const troubled: Partial<StoreFunction> = {
  rules: {
    ...probe.rules,
    decide(state: never, message: Message) {
      if (failing.has(message.subject)) throw new TransientError('not now');
      return probe.rules.decide(state, message as never);
    },
  } as StoreFunction['rules'],
};

beforeEach(() => failing.clear());
afterEach(() => vi.restoreAllMocks());

describe('what waits at a function that reads two topics', () => {
  let reader: ProbeReader;
  beforeEach(async () => {
    reader = await ProbeReader.create(troubled);
  });
  afterEach(() => reader.remove());

  async function startWith(limits: Partial<ProbeReader['limits']>): Promise<void> {
    reader.limits = { ...reader.limits, ...limits };
    await reader.restart();
  }

  it('is tried again in its time although no topic can be read', async () => {
    failing.add('a');
    await reader.log.append(FREE, [count('a', 1)]);
    await reader.settle();
    failing.clear();
    reader.nowMs += SOON_MS;
    const broken = new Error('the topic cannot be read');
    const subscription = await reader.log.subscribe({
      group: 'x',
      topics: [FREE],
      positions: [],
      wake: () => undefined,
    });
    vi.spyOn(Object.getPrototypeOf(subscription), 'poll').mockRejectedValue(broken);

    await expect(reader.runner.step()).rejects.toBe(broken);

    expect(await reader.counted()).toEqual({ a: [1, 1] });
  });

  it('gives its room back also where others take as much in the same commit', async () => {
    await startWith({ parkedPerKeyMax: 2 });
    failing.add('a');
    await reader.log.append(FREE, [count('a', 1), count('a', 2), count('a', 4)]);
    await reader.settle();
    const full = reader.runner.waiting();
    failing.delete('a');
    failing.add('b').add('c');
    await reader.publish(reader.fact('b', 1), reader.fact('c', 1));
    reader.nowMs += SOON_MS;
    await reader.settle();

    expect([full, reader.runner.waiting()]).toEqual([
      { parked: 2, paused: [FREE] },
      { parked: 2, paused: [] },
    ]);
    expect(await reader.counted()).toEqual({ a: [3, 7] });
  });
});
