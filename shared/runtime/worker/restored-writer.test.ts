import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { count } from '../../testing/probe.ts';
import { OWNED, ProbeReader } from '../../testing/probe-reader.ts';

/** The probe reads the topic of another function, whose file is restored from a copy. */
let reader: ProbeReader;
beforeEach(async () => {
  reader = await ProbeReader.create();
});
afterEach(() => reader.remove());

/** Publishes messages with these quantities. */
function publish(...quantities: readonly number[]): Promise<void> {
  return reader.publish(...quantities.map((quantity) => count('a', quantity)));
}

function copyWriter(): string {
  const copy = join(reader.folder, 'copy.db');
  reader.writer.database.prepare('VACUUM INTO ?').run(copy);
  return copy;
}

/** Replaces the writer's file by this one, or by a new one. */
async function restore(copy: string | null): Promise<void> {
  await reader.writer.close();
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${reader.writerFile}${suffix}`, { force: true });
  if (copy !== null) renameSync(copy, reader.writerFile);
  reader.startWriter();
}

/** What the probe counted; each quantity is another power of two, so that the sum shows which were counted. */
async function counted(): Promise<unknown> {
  return (await reader.counted())['a'];
}

const warnings = () => reader.logged.lines.map(({ level, msg }) => [level, msg]);
const LOST = [40, `probe: records of ${OWNED} that were read are gone: its file is an older copy, or a new one`];

async function progress(): Promise<unknown> {
  return (await reader.log.progress(OWNED)).map(({ position, end, lag }) => ({ position, end, lag }));
}

describe.each([
  ['whose file was restored from a copy', false],
  ['that broadcasts what it commits, and whose file was restored', true],
])('a writer %s', (_, broadcasts) => {
  beforeEach(async () => {
    reader.handsOver = broadcasts;
    await publish(1, 2);
    await reader.settle();
  });

  it('is read on by a restarted reader, which handles the new facts and nothing twice', async () => {
    const copy = copyWriter();
    await publish(4, 8, 16);
    await reader.settle();
    const before = await counted();
    await reader.stop();
    await restore(copy);
    await reader.start();
    await publish(32, 64);
    const behind = await progress();
    await reader.settle();

    expect([before, behind, await counted(), await progress()]).toEqual([
      [5, 31],
      [{ position: 2, end: 4, lag: 2 }],
      [7, 127],
      [{ position: 4, end: 4, lag: 0 }],
    ]);
    expect(warnings()).toEqual([LOST]);
  });

  it('is read on by a reader that keeps running', async () => {
    const copy = copyWriter();
    await publish(4, 8, 16);
    await reader.settle();
    await restore(copy);
    await publish(32);

    await vi.waitFor(async () => {
      await reader.settle();
      expect([await counted(), warnings()]).toEqual([[6, 63], [LOST]]);
    });
  });

  it("is read on when it has passed the reader's position again", async () => {
    const copy = copyWriter();
    await publish(4);
    await reader.settle();
    await restore(copy);
    await publish(8, 16, 32);
    await reader.restart();
    await reader.settle();

    expect(await counted()).toEqual([6, 63]);
  });

  it('is read on from the last common position when it was restored a second time', async () => {
    const [first, second] = [copyWriter(), join(reader.folder, 'second.db')];
    renameSync(first, second);
    await publish(4);
    await reader.settle();
    await restore(copyWriter());
    await publish(8);
    await reader.restart();
    await reader.settle();
    await restore(second);
    await publish(16, 32);
    await reader.restart();
    await reader.settle();

    expect(await counted()).toEqual([6, 63]);
  });

  it('publishes again what it published after the copy, and that counts once', async () => {
    const copy = copyWriter();
    await publish(4, 8);
    await reader.settle();
    await restore(copy);
    await publish(4, 8, 16);
    await reader.restart();
    await reader.settle();

    expect(await counted()).toEqual([5, 31]);
  });

  it('is read from the beginning when its file is new', async () => {
    await restore(null);
    await publish(4);
    await reader.restart();
    await reader.settle();

    expect([await counted(), warnings()]).toEqual([[3, 7], [LOST]]);
  });

  it('is read on without duplicates when it only restarts', async () => {
    await reader.writer.close();
    reader.startWriter();
    await publish(4);
    await reader.settle();
    reader.outcomes.length = 0;
    await reader.restart();
    await reader.settle();

    expect([await counted(), reader.outcomes, warnings()]).toEqual([[3, 7], [], []]);
  });
});
