import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Message } from '../../core/message.ts';
import type { Table } from '../../ports/store.ts';
import { deadLetters } from '../../ports/tables/retry.ts';
import { DeadLetterBench, TOPIC } from '../../testing/dead-letter-bench.ts';
import { count, probeCatalog } from '../../testing/probe.ts';
import { editedRecord, identityOf } from './dead-letter.ts';
import { close, replay } from './resolve.ts';

const by = { who: 'ann', reason: 'it is forged' };
const bug = new TypeError('undefined is not a function');
let bench: DeadLetterBench;

beforeEach(async () => {
  bench = await DeadLetterBench.open();
});
afterEach(() => bench.close());

describe('an identity that its topic does not allow', () => {
  it('is not remembered, so that it does not block the genuine message', async () => {
    const genuine = count('a', 1);
    bench.reader = { catalog: { ...probeCatalog, isAllowedOnTopic: () => false } };
    await bench.restart();
    await bench.exhaust(genuine);
    await close(bench.scope(), await bench.letter(), 'discard', by);
    bench.reader = {};
    await bench.restart();
    await bench.exhaust(genuine);

    expect([(await bench.deadLetters())[0]?.code, await bench.units()]).toEqual(['not_allowed', { a: 1 }]);
  });
});

describe('an identity that is in the inbox already', () => {
  it('stays unchanged when a second message with it is discarded', async () => {
    const first = count('a', 1);
    await bench.exhaust(first, { ...first, data: { ...first.data, quantity: 2 } });
    await close(bench.scope(), await bench.letter(), 'discard', by);
    await bench.exhaust(first);

    expect([await bench.units(), await bench.statuses()]).toEqual([{ a: 1 }, ['discarded']]);
  });
});

describe('a replay that ends in a refusal', () => {
  it('reopens the same dead letter, whatever its id, with the new cause', async () => {
    await bench.exhaust(count('a', 1, 'refuse'));
    const [row] = await bench.deadLetters();
    // As a dead letter of an older program: its id is not derived from its record, and its cause was another.
    const older = { ...row, letter: 'first-1', code: 'failed', fingerprint: 'a bug' };
    await bench.store.transact({}, () => {
      const table = deadLetters as Table;
      const writes = [
        { table, row: older, stored: null },
        { table, row: row ?? {}, stored: row ?? {}, removed: true },
      ];
      return { writes, inbox: [], outbox: [], positions: [] };
    });
    await replay(bench.scope(), 'first-1', by);
    await bench.settle();

    expect(await bench.deadLetters()).toMatchObject([
      { letter: 'first-1', status: 'open', code: 'refused', fingerprint: 'refused', replays: 1 },
    ]);
  });
});

describe('a dead letter that cannot be written', () => {
  const allowDeadLetters = () => bench.store.database.exec('DROP TRIGGER no_dead_letters');
  beforeEach(() => {
    bench.store.database.exec(`
      CREATE TRIGGER no_dead_letters BEFORE INSERT ON dead_letter BEGIN SELECT RAISE(ABORT, 'no dead letters'); END`);
  });

  it('leaves its message on the topic: the position does not advance, and nothing is lost', async () => {
    await bench.log.append(TOPIC, [{ ...count('a', 1), type: 'Nonsense' } as unknown as Message]);
    await expect(bench.worker.step()).rejects.toThrow('no dead letters');
    await expect(bench.worker.step()).rejects.toThrow('no dead letters');
    const stuck = [await bench.store.positions(), await bench.statuses()];
    allowDeadLetters();
    await bench.settle();

    expect(stuck).toEqual([[], []]);
    expect([(await bench.store.positions())[0]?.position, await bench.statuses()]).toEqual([1, ['open']]);
  });

  it('leaves its message parked', async () => {
    const first = count('a', 1);
    bench.failures.set(first.id, bug);
    await expect(bench.exhaust(first)).rejects.toThrow('no dead letters');
    const stuck = [await bench.waiting(), await bench.statuses()];
    allowDeadLetters();
    await bench.exhaust();

    expect([stuck, await bench.waiting(), await bench.statuses()]).toEqual([[[1, 1], []], [0, 1], ['open']]);
  });
});

describe('a dead letter of text that cannot be kept', () => {
  const illFormed = (changes: object) => {
    const { data, ...attributes } = { ...count('a', 1), ...changes } as Message;
    return { topic: TOPIC, partition: 0, position: 1, attributes, value: JSON.stringify(data) };
  };

  it('has no identity to remember', () => {
    const { fn } = bench.scope();

    expect(
      [illFormed({}), illFormed({ id: 'a\ud800' }), illFormed({ source: '\0' })].map((row) => identityOf(fn, row)),
    ).toEqual([{ id: count('a', 1).id, source: '/tests' }, null, null]);
  });

  it('becomes a dead letter with all of it, and is closed like any other', async () => {
    const given = { ...count('a', 1), id: 'a\ud800', subject: 'b\0' };
    await bench.exhaust(given);
    const [found] = await bench.deadLetters();
    await close(bench.scope(), await bench.letter(), 'discard', by);

    expect(found).toMatchObject({ code: 'unreadable', attributes: { raw: expect.stringContaining('a\\ud800') } });
    expect(await bench.statuses()).toEqual(['discarded']);
  });

  it('cannot be edited where its id is at fault, and loses the bytes of its former data where these are', async () => {
    await bench.exhaust(count('a', 1, 'throw'));
    const [row] = await bench.deadLetters();
    if (row === undefined) throw new Error('there is no dead letter');
    const { fn } = bench.scope();
    const { data } = count('a', 1);
    const withAttributes = (changes: object) => ({ ...row, attributes: { ...row.attributes, ...changes } });

    expect(() => editedRecord(fn, withAttributes({ id: '\ud800' }), data)).toThrow(
      expect.objectContaining({ code: 'conflict' }),
    );
    expect(editedRecord(fn, withAttributes({ data_base64: '/w==' }), data).attributes).not.toHaveProperty(
      'data_base64',
    );
  });
});
