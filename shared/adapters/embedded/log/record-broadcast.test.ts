import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OutboxRow } from '../../../ports/store.ts';
import { BroadcastingWriter, quantities } from '../../../testing/broadcasting-writer.ts';
import { count } from '../../../testing/probe.ts';
import { OUTBOX_COLUMNS, outboxValues } from '../outbox-schema.ts';
import { BROADCAST_CHARS_MAX } from './record-broadcast.ts';

const INSERT = `INSERT INTO outbox (${OUTBOX_COLUMNS.join(', ')}) VALUES (?, ?, ?, ?)`;

/** What it hands over shows with a hundred more than it has in the file. */
let writer: BroadcastingWriter;
beforeEach(async () => {
  writer = await BroadcastingWriter.create();
});
afterEach(() => writer.remove());

describe('records that a commit hands over', () => {
  it('are given without a look into the file', async () => {
    writer.tell(await writer.commit(2, 3));
    writer.tell(await writer.commit(4));

    expect([await writer.taken(), await writer.taken()]).toEqual([[102, 103, 104], []]);
  });

  it('are all there is as far as anybody knows: nobody looks into the file for more', async () => {
    writer.tell(await writer.commit(2));
    const before = await writer.taken();
    await writer.commit(3);

    expect([before, await writer.taken()]).toEqual([[102], []]);
  });

  it('are what lies in the file', async () => {
    writer.log.announce('events', await writer.commit(2, 3));
    const reading = await writer.subscribe(writer.other);

    expect(await writer.subscription.poll(10)).toEqual((await reading.poll(10)).slice(1));
  });

  it('come again until they are dealt with, and no more of them than was asked for', async () => {
    writer.tell(await writer.commit(2, 3, 4));
    const polled = [await writer.subscription.poll(2), await writer.subscription.poll(2)].map(quantities);

    expect([polled, await writer.taken(2), await writer.taken(2), await writer.taken(2)]).toEqual([
      [
        [102, 103],
        [102, 103],
      ],
      [102, 103],
      [104],
      [],
    ]);
  });

  it('reach the readers in other threads', async () => {
    const wake = vi.fn();
    const reading = await writer.subscribe(writer.other, wake);
    await writer.taken(10, reading);
    writer.tell(await writer.commit(2, 3));
    await vi.waitFor(() => expect(wake).toHaveBeenCalled());

    expect(await writer.taken(10, reading)).toEqual([102, 103]);
  });

  it('follow on what a transaction left that was rolled back', async () => {
    writer.store.database.exec('BEGIN IMMEDIATE');
    writer.store.database.prepare(INSERT).run(...outboxValues('events', count('a', 99)));
    writer.store.database.exec('ROLLBACK');
    writer.tell(await writer.commit(2));

    expect(await writer.taken()).toEqual([102]);
  });

  it('are all there, in order, when more come than are kept', async () => {
    const last = 1_500;
    for (let from = 2; from <= last; from += 100) {
      writer.tell(await writer.commit(...Array.from({ length: Math.min(100, last + 1 - from) }, (_, n) => from + n)));
    }
    const all: number[] = [];
    for (let some = await writer.taken(256); some.length > 0; some = await writer.taken(256))
      all.push(...some.map((n) => n % 100));

    expect(all).toEqual(Array.from({ length: last - 1 }, (_, n) => (n + 2) % 100));
  });
});

describe('the file is read, and what is handed over later counts again', () => {
  it('when an announcement was lost', async () => {
    await writer.commit(2);
    writer.tell(await writer.commit(3));

    expect(await writer.readOn()).toEqual([2, 3, 150]);
  });

  it('when records are announced and not handed over', async () => {
    await writer.commit(2);
    writer.log.announce('events');

    expect(await writer.readOn()).toEqual([2, 150]);
  });

  it('when the store does not say where they lie', async () => {
    const rows = await writer.commit(2);
    writer.tell(rows.map(({ topic, message }) => ({ topic, message })));

    expect(await writer.readOn()).toEqual([2, 150]);
  });

  it('when some of a commit are missing between those that are handed over', async () => {
    const rows = await writer.commit(2, 3, 4);
    writer.tell(rows.filter((_, index) => index !== 1));

    expect(await writer.readOn()).toEqual([2, 3, 4, 150]);
  });

  it('when some of a commit are of another topic', async () => {
    const outbox = ['events', 'other-events'].map((topic) => ({ topic, message: count('a', 2) }));
    writer.tell(await writer.commitRows(outbox));

    expect(await writer.readOn()).toEqual([2, 50]);
  });

  it('when the records come from several lives', async () => {
    const [row] = await writer.commit(2);
    await writer.restart();
    writer.tell([row as OutboxRow, ...(await writer.commit(3))]);

    expect(await writer.readOn()).toEqual([2, 3, 150]);
  });

  it('when a commit is too large to be handed over', async () => {
    const message = count('a', 2);
    const data = { ...message.data, name: 'x'.repeat(BROADCAST_CHARS_MAX) };
    const outbox = [{ topic: 'events', message: { ...message, data } }];
    writer.tell(await writer.commitRows(outbox));

    expect(await writer.readOn()).toEqual([2, 150]);
  });

  it('when the writer was started again', async () => {
    await writer.restart();
    writer.tell(await writer.commit(2));

    expect(await writer.readOn()).toEqual([2, 150]);
  });

  it('by whoever starts to read: nobody knows what he was not told while he was away', async () => {
    await writer.commit(2);
    writer.subscription = await writer.subscribe();

    expect([...(await writer.taken()), ...(await writer.readOn())]).toEqual([1, 2, 150]);
  });

  it('when the file was restored from a copy, also where positions follow on those of the lost life', async () => {
    writer.tell(await writer.commit(2));
    await writer.taken();
    const [, lost] = await writer.commit(3, 4);
    await writer.restart({ restoredTo: 2 });
    await writer.commit(5);
    writer.tell([lost as OutboxRow]);
    const before = await writer.taken();
    writer.tell(await writer.commit(6));

    expect([before, await writer.readOn()]).toEqual([[5], [106, 150]]);
  });

  it('when what a copy has lost was read, and its place is taken', async () => {
    writer.tell(await writer.commit(2, 3));
    await writer.taken();
    await writer.restart({ restoredTo: 2 });
    await writer.commit(4);
    writer.tell(await writer.commit(5));

    expect(await writer.readOn()).toEqual([4, 5, 150]);
  });
});

describe('records that come in another way than they were committed', () => {
  it('are given once when they come twice', async () => {
    const rows = await writer.commit(2, 3);
    writer.tell(rows);
    writer.tell(rows);
    const before = await writer.taken();
    writer.tell(rows);

    expect([before, await writer.taken()]).toEqual([[102, 103], []]);
  });

  it('are given once when they come late: the file had them before', async () => {
    const late = await writer.commit(2);
    writer.tell(await writer.commit(3));
    const before = await writer.taken();
    writer.tell(late);
    const after = await writer.taken();
    writer.tell(await writer.commit(4));

    expect([before, after, await writer.taken()]).toEqual([[2, 3], [], [104]]);
  });

  it('are given as far as they are not known', async () => {
    const rows = await writer.commit(2, 3, 4);
    writer.log.announce('events');
    const before = await writer.taken(2);
    writer.tell(rows);

    expect([before, await writer.taken()]).toEqual([[2, 3], [104]]);
  });
});

describe('clearing', () => {
  it('skips what was handed over before', async () => {
    writer.tell(await writer.commit(2));
    await writer.skip();
    const skipped = await writer.taken();
    writer.tell(await writer.commit(3));

    expect([skipped, await writer.taken()]).toEqual([[], [103]]);
  });

  it('skips what is handed over late', async () => {
    const late = await writer.commit(2);
    await writer.skip();
    writer.tell(late);
    const skipped = await writer.taken();
    writer.tell(await writer.commit(3));

    expect([skipped, await writer.taken()]).toEqual([[], [103]]);
  });

  it('skips what was never announced; from then on records count again', async () => {
    await writer.commit(2, 3);
    await writer.skip();
    writer.tell(await writer.commit(4));
    const first = await writer.taken();
    writer.tell(await writer.commit(5));

    expect([first, await writer.taken()]).toEqual([[4], [105]]);
  });

  it('looks into the file from there on', async () => {
    const [late] = await writer.commit(2, 3);
    await writer.skip();
    await writer.commit(4);
    writer.tell([late as OutboxRow]);

    expect(await writer.taken()).toEqual([4]);
  });

  it('of the writer leaves positions that go on', async () => {
    await writer.store.clear([]);
    writer.tell(await writer.commit(2));

    expect(await writer.taken()).toEqual([102]);
  });
});
