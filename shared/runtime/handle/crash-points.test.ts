import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type DiskImage, type Failing, Life } from '../../testing/crash-bench.ts';
import { count } from '../../testing/probe.ts';
import { WakeSignal } from '../worker/wake-signal.ts';

/** Ten messages of three keys: one of `a` fails once in each run, one of `b` always, each with others behind it. */
const messages = ['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c', 'a'].map((name, n) => count(name, n + 1));
const idOf = (index: number) => messages[index]?.id ?? '';
const failing: Failing = { once: new Set([idOf(3)]), always: new Set([idOf(4)]) };

/** The final state, however often the function crashes: the fifth message blocks the eighth. */
const expectedEnd = {
  counted: [
    { name: 'a', messages: 4, units: 1 + 4 + 7 + 10 },
    { name: 'b', messages: 1, units: 2 },
    { name: 'c', messages: 3, units: 3 + 6 + 9 },
  ],
  causes: { a: [0, 3, 6, 9].map(idOf), b: [idOf(1)], c: [2, 5, 8].map(idOf) },
  dead: [{ code: 'failed', key: 'b', attempts: 2 }],
  waiting: ['b'],
};

/** Completes a run and returns each distinct disk image that a crash at one of the places would leave. */
async function disksOf(run: Life, isCrashPoint: (sql: string) => boolean): Promise<readonly DiskImage[]> {
  const disks = new Map<string, DiskImage>();
  const stop = run.watch((sql, image) => {
    if (isCrashPoint(sql)) disks.set(nameOf(image), image);
  });
  try {
    await run.exhaust();
  } finally {
    stop();
  }
  return [...disks.values()];
}

function nameOf(image: DiskImage): string {
  const digest = createHash('sha1');
  for (const [name, bytes] of [...image].sort()) digest.update(name).update(bytes);
  return digest.digest('hex');
}

async function endAfter(disk: DiskImage) {
  const run = await Life.after(disk, failing);
  const found = await run.dealtWith();
  await run.exhaust();
  const books = await run.books();
  await run.end();
  return { found, books };
}

describe('a function that crashes', () => {
  it('before or after any write has read as far as it has handled, and recovers fully', async () => {
    const run = await Life.begin(messages, failing);
    const disks = await disksOf(run, () => true);
    const uninterrupted = await run.books();
    await run.end();

    expect(uninterrupted).toEqual(expectedEnd);
    expect(disks.length).toBeGreaterThan(15);
    const positions = new Set<number>();
    for (const disk of disks) {
      const { found, books } = await endAfter(disk);
      positions.add(found.position);
      expect([found.messages, books]).toEqual([found.position, expectedEnd]);
    }
    expect([...positions]).toEqual([0, 3, 6, 9, 10]);
  });

  it('at any two commits recovers fully', async () => {
    const first = await Life.begin(messages, failing);
    const disks = await disksOf(first, (sql) => sql === 'COMMIT');
    await first.end();
    let pairs = 0;
    for (const disk of disks) {
      const second = await Life.after(disk, failing);
      const again = await disksOf(second, (sql) => sql === 'COMMIT');
      await second.end();
      for (const crashed of again) expect((await endAfter(crashed)).books).toEqual(expectedEnd);
      pairs += again.length;
    }

    expect(pairs).toBeGreaterThan(40);
  }, 30_000);

  it('after reading further than it has handled is detected', async () => {
    const run = await Life.begin(messages, failing);
    await run.worker.step();
    run.store.database.exec('UPDATE position SET position = position + 1');
    const { found, books } = await endAfter(await run.endWithImage());

    expect(found).toEqual({ position: 4, messages: 3 });
    expect(books).not.toEqual(expectedEnd);
  });
});

describe('a function that is asked to stop', () => {
  it.each([1, 2, 3, 4])('at commit %i finishes only that commit, and its next run does the rest', async (nth) => {
    const run = await Life.begin(messages, failing);
    let commits = 0;
    const stopped = new Promise<void>((resolve) => {
      run.worker.onCommit(() => {
        commits += 1;
        if (commits === nth) resolve(run.worker.stop());
      });
    });
    run.worker.start();
    await stopped;
    const done = commits;
    const { found, books } = await endAfter(await run.endWithImage());

    expect([done, found.messages, books]).toEqual([nth, found.position, expectedEnd]);
  });

  it('during a commit waits for it, and answers the command in it', async () => {
    const run = await Life.begin([], failing);
    const { store, worker } = run;
    const transact = store.transact.bind(store);
    const reached = new WakeSignal();
    const mayContinue = new WakeSignal();
    store.transact = async (...work) => {
      reached.raise();
      await mayContinue.wait();
      return transact(...work);
    };
    const answer = worker.submit(count('a', 1));
    worker.start();
    await reached.wait();
    let hasStopped = false;
    const stopped = worker.stop().then(() => {
      hasStopped = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    const tooSoon = hasStopped;
    mayContinue.raise();
    await stopped;

    expect([tooSoon, (await answer).kind, (await run.books()).counted]).toEqual([
      false,
      'handled',
      [{ name: 'a', messages: 1, units: 1 }],
    ]);
    await run.end();
  });
});
