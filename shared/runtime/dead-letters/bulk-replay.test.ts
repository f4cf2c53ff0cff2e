import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DeadLetterBench } from '../../testing/dead-letter-bench.ts';
import { count } from '../../testing/probe.ts';
import { type BulkReplayRequest, batchSizes, replayInBatches } from './bulk-replay.ts';

const all: BulkReplayRequest = { who: 'ann', reason: 'it is fixed', max: 1_000, perSecond: 1_000, force: false };
const bug = new TypeError('undefined is not a function');
let bench: DeadLetterBench;

beforeEach(async () => {
  bench = await DeadLetterBench.open();
});
afterEach(() => bench.close());

/** Makes dead letters, each with its own key, and starts the loop. Returns the message ids, the oldest first. */
async function dead(total: number): Promise<readonly string[]> {
  const messages = Array.from({ length: total }, (_, name) => count(`k${name}`, 1));
  for (const { id } of messages) bench.failures.set(id, bug);
  await bench.exhaust(...messages);
  bench.asked.length = 0;
  bench.worker.start();
  return (await bench.deadLetters()).map(({ attributes }) => String(attributes['id']));
}

/** The ids per batch, sorted: within a batch, keys do not wait for each other. */
function inBatches(ids: readonly string[]): readonly (readonly string[])[] {
  const rest = [...ids];
  return batchSizes(ids.length).map((size) => rest.splice(0, size).sort());
}

describe('the batches of a bulk replay', () => {
  it('grow in size', () => {
    expect([batchSizes(100), batchSizes(4), batchSizes(0)]).toEqual([[1, 2, 5, 10, 20, 50, 12], [1, 2, 1], []]);
  });

  it('replay everything after a fix, the oldest first', async () => {
    const ids = await dead(10);
    bench.failures.clear();

    const replayed = await replayInBatches(bench.scope(), all);

    expect(replayed).toEqual({
      ...{ replayed: 10, passed: 10, failed: 0, skipped: 0, stopped: null, left: 0 },
      waves: [1, 2, 5, 2].map((letters) => ({ letters, passed: letters, failed: 0, waiting: 0 })),
    });
    expect(inBatches(bench.asked)).toEqual(inBatches(ids));
  });

  it('end with the first failure that recurs, so a bug that is still there costs one attempt', async () => {
    await dead(10);

    const replayed = await replayInBatches(bench.scope(), all);

    expect(replayed).toMatchObject({ replayed: 1, passed: 0, failed: 1, left: 10, waves: [{ letters: 1, failed: 1 }] });
    expect(replayed.stopped).toMatch(/^dead letter [0-9a-f]{12} failed as before: TypeError: undefined is not/);
    expect(bench.asked).toHaveLength(1);
  });

  it('end with the batch in which a failure recurs, not before', async () => {
    const ids = await dead(20);
    for (const id of ids.slice(0, 4)) bench.failures.delete(id);

    const replayed = await replayInBatches(bench.scope(), all);

    expect(replayed).toMatchObject({ replayed: 8, passed: 4, failed: 4, left: 16 });
  });

  it('stay within the rate', async () => {
    await dead(9);
    bench.failures.clear();
    const startMs = performance.now();

    await replayInBatches(bench.scope(), { ...all, perSecond: 50 });

    expect(performance.now() - startMs).toBeGreaterThanOrEqual(8 * (1000 / 50) - 5);
  });

  it('replay at most the requested number, and only dead letters that match', async () => {
    const ids = await dead(6);
    bench.failures.clear();
    const [, second] = await bench.deadLetters();

    const one = await replayInBatches(bench.scope(), {
      ...all,
      key: String(second?.key),
      fingerprint: second?.fingerprint,
    });
    const none = await replayInBatches(bench.scope(), { ...all, code: 'refused' });
    const three = await replayInBatches(bench.scope(), { ...all, max: 3 });

    expect([one, none, three].map(({ replayed, left }) => [replayed, left])).toEqual([
      [1, 0],
      [0, 0],
      [3, 2],
    ]);
    expect(bench.asked.slice(0, 2)).toEqual([ids[1], ids[0]]);
    expect(bench.asked.slice(2).sort()).toEqual(ids.slice(2, 4).sort());
  });

  it('skip dead letters that cannot be replayed', async () => {
    await dead(3);
    bench.failures.clear();

    const replayed = await replayInBatches(bench.scope({ windowMs: 0 }), all);

    expect(replayed).toMatchObject({ replayed: 0, skipped: 3, left: 3, stopped: null, waves: [] });
  });
});
