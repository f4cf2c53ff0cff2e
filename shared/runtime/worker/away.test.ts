import { afterEach, beforeEach, expect, it } from 'vitest';
import { DeadLetterBench, TOPIC } from '../../testing/dead-letter-bench.ts';
import { count } from '../../testing/probe.ts';

let bench: DeadLetterBench;

beforeEach(async () => {
  bench = await DeadLetterBench.open();
});
afterEach(() => bench.close());

it('a function that is away reads nothing, and goes on where it was when it is back', async () => {
  await bench.log.append(TOPIC, [count('a', 1)]);
  bench.worker.setAway('it is away');
  await bench.settle();
  const whileAway = await bench.units();

  bench.worker.setAway(null);
  await bench.settle();

  expect([whileAway, await bench.units()]).toEqual([{}, { a: 1 }]);
});

it('its loop sleeps until it is back, and is woken then', async () => {
  bench.worker.setAway('it is away');
  bench.worker.start();
  await bench.log.append(TOPIC, [count('a', 1)]);
  const handled = new Promise((resolve) => bench.worker.onCommit(resolve));

  bench.worker.setAway(null);
  await handled;

  expect(await bench.units()).toEqual({ a: 1 });
});

it('it refuses commands, those that wait already among them, and says why it is not ready', async () => {
  const waiting = bench.worker.submit(count('a', 1));
  bench.worker.setAway('it is away for a test');
  const later = bench.worker.submit(count('b', 1));

  const refusal = { code: 'unavailable', message: 'probe is away', retryAfterS: 1 };
  await expect(waiting).rejects.toMatchObject(refusal);
  await expect(later).rejects.toMatchObject(refusal);
  expect(await bench.worker.unavailableReason()).toBe('it is away for a test');

  bench.worker.setAway(null);
  expect(await bench.worker.unavailableReason()).toBeNull();
});
