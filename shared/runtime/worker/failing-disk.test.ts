import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DeadLetterBench, TOPIC } from '../../testing/dead-letter-bench.ts';
import { count } from '../../testing/probe.ts';

let bench: DeadLetterBench;

beforeEach(async () => {
  bench = await DeadLetterBench.open();
});
afterEach(async () => {
  vi.restoreAllMocks();
  await bench.close();
});

const messages = Array.from({ length: 8 }, (_, n) => count(`key-${n}`, 1));

/** Makes the statements with this text fail as on a disk that errs, from the `from`-th on, until it is called. */
function err(code: string, text: string, from = 1): () => void {
  let isErring = true;
  let met = 0;
  const prototype = Object.getPrototypeOf(bench.store.database.prepare('SELECT 1')) as Database.Statement;
  for (const method of ['run', 'get', 'all'] as const) {
    const original = prototype[method] as (...values: unknown[]) => unknown;
    vi.spyOn(prototype, method).mockImplementation(function (this: Database.Statement, ...values: unknown[]) {
      if (isErring && this.source.includes(text)) met += 1;
      if (isErring && this.source.includes(text) && met >= from) throw new Database.SqliteError(`it is ${code}`, code);
      return original.apply(this, values) as never;
    });
  }
  return () => {
    isErring = false;
  };
}

/** Steps until all is handled; errors are those of the disk. */
async function settle(): Promise<void> {
  await vi.waitFor(() => bench.settle(), { timeout: 10_000 });
}

/** Neither parked, nor dead letters, nor an attempt. */
async function untouched(): Promise<void> {
  expect([await bench.waiting(), (await bench.deadLetters()).length]).toEqual([[0, 0], 0]);
}

describe('a disk that errs', () => {
  it.each([
    ['SQLITE_CORRUPT', 'FROM tally'],
    ['SQLITE_CORRUPT', 'INSERT'],
    ['SQLITE_IOERR_READ', 'FROM inbox'],
    ['SQLITE_IOERR_WRITE', 'COMMIT'],
    ['SQLITE_IOERR_FSYNC', 'COMMIT'],
    ['SQLITE_CANTOPEN', 'BEGIN'],
  ])('with %s in %s leaves messages where they are, and each counts once when it is over', async (code, text) => {
    await bench.log.append(TOPIC, messages);
    const end = err(code, text);
    for (let attempt = 0; attempt < 4; attempt++) {
      const answer = bench.worker.submit(count('command', 1)).catch((error: unknown) => error);
      await expect(bench.worker.step()).rejects.toMatchObject({ code: 'unavailable' });
      expect(await answer).toMatchObject({ code: 'unavailable', retryAfterS: 1 });
      expect(await bench.worker.unavailableReason()).not.toBeNull();
    }
    end();
    await settle();

    await untouched();
    expect(await bench.worker.unavailableReason()).toBeNull();
    expect(await bench.units()).toEqual(Object.fromEntries(messages.map(({ subject }) => [subject, 1])));
  });

  it('in the middle of a batch that is handled one by one marks no message but the one at fault', async () => {
    bench.store.database.exec(
      "CREATE TRIGGER refuse BEFORE INSERT ON tally WHEN new.name = 'key-3' BEGIN SELECT raise(ABORT, 'a bug'); END",
    );
    await bench.log.append(TOPIC, messages);
    // The batch fails on the trigger; then the first messages are committed alone, until the disk errs.
    const end = err('SQLITE_CORRUPT', 'FROM tally', messages.length + 4);
    await expect(bench.worker.step()).rejects.toMatchObject({ code: 'unavailable' });
    end();
    await settle();

    const { 'key-3': refused, ...others } = await bench.units();
    expect([refused, Object.values(others), await bench.waiting()]).toEqual([undefined, Array(7).fill(1), [1, 1]]);
  });

  it('is logged once, however often it is tried again', async () => {
    const end = err('SQLITE_IOERR_WRITE', 'COMMIT');
    bench.worker.start();
    for (let attempt = 0; attempt < 10; attempt++) {
      await expect(bench.worker.submit(count('command', 1))).rejects.toMatchObject({ code: 'unavailable' });
    }
    end();
    await vi.waitFor(() => bench.worker.submit(count('command', 1)), { timeout: 10_000 });

    const lines = bench.logged.lines.filter(({ msg }) => String(msg).includes('cannot commit'));
    expect(lines.map(({ msg }) => msg)).toEqual([expect.stringContaining('SQLITE_IOERR_WRITE')]);
  });
});
