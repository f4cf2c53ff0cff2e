import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS } from '../../core/days.ts';
import type { Message } from '../../core/message.ts';
import { batchOf, fromTopic } from '../../testing/batches.ts';
import { DeadLetterBench, TOPIC } from '../../testing/dead-letter-bench.ts';
import { count, probe } from '../../testing/probe.ts';
import type { StoreFunction } from '../function.ts';
import { handleBatch } from '../handle/handle-batch.ts';
import { close, replay } from './resolve.ts';
import { deadLetterLimitsOf } from './settings.ts';

const by = { who: 'ann', reason: 'a test' };
const settings = { DEAD_LETTER_REPLAYS_MAX: 5, DEAD_LETTER_REPLAYS_PER_SECOND: 50, INBOX_RETENTION_DAYS: 90 };

let bench: DeadLetterBench;
beforeEach(async () => {
  bench = await DeadLetterBench.open();
});
afterEach(() => bench.close());

/** A run of a relay brings a message of an outbox. */
async function deliver(message: Message, position: number, token: number): Promise<string | undefined> {
  const item = fromTopic(TOPIC, token * 100 + position, message);
  if (item.from !== 'log') throw new Error('it comes from a topic');
  const sent = { epoch: 'one', position, token, lanes: 1 };
  const fn = probe as unknown as StoreFunction;
  const batch = batchOf([{ ...item, record: { ...item.record, sent } }], bench.nowMs);
  return (await handleBatch(fn, bench.store, batch)).outcomes[0]?.kind;
}

describe('the dead letter of a late copy', () => {
  const message = count('b', 2);
  const lateLetter = async () => {
    await deliver(count('a', 1), 1, 6);
    await deliver(message, 2, 5);
    return bench.letter();
  };

  it('is discarded alone: its message is handled when it comes', async () => {
    await close(bench.scope(), await lateLetter(), 'discard', by);

    expect([await deliver(message, 2, 6), await bench.units()]).toEqual(['handled', { a: 1, b: 2 }]);
  });

  it('may be replayed before its message comes, which is a duplicate then', async () => {
    await replay(bench.scope(), await lateLetter(), by);
    await bench.settle();

    expect([await deliver(message, 2, 6), await bench.units()]).toEqual(['duplicate', { a: 1, b: 2 }]);
  });

  it('may be replayed after its message was handled, and has no second effect', async () => {
    const id = await lateLetter();
    await deliver(message, 2, 6);
    await replay(bench.scope(), id, by);
    await bench.settle();

    expect([await bench.statuses(), await bench.units()]).toEqual([['replayed'], { a: 1, b: 2 }]);
  });
});

describe('a replay', () => {
  it.each([
    [true, 7, 90, 'INBOX_RETENTION_DAYS'],
    [false, 7, 7, 'INBOX_WATERMARK_DAYS'],
    [false, 100, 90, 'INBOX_RETENTION_DAYS'],
  ])(
    'is safe for as long as the inbox knows other copies (the outbox is the log: %s)',
    (isOutbox, rows, days, setting) => {
      const limits = deadLetterLimitsOf({ ...settings, INBOX_WATERMARK_DAYS: rows }, isOutbox);

      expect(limits).toMatchObject({ windowMs: days * DAY_MS, windowSetting: setting });
    },
  );

  it('of an older dead letter has to be forced, and says by which setting', async () => {
    const refused = count('a', 1, 'refuse');
    await bench.exhaust(refused);
    bench.nowMs += 1;
    const scope = bench.scope({ windowMs: 0, windowSetting: 'INBOX_WATERMARK_DAYS' });

    await expect(replay(scope, await bench.letter(), by)).rejects.toThrow(
      'handled since (INBOX_WATERMARK_DAYS); force it',
    );
  });
});
