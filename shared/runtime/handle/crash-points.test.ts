import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type DiskImage, type Failing, Life } from '../../testing/crash-bench.ts';
import { count } from '../../testing/probe.ts';
import { WakeSignal } from '../worker/wake-signal.ts';

/** Ten messages of three keys: one of `a` fails once in each life, one of `b` always, and others stand behind them. */
const messages = ['a', 'b', 'c', 'a', 'b', 'c', 'a', 'b', 'c', 'a'].map((name, n) => count(name, n + 1));
const idOf = (index: number) => messages[index]?.id ?? '';
const failing: Failing = { once: new Set([idOf(3)]), always: new Set([idOf(4)]) };

/** What must have happened in the end, however often the function has died: the fifth message holds up the eighth. */
const rightEnd = {
  counted: [
    { name: 'a', messages: 4, units: 1 + 4 + 7 + 10 },
    { name: 'b', messages: 1, units: 2 },
    { name: 'c', messages: 3, units: 3 + 6 + 9 },
  ],
  causes: { a: [0, 3, 6, 9].map(idOf), b: [idOf(1)], c: [2, 5, 8].map(idOf) },
  dead: [{ code: 'failed', key: 'b', attempts: 2 }],
  waiting: ['b'],
};

/** Runs a life to its end and gives the disks that it would leave behind where it died, each once. */
async function disksOf(life: Life, isPlace: (sql: string) => boolean): Promise<readonly DiskImage[]> {
  const disks = new Map<string, DiskImage>();
  const stop = life.watch((sql, image) => {
    if (isPlace(sql)) disks.set(nameOf(image), image);
  });
  try {
    await life.exhaust();
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
  const life = await Life.after(disk, failing);
  const found = await life.dealtWith();
  await life.exhaust();
  const books = await life.books();
  await life.end();
  return { found, books };
}

describe('a function that dies', () => {
  it('before or after any statement that it writes with has read as far as it has dealt with, and ends right', async () => {
    const life = await Life.begin(messages, failing);
    const disks = await disksOf(life, () => true);
    const undisturbed = await life.books();
    await life.end();

    expect(undisturbed).toEqual(rightEnd);
    expect(disks.length).toBeGreaterThan(15);
    const positions = new Set<number>();
    for (const disk of disks) {
      const { found, books } = await endAfter(disk);
      positions.add(found.position);
      expect([found.messages, books]).toEqual([found.position, rightEnd]);
    }
    expect([...positions]).toEqual([0, 3, 6, 9, 10]);
  });

  it('at any two commits ends right', async () => {
    const first = await Life.begin(messages, failing);
    const disks = await disksOf(first, (sql) => sql === 'COMMIT');
    await first.end();
    let pairs = 0;
    for (const disk of disks) {
      const second = await Life.after(disk, failing);
      const again = await disksOf(second, (sql) => sql === 'COMMIT');
      await second.end();
      for (const left of again) expect((await endAfter(left)).books).toEqual(rightEnd);
      pairs += again.length;
    }

    expect(pairs).toBeGreaterThan(40);
  }, 30_000);

  it('would be caught when it had read further than it has dealt with', async () => {
    const life = await Life.begin(messages, failing);
    await life.worker.step();
    life.store.database.exec('UPDATE position SET position = position + 1');
    const { found, books } = await endAfter(await life.endWithImage());

    expect(found).toEqual({ position: 4, messages: 3 });
    expect(books).not.toEqual(rightEnd);
  });
});

describe('a function that is asked to stop', () => {
  it.each([1, 2, 3, 4])(
    'at its commit number %i finishes that one alone, and its next life does the rest',
    async (nth) => {
      const life = await Life.begin(messages, failing);
      let commits = 0;
      const stopped = new Promise<void>((resolve) => {
        life.worker.onCommit(() => {
          commits += 1;
          if (commits === nth) resolve(life.worker.stop());
        });
      });
      life.worker.start();
      await stopped;
      const done = commits;
      const { found, books } = await endAfter(await life.endWithImage());

      expect([done, found.messages, books]).toEqual([nth, found.position, rightEnd]);
    },
  );

  it('while a commit is on its way waits for it, and answers whoever waits for that', async () => {
    const life = await Life.begin([], failing);
    const { store, worker } = life;
    const transact = store.transact.bind(store);
    const reached = new WakeSignal();
    const mayGoOn = new WakeSignal();
    store.transact = async (...work) => {
      reached.raise();
      await mayGoOn.wait();
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
    mayGoOn.raise();
    await stopped;

    expect([tooSoon, (await answer).kind, (await life.books()).counted]).toEqual([
      false,
      'handled',
      [{ name: 'a', messages: 1, units: 1 }],
    ]);
    await life.end();
  });
});
