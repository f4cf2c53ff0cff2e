import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Message } from '../../core/message.ts';
import type { Table } from '../../ports/store.ts';
import { deadLetters } from '../../ports/tables/retry.ts';
import { DeadLetterBench, TOPIC } from '../../testing/dead-letter-bench.ts';
import { count, probeCatalog } from '../../testing/probe.ts';
import { close, replay } from './resolve.ts';

const by = { who: 'ann', reason: 'it is forged' };
const bug = new TypeError('undefined is not a function');
let bench: DeadLetterBench;

beforeEach(async () => {
  bench = await DeadLetterBench.open();
});
afterEach(() => bench.close());

describe('an identity that nobody vouches for', () => {
  it('is not remembered, so that it does not keep out its true bearer', async () => {
    const bearer = count('a', 1);
    bench.reader = { catalog: { ...probeCatalog, isAllowedOnTopic: () => false } };
    await bench.restart();
    await bench.exhaust(bearer);
    await close(bench.scope(), await bench.letter(), 'discard', by);
    bench.reader = {};
    await bench.restart();
    await bench.exhaust(bearer);

    expect([(await bench.letters())[0]?.code, await bench.units()]).toEqual(['not_allowed', { a: 1 }]);
  });
});

describe('an identity that the inbox knows already', () => {
  it('stays what it was when its second bearer is discarded', async () => {
    const first = count('a', 1);
    await bench.exhaust(first, { ...first, data: { ...first.data, quantity: 2 } });
    await close(bench.scope(), await bench.letter(), 'discard', by);
    await bench.exhaust(first);

    expect([await bench.units(), await bench.statuses()]).toEqual([{ a: 1 }, ['discarded']]);
  });
});

describe('a replay that ends in a refusal', () => {
  it('leaves the same letter, whatever its id, with the new reason', async () => {
    await bench.exhaust(count('a', 1, 'refuse'));
    const [row] = await bench.letters();
    // As a letter of an older version, whose id is not derived from its record, and which died of something else.
    const older = { ...row, letter: 'first-1', code: 'failed', fingerprint: 'a bug' };
    await bench.store.transact([], [], () => {
      const table = deadLetters as Table;
      const writes = [
        { table, row: older, stored: null },
        { table, row: row ?? {}, stored: row ?? {}, removed: true },
      ];
      return { writes, inbox: [], outbox: [], positions: [] };
    });
    await replay(bench.scope(), 'first-1', by);
    await bench.settle();

    expect(await bench.letters()).toMatchObject([
      { letter: 'first-1', status: 'open', code: 'refused', fingerprint: 'refused', replays: 1 },
    ]);
  });
});

describe('a letter that cannot be written', () => {
  const allowLetters = () => bench.store.database.exec('DROP TRIGGER no_letters');
  beforeEach(() => {
    bench.store.database.exec(`
      CREATE TRIGGER no_letters BEFORE INSERT ON dead_letter BEGIN SELECT RAISE(ABORT, 'no letters'); END`);
  });

  it('keeps its message on the topic: the position does not advance, and nothing is lost', async () => {
    await bench.log.append(TOPIC, [{ ...count('a', 1), type: 'Nonsense' } as unknown as Message]);
    await expect(bench.worker.step()).rejects.toThrow('no letters');
    await expect(bench.worker.step()).rejects.toThrow('no letters');
    const stuck = [await bench.store.positions(), await bench.statuses()];
    allowLetters();
    await bench.settle();

    expect(stuck).toEqual([[], []]);
    expect([(await bench.store.positions())[0]?.position, await bench.statuses()]).toEqual([1, ['open']]);
  });

  it('keeps its message parked where it was parked', async () => {
    const first = count('a', 1);
    bench.failures.set(first.id, bug);
    await expect(bench.exhaust(first)).rejects.toThrow('no letters');
    const stuck = [await bench.waiting(), await bench.statuses()];
    allowLetters();
    await bench.exhaust();

    expect([stuck, await bench.waiting(), await bench.statuses()]).toEqual([[[1, 1], []], [0, 1], ['open']]);
  });
});
