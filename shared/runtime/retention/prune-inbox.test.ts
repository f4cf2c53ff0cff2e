import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TransientError } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import { inbox, inboxWatermarks } from '../../ports/tables/inbox.ts';
import { deadLetters, parked } from '../../ports/tables/retry.ts';
import { count, probe } from '../../testing/probe.ts';
import { FREE, OWNED, ProbeReader, testDays } from '../../testing/probe-reader.ts';
import { close } from '../dead-letters/resolve.ts';
import type { DeadLetterLimits } from '../dead-letters/settings.ts';
import type { StoreFunction } from '../function.ts';

const limits: DeadLetterLimits = {
  replaysMax: 3,
  perSecond: 1_000,
  windowMs: Number.MAX_SAFE_INTEGER,
  windowSetting: 'INBOX_RETENTION_DAYS',
};
const stopping = new AbortController().signal;

let reader: ProbeReader;
/** The errors that the probe throws, by quantity. */
const failures = new Map<number, Error>();
const faulty: Partial<StoreFunction> = {
  rules: {
    ...probe.rules,
    decide(state: never, message: Message) {
      const error = failures.get((message.data as { quantity: number }).quantity);
      if (error !== undefined) throw error;
      return probe.rules.decide(state, message as never);
    },
  } as StoreFunction['rules'],
};

beforeEach(async () => {
  failures.clear();
  reader = await ProbeReader.create(faulty);
});
afterEach(() => reader.remove());

const rows = () => reader.store.count(inbox);
const kinds = () => reader.outcomes.splice(0).map(({ kind }) => kind);

/** Resets the reader to the beginning of its topics. */
async function resetReader(how = 'UPDATE position SET position = 0'): Promise<void> {
  await reader.stop();
  await reader.start();
  reader.store.database.exec(how);
  await reader.restart();
  reader.outcomes.length = 0;
}

describe('the inbox of a topic that one function owns', () => {
  it('is replaced by a watermark after some days', async () => {
    await reader.publish(reader.fact('a', 1), reader.fact('a', 2));
    await reader.settle();
    reader.pass(testDays.watermark - 1);
    const early = await reader.cleanUp();
    await reader.publish(reader.fact('a', 4));
    await reader.settle();
    reader.pass(2);
    const late = await reader.cleanUp();

    expect([early, late, await rows()]).toEqual([{}, { inbox: 2 }, 1]);
    expect(await reader.store.find({ table: inboxWatermarks, limit: 9 })).toMatchObject([
      { topic: OWNED, position: 3 },
    ]);
  });

  it.each(['UPDATE position SET position = 0', 'DELETE FROM position'])(
    'counts nothing twice when its reader is reset to the beginning: %s',
    async (how) => {
      await reader.publish(reader.fact('a', 1), reader.fact('a', 2));
      await reader.settle();
      reader.pass(testDays.watermark + 1);
      await reader.publish(reader.fact('a', 4));
      await reader.settle();
      await reader.cleanUp();
      const left = await rows();
      await resetReader(how);
      await reader.settle();

      expect([left, kinds(), await reader.counted()]).toEqual([
        1,
        ['duplicate', 'duplicate', 'duplicate'],
        { a: [3, 7] },
      ]);
    },
  );

  it('counts nothing twice when it is replaced by a watermark while its reader starts over', async () => {
    await reader.publish(...[1, 2, 4, 8].map((quantity) => reader.fact('a', quantity)));
    await reader.settle();
    await resetReader('DELETE FROM position');
    reader.pass(testDays.watermark + 1);
    await reader.cleanUp();
    await reader.settle();

    expect([await rows(), await reader.counted()]).toEqual([0, { a: [4, 15] }]);
  });

  it('recognizes redelivered messages after a downtime longer than its window, even when pruned first', async () => {
    await reader.publish(reader.fact('a', 1), reader.fact('a', 2));
    await reader.settle();
    reader.pass(testDays.inbox + 10);
    await resetReader();
    const removed = await reader.cleanUp();
    await reader.settle();

    expect([removed['inbox'], await rows(), kinds(), await reader.counted()]).toEqual([
      2,
      0,
      ['duplicate', 'duplicate'],
      { a: [2, 3] },
    ]);
  });

  it('stays small: 10,000 messages in 100 days leave the rows of the last days only', async () => {
    let most = 0;
    let bytes = 0;
    for (let day = 0; day < 100; day++) {
      await reader.publish(...Array.from({ length: 100 }, (_, n) => reader.fact(`p${n}`, (day % 9) + 1)));
      await reader.settle();
      await reader.cleanUp();
      most = Math.max(most, await rows());
      if (day === testDays.watermark) bytes = bytesOf('inbox') / (await rows());
      reader.pass(1);
    }
    const counted = Object.values(await reader.counted());

    expect([counted.length, counted.every(([messages]) => messages === 100)]).toEqual([100, true]);
    expect(most).toBeLessThanOrEqual((testDays.watermark + 1) * 100);
    expect(await reader.store.count(inboxWatermarks)).toBe(1);
    expect(bytes).toBeLessThan(130);
    expect(bytesOf('inbox')).toBeLessThan((testDays.watermark + 2) * 100 * 130);
  }, 20_000);

  it('handles a message that was parked for longer than rows are stored, and recognizes it afterwards', async () => {
    failures.set(1, new TransientError('not now'));
    await reader.publish(reader.fact('a', 1), reader.fact('a', 2), reader.fact('b', 4));
    await reader.settle();
    reader.pass(testDays.watermark + 1);
    await reader.cleanUp();
    const meanwhile = [await reader.counted(), await reader.store.count(parked)];
    failures.clear();
    await reader.settle();
    await reader.cleanUp();
    const handled = await rows();
    reader.pass(testDays.watermark + 1);
    await reader.cleanUp();
    await resetReader();
    await reader.settle();

    expect([meanwhile, handled, await reader.counted(), await rows()]).toEqual([
      [{ b: [1, 4] }, 2],
      2,
      { a: [2, 3], b: [1, 4] },
      0,
    ]);
  });

  it('recognizes a message for as long as a copy of it may be parked behind another', async () => {
    failures.set(1, new TransientError('not now'));
    failures.set(2, new TypeError('a bug'));
    const first = reader.fact('a', 1);
    await reader.publish(first, reader.fact('a', 2), first);
    await reader.settle();
    failures.delete(1);
    for (let attempt = 0; attempt < 5; attempt++) {
      reader.pass(1);
      await reader.settle();
    }
    reader.pass(testDays.watermark + 1);
    await reader.cleanUp();
    const [deadLetter] = await reader.store.find({ table: deadLetters, limit: 1 });
    failures.clear();
    const scope = { fn: probe as unknown as StoreFunction, context: reader.worker, limits, stopping };
    await close(scope, deadLetter?.letter ?? '', 'discard', { who: 'ann', reason: 'no use' });
    await reader.settle();

    expect([deadLetter?.code, await reader.counted(), await reader.store.count(parked)]).toEqual([
      'failed',
      { a: [1, 1] },
      0,
    ]);
  });

  it('stores a young row whose cause claims to be old', async () => {
    const old = { ...reader.fact('a', 1), id: '00000000-0001-8000-8000-000000000000' };
    await reader.publish(old, ...Array.from({ length: 300 }, (_, n) => reader.fact(`p${n}`, 1)));
    await reader.settle();
    await reader.cleanUp();
    const young = await rows();
    reader.pass(testDays.watermark + 1);
    await reader.cleanUp();

    expect([young, await rows()]).toEqual([301, 0]);
  });

  it('does not take the same id from another source for a duplicate', async () => {
    const fact = reader.fact('a', 1);
    await reader.publish(fact);
    await reader.settle();
    reader.pass(testDays.watermark + 1);
    await reader.cleanUp();
    await reader.log.append(FREE, [{ ...fact, source: '/elsewhere' }]);
    await reader.settle();

    expect([kinds(), await reader.counted()]).toEqual([['handled', 'handled'], { a: [2, 2] }]);
  });

  it('recognizes messages of an earlier epoch of the writer, also when one batch read from both', async () => {
    await reader.publish(reader.fact('a', 1));
    await reader.settle();
    await reader.publish(reader.fact('a', 2));
    await reader.writer.close();
    reader.startWriter();
    await reader.publish(reader.fact('a', 4));
    await reader.settle();
    reader.pass(testDays.watermark + 1);
    await reader.cleanUp();
    await resetReader();
    await reader.settle();

    expect([await rows(), kinds(), await reader.counted()]).toEqual([
      0,
      ['duplicate', 'duplicate', 'duplicate'],
      { a: [3, 7] },
    ]);
  });
});

describe('the inbox of clients and public topics', () => {
  it('recognizes a duplicate until its retention time is over', async () => {
    await reader.log.append(FREE, [count('a', 1)]);
    await reader.settle();
    const key = { ...count('b', 2), id: 'a key', source: '/http' };
    const first = reader.worker.submit(key, { deduplicate: true });
    await reader.settle();
    await first;
    reader.pass(testDays.inbox);
    const early = await reader.cleanUp();
    reader.pass(1);
    const late = await reader.cleanUp();
    await reader.log.append(FREE, [count('a', 1)]);
    await reader.settle();

    expect([early['inbox'], late['inbox'], await rows()]).toEqual([undefined, 2, 1]);
    expect(await reader.counted()).toEqual({ a: [2, 2], b: [1, 2] });
  });

  it('is not pruned after a long downtime before it has read what comes again', async () => {
    await reader.log.append(FREE, [count('a', 1), count('a', 2)]);
    await reader.settle();
    reader.pass(testDays.inbox + 10);
    await resetReader();
    const before = await reader.cleanUp();
    await reader.settle();
    const after = await reader.cleanUp();

    expect([before['inbox'], after['inbox'], kinds(), await reader.counted()]).toEqual([
      undefined,
      2,
      ['duplicate', 'duplicate'],
      { a: [2, 3] },
    ]);
  });

  it('is scanned in batches, once a day', async () => {
    await reader.log.append(
      FREE,
      Array.from({ length: 600 }, (_, n) => count(`p${n}`, 1)),
    );
    await reader.settle();
    reader.pass(testDays.inbox + 1);
    const first = await reader.cleanUp();
    const again = await reader.cleanUp();

    expect([first['inbox'], again, await rows()]).toEqual([600, {}, 0]);
  });
});

/** Bytes of the pages that hold a table. */
function bytesOf(name: string): number {
  return Number(reader.store.database.prepare('SELECT sum(pgsize) FROM dbstat WHERE name = ?').pluck().get(name));
}
