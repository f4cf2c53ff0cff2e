import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { OutboxRow } from '../../../ports/store.ts';
import { BroadcastingWriter, quantities } from '../../../testing/broadcasting-writer.ts';
import { count } from '../../../testing/probe.ts';
import { OUTBOX_COLUMNS, outboxValues } from '../outbox-schema.ts';
import { BROADCAST_CHARS_MAX } from './record-broadcast.ts';

const INSERT = `INSERT INTO outbox (${OUTBOX_COLUMNS.join(', ')}) VALUES (?, ?, ?, ?)`;

/** A quantity received by broadcast is 100 more than in the file, so that the source of a record shows. */
let writer: BroadcastingWriter;
beforeEach(async () => {
  writer = await BroadcastingWriter.create();
});
afterEach(() => writer.remove());

describe('broadcast records', () => {
  it('are returned without reading the file', async () => {
    writer.broadcast(await writer.commit(2, 3));
    writer.broadcast(await writer.commit(4));

    expect([await writer.consume(), await writer.consume()]).toEqual([[102, 103, 104], []]);
  });

  it('are taken as complete: the file is not read for more', async () => {
    writer.broadcast(await writer.commit(2));
    const before = await writer.consume();
    await writer.commit(3);

    expect([before, await writer.consume()]).toEqual([[102], []]);
  });

  it('equal the records in the file', async () => {
    writer.log.announce('events', await writer.commit(2, 3));
    const reading = await writer.subscribe(writer.other);

    expect(await writer.subscription.poll(10)).toEqual((await reading.poll(10)).slice(1));
  });

  it('are returned until they are acknowledged, at most as many as were asked for', async () => {
    writer.broadcast(await writer.commit(2, 3, 4));
    const polled = [await writer.subscription.poll(2), await writer.subscription.poll(2)].map(quantities);

    expect([polled, await writer.consume(2), await writer.consume(2), await writer.consume(2)]).toEqual([
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
    await writer.consume(10, reading);
    writer.broadcast(await writer.commit(2, 3));
    await vi.waitFor(() => expect(wake).toHaveBeenCalled());

    expect(await writer.consume(10, reading)).toEqual([102, 103]);
  });

  it('follow a transaction that was rolled back', async () => {
    writer.store.database.exec('BEGIN IMMEDIATE');
    writer.store.database.prepare(INSERT).run(...outboxValues('events', count('a', 99)));
    writer.store.database.exec('ROLLBACK');
    writer.broadcast(await writer.commit(2));

    expect(await writer.consume()).toEqual([102]);
  });

  it('are all returned in order, when more come than are cached', async () => {
    const last = 1_500;
    for (let from = 2; from <= last; from += 100) {
      writer.broadcast(
        await writer.commit(...Array.from({ length: Math.min(100, last + 1 - from) }, (_, n) => from + n)),
      );
    }
    const all: number[] = [];
    for (let some = await writer.consume(256); some.length > 0; some = await writer.consume(256))
      all.push(...some.map((n) => n % 100));

    expect(all).toEqual(Array.from({ length: last - 1 }, (_, n) => (n + 2) % 100));
  });
});

describe('the file is read, and later broadcasts are used again', () => {
  it('when an announcement was lost', async () => {
    await writer.commit(2);
    writer.broadcast(await writer.commit(3));

    expect(await writer.consumeThenBroadcast()).toEqual([2, 3, 150]);
  });

  it('when records are announced and not broadcast', async () => {
    await writer.commit(2);
    writer.log.announce('events');

    expect(await writer.consumeThenBroadcast()).toEqual([2, 150]);
  });

  it('when the store does not return their positions', async () => {
    const rows = await writer.commit(2);
    writer.broadcast(rows.map(({ topic, message }) => ({ topic, message })));

    expect(await writer.consumeThenBroadcast()).toEqual([2, 150]);
  });

  it('when some records of a commit are missing in the broadcast', async () => {
    const rows = await writer.commit(2, 3, 4);
    writer.broadcast(rows.filter((_, index) => index !== 1));

    expect(await writer.consumeThenBroadcast()).toEqual([2, 3, 4, 150]);
  });

  it('when some records of a commit are of another topic', async () => {
    const outbox = ['events', 'other-events'].map((topic) => ({ topic, message: count('a', 2) }));
    writer.broadcast(await writer.commitRows(outbox));

    expect(await writer.consumeThenBroadcast()).toEqual([2, 50]);
  });

  it('when the records come from several epochs', async () => {
    const [row] = await writer.commit(2);
    await writer.restart();
    writer.broadcast([row as OutboxRow, ...(await writer.commit(3))]);

    expect(await writer.consumeThenBroadcast()).toEqual([2, 3, 150]);
  });

  it('when a commit is too large to be broadcast', async () => {
    const message = count('a', 2);
    const data = { ...message.data, name: 'x'.repeat(BROADCAST_CHARS_MAX) };
    const outbox = [{ topic: 'events', message: { ...message, data } }];
    writer.broadcast(await writer.commitRows(outbox));

    expect(await writer.consumeThenBroadcast()).toEqual([2, 150]);
  });

  it('when the writer was restarted', async () => {
    await writer.restart();
    writer.broadcast(await writer.commit(2));

    expect(await writer.consumeThenBroadcast()).toEqual([2, 150]);
  });

  it('by a new subscription, which may have missed broadcasts', async () => {
    await writer.commit(2);
    writer.subscription = await writer.subscribe();

    expect([...(await writer.consume()), ...(await writer.consumeThenBroadcast())]).toEqual([1, 2, 150]);
  });

  it('when the file was restored from a copy, also where positions continue those of the lost epoch', async () => {
    writer.broadcast(await writer.commit(2));
    await writer.consume();
    const [, lost] = await writer.commit(3, 4);
    await writer.restart({ restoredTo: 2 });
    await writer.commit(5);
    writer.broadcast([lost as OutboxRow]);
    const before = await writer.consume();
    writer.broadcast(await writer.commit(6));

    expect([before, await writer.consumeThenBroadcast()]).toEqual([[5], [106, 150]]);
  });

  it('when records lost by a restore were read, and their positions are reused', async () => {
    writer.broadcast(await writer.commit(2, 3));
    await writer.consume();
    await writer.restart({ restoredTo: 2 });
    await writer.commit(4);
    writer.broadcast(await writer.commit(5));

    expect(await writer.consumeThenBroadcast()).toEqual([4, 5, 150]);
  });
});

describe('broadcasts that are repeated or out of order', () => {
  it('are returned once when they are repeated', async () => {
    const rows = await writer.commit(2, 3);
    writer.broadcast(rows);
    writer.broadcast(rows);
    const before = await writer.consume();
    writer.broadcast(rows);

    expect([before, await writer.consume()]).toEqual([[102, 103], []]);
  });

  it('are returned once when they are late: the file had them before', async () => {
    const late = await writer.commit(2);
    writer.broadcast(await writer.commit(3));
    const before = await writer.consume();
    writer.broadcast(late);
    const after = await writer.consume();
    writer.broadcast(await writer.commit(4));

    expect([before, after, await writer.consume()]).toEqual([[2, 3], [], [104]]);
  });

  it('are returned as far as they were not read before', async () => {
    const rows = await writer.commit(2, 3, 4);
    writer.log.announce('events');
    const before = await writer.consume(2);
    writer.broadcast(rows);

    expect([before, await writer.consume()]).toEqual([[2, 3], [104]]);
  });
});

describe('after a clear', () => {
  it('earlier broadcasts are skipped', async () => {
    writer.broadcast(await writer.commit(2));
    await writer.skipToEnd();
    const skipped = await writer.consume();
    writer.broadcast(await writer.commit(3));

    expect([skipped, await writer.consume()]).toEqual([[], [103]]);
  });

  it('late broadcasts are skipped', async () => {
    const late = await writer.commit(2);
    await writer.skipToEnd();
    writer.broadcast(late);
    const skipped = await writer.consume();
    writer.broadcast(await writer.commit(3));

    expect([skipped, await writer.consume()]).toEqual([[], [103]]);
  });

  it('unannounced records are skipped, and later broadcasts are used again', async () => {
    await writer.commit(2, 3);
    await writer.skipToEnd();
    writer.broadcast(await writer.commit(4));
    const first = await writer.consume();
    writer.broadcast(await writer.commit(5));

    expect([first, await writer.consume()]).toEqual([[4], [105]]);
  });

  it('the file is read from there on', async () => {
    const [late] = await writer.commit(2, 3);
    await writer.skipToEnd();
    await writer.commit(4);
    writer.broadcast([late as OutboxRow]);

    expect(await writer.consume()).toEqual([4]);
  });

  it('the writer continues its positions', async () => {
    await writer.store.clear([]);
    writer.broadcast(await writer.commit(2));

    expect(await writer.consume()).toEqual([102]);
  });
});
