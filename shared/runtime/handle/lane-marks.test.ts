import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { DAY_MS, dayOf } from '../../core/days.ts';
import type { Message } from '../../core/message.ts';
import type { ReadCopy } from '../../core/read-marks.ts';
import { inbox, readMarks } from '../../ports/tables/inbox.ts';
import { parked } from '../../ports/tables/retry.ts';
import { batchOf, fromTopic } from '../../testing/batches.ts';
import { count, probe, tallies } from '../../testing/probe.ts';
import { type Handled, handleBatch } from './handle-batch.ts';
import type { Incoming } from './incoming.ts';

const NOW_MS = Date.parse('2026-03-01T10:00:05.000Z');
const TOPIC = 'probe-commands';

let store: SqliteStore;
let nowMs: number;
let places: number;
beforeEach(() => {
  const { name, tables, migrations } = probe;
  store = SqliteStore.open({ name, file: ':memory:', tables, migrations: migrations.sqlite });
  nowMs = NOW_MS;
  places = 0;
});
afterEach(() => store.close());

/** A copy of a message that a relay sent; each lies at a place of its own. */
function copy(message: Message, sent: Partial<ReadCopy>, partition = 0): Incoming {
  places += 1;
  const item = fromTopic(TOPIC, places, message);
  if (item.from !== 'log') throw new Error('it comes from a topic');
  const record = { ...item.record, partition, sent: { epoch: 'one', position: 1, token: 5, lanes: 3, ...sent } };
  return { ...item, record };
}

async function deliver(...incoming: readonly Incoming[]): Promise<readonly string[]> {
  const { outcomes }: Handled = await handleBatch(probe, store, batchOf(incoming, nowMs));
  return outcomes.map(({ kind }) => kind);
}

const letters = () => store.database.prepare('SELECT code, status, key FROM dead_letter').all();
const counted = async () => (await store.find({ table: tallies, limit: 9 })).map(({ name, units }) => [name, units]);
const marked = async () =>
  (await store.find({ table: readMarks, limit: 9 })).map(({ epoch, position, token }) => [epoch, position, token]);

describe('a copy of a former run of a relay', () => {
  const known = count('a', 1);
  const unknown = count('b', 2);

  it('is a duplicate where the inbox knows it', async () => {
    await deliver(copy(known, { position: 1, token: 6 }));

    expect([await deliver(copy(known, { position: 1, token: 5 })), letters()]).toEqual([['duplicate'], []]);
  });

  it('is kept as a dead letter otherwise, blocks nothing, and its message is handled when it comes', async () => {
    await deliver(copy(known, { position: 1, token: 6 }));
    const late = await deliver(copy(unknown, { position: 2, token: 5 }));
    const rows = await store.count(inbox);
    const then = await deliver(
      copy(count('b', 4), { position: 3, token: 6 }),
      copy(unknown, { position: 2, token: 6 }),
    );

    expect([late, letters(), rows]).toEqual([['late'], [{ code: 'late', status: 'open', key: null }], 1]);
    expect([then, await counted()]).toEqual([
      ['handled', 'handled'],
      [
        ['a', 1],
        ['b', 6],
      ],
    ]);
  });

  it('does not wait behind others of its key', async () => {
    await deliver(copy(count('b', 1, 'throw'), { position: 1, token: 6 }));
    const late = await deliver(copy(unknown, { position: 2, token: 5 }));

    expect([late, await store.count(parked)]).toEqual([['late'], 1]);
  });

  it('is known as such within the batch that brings both', async () => {
    expect(await deliver(copy(known, { position: 1, token: 6 }), copy(unknown, { position: 2, token: 5 }))).toEqual([
      'handled',
      'late',
    ]);
  });

  it('does not count as read', async () => {
    await deliver(copy(known, { position: 1, token: 6 }), copy(unknown, { position: 2, token: 5 }));

    expect(await marked()).toEqual([['one', 1, 6]]);
  });

  it('is handled in a lane that has nothing of a later run', async () => {
    await deliver(copy(known, { position: 1, token: 6 }, 1));

    expect(await deliver(copy(unknown, { position: 2, token: 5 }, 0))).toEqual(['handled']);
  });
});

describe('a writer that was restored from a copy, with a clock that is behind', () => {
  it('is heard: its epoch is a new one', async () => {
    await deliver(copy(count('a', 1), { epoch: 'one', token: 6 }));

    expect(await deliver(copy(count('b', 2), { epoch: 'two', token: 3 }))).toEqual(['handled']);
  });

  it('may write a message again: its inbox row counts from that day on, and once', async () => {
    const message = count('a', 1);
    await deliver(copy(message, { epoch: 'one' }));
    nowMs += DAY_MS;
    const again = await deliver(copy(message, { epoch: 'two' }));
    nowMs += DAY_MS;
    const repeat = await deliver(copy(message, { epoch: 'two' }));

    expect([again, repeat]).toEqual([['duplicate'], ['duplicate']]);
    expect(await store.find({ table: inbox, limit: 9 })).toMatchObject([{ seenDay: dayOf(NOW_MS) + 1 }]);
  });
});

describe('the marks of a lane', () => {
  it('say how far it was read on each day, by any outcome but a late copy', async () => {
    await deliver(copy(count('a', 1), { position: 3 }), copy(count('a', 1, 'throw'), { position: 7 }));
    await deliver(
      copy(count('c', 1, 'refuse'), { position: 8, token: 6 }),
      copy(count('d', 1), { position: 5, token: 6 }),
    );
    nowMs += DAY_MS;
    await deliver(copy(count('e', 1), { position: 9, token: 6 }));

    expect(await marked()).toEqual([
      ['one', 8, 6],
      ['one', 9, 6],
    ]);
  });

  it('are none where the outbox is the log', async () => {
    await deliver(fromTopic(TOPIC, 1, count('a', 1)));

    expect(await store.count(readMarks)).toBe(0);
  });
});
