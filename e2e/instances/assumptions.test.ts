/** What does not hold yet where two instances share a database. DECISIONS.md says what has to be brought for each. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EmbeddedLog } from '../../shared/adapters/embedded/log/embedded-log.ts';
import { TransientError } from '../../shared/core/errors.ts';
import { parked } from '../../shared/ports/tables/retry.ts';
import type { StoreFunction } from '../../shared/runtime/function.ts';
import { BelievedTime } from '../../shared/runtime/worker/believed-time.ts';
import { FunctionWorker } from '../../shared/runtime/worker/function-worker.ts';
import { FunctionMetrics } from '../../shared/runtime/worker/worker-metrics.ts';
import { testPolicy } from '../../shared/testing/batches.ts';
import { passing } from '../../shared/testing/clock.ts';
import { logLines } from '../../shared/testing/log-lines.ts';
import { count, probe } from '../../shared/testing/probe.ts';
import { SharedFileStore } from '../../shared/testing/shared-file-store.ts';

const NOW_MS = Date.parse('2026-03-01T10:00:05.000Z');
const TOPIC = 'probe-commands';

/** The probe, with rules that always fail for now. */
const failing = {
  ...probe,
  rules: {
    ...probe.rules,
    decide() {
      throw new TransientError('not now');
    },
  },
} as unknown as StoreFunction;

let folder: string;
let log: EmbeddedLog;
let stores: SharedFileStore[];
let workers: FunctionWorker[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saga-assumptions-'));
  const topic = { file: join(folder, 'topic.db'), writtenHere: false, isPublic: true };
  log = new EmbeddedLog({ topics: { [TOPIC]: topic }, pollMs: 2 });
  stores = [];
  workers = [];
});
afterEach(async () => {
  for (const worker of workers) await worker.stop();
  for (const store of stores) await store.close();
  await log.close();
  rmSync(folder, { recursive: true });
});

function open(): SharedFileStore {
  const fn = probe as unknown as StoreFunction;
  const seams = { before: () => Promise.resolve(), after: () => undefined };
  const store = new SharedFileStore(fn, join(folder, 'probe.db'), seams);
  stores.push(store);
  return store;
}

async function start(fn = probe as unknown as StoreFunction): Promise<FunctionWorker> {
  const store = open();
  const { logger } = logLines();
  const worker: FunctionWorker = new FunctionWorker({
    fn,
    store,
    log,
    clock: passing(() => NOW_MS),
    logger,
    metrics: new FunctionMetrics('probe', store, () => worker.waiting()),
    policy: testPolicy,
    parkedMax: 1,
    parkedPerKeyMax: 1,
  });
  await worker.open();
  workers.push(worker);
  return worker;
}

describe('two instances on one database', () => {
  it('count parked messages each for itself, so that more are parked than one of them allows', async () => {
    const [one, two] = [await start(failing), await start(failing)];
    await log.append(TOPIC, [count('a', 1)]);
    await one.step();
    await log.append(TOPIC, [count('b', 1)]);
    await vi.waitFor(async () => {
      await two.step();
      expect(two.waiting().parked).toBe(1);
    });

    expect([await one.store.count(parked), one.waiting().parked, two.waiting().parked]).toEqual([2, 1, 1]);
  });

  it('hear only of their own commits, so that who waits for an outcome at the other has to look', async () => {
    const [one, two] = [await start(), await start()];
    const heard: string[] = [];
    one.onCommit(() => heard.push('one'));
    two.onCommit(() => heard.push('two'));
    const answer = two.submit(count('a', 1));
    await two.step();
    await answer;
    await one.step();

    expect(heard).toEqual(['two']);
  });

  it('may not begin on a new database at once: each finds nothing, and both write what one may write', async () => {
    const clock = passing(() => NOW_MS);
    const [one, two] = [new BelievedTime(open(), clock), new BelievedTime(open(), clock)];
    const begun = await Promise.allSettled([one.load(), two.load()]);

    expect(begun.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });
});
