import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TransientError } from '../../core/errors.ts';
import { DeadLetterBench, TOPIC } from '../../testing/dead-letter-bench.ts';
import { count } from '../../testing/probe.ts';

/** Later than any wait between two attempts here. */
const LATER_MS = 1_000;
const KEYS = 10_000;

let bench: DeadLetterBench;
const messages = Array.from({ length: KEYS }, (_, n) => count(`key-${n}`, 1));

beforeEach(async () => {
  bench = await DeadLetterBench.open();
  for (const { id } of messages) bench.failures.set(id, new TransientError('everything is down'));
  await bench.log.append(TOPIC, messages);
  await bench.settle();
});
afterEach(() => bench.close());

describe(`${KEYS} keys whose messages are parked`, () => {
  it('are tried one per step while the error lasts, and new messages do not wait for them', async () => {
    const parked = bench.worker.waiting().parked;
    bench.asked.length = 0;
    bench.nowMs += LATER_MS;
    const fresh = count('fresh', 7);
    await bench.log.append(TOPIC, [fresh]);
    for (let step = 0; step < 10; step++) await bench.worker.step();

    expect([parked, (await bench.units())['fresh']]).toEqual([KEYS, 7]);
    expect(bench.asked.slice(0, 3)).toContain(fresh.id);
    expect(bench.asked.length).toBeLessThanOrEqual(11);
  });

  it('drain once it is over, each with one attempt, in growing steps with other messages in between', async () => {
    bench.failures.clear();
    bench.asked.length = 0;
    bench.nowMs += LATER_MS;
    const perStep: number[] = [];
    let before = 0;
    while (bench.worker.waiting().parked > 0) {
      const answer = bench.worker.submit(count('in-between', 1));
      await bench.worker.step();
      expect((await answer).kind).toBe('handled');
      perStep.push(bench.asked.length - before - 1);
      before = bench.asked.length;
    }

    expect(perStep.slice(0, 8)).toEqual([1, 2, 4, 8, 16, 32, 64, 64]);
    expect(perStep.reduce((sum, tried) => sum + tried, 0)).toBe(KEYS);
    expect(await bench.waiting()).toEqual([0, 0]);
  });
});
