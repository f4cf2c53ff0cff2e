import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { InvariantError } from '../../core/assert.ts';
import type { Message } from '../../core/message.ts';
import { firstVersion, nextVersion } from '../../core/message-catalog.ts';
import { batchOf, fromTopic } from '../../testing/batches.ts';
import { count, probe, probeCatalog, type Tally, tallies } from '../../testing/probe.ts';
import { type Handled, handleBatch } from './handle-batch.ts';
import type { Incoming } from './incoming.ts';

const NOW_MS = Date.parse('2026-03-01T10:00:05.000Z');
const UUID_8 = /^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

let store: SqliteStore;
beforeEach(() => {
  store = SqliteStore.open({
    name: probe.name,
    file: ':memory:',
    tables: probe.tables,
    migrations: probe.migrations.sqlite,
  });
});
afterEach(() => store.close());

function fromHttp(message: Message, deduplicate = false): Incoming {
  return { from: 'command', message, deduplicate };
}

function fromLog(message: Message, position = 1): Incoming {
  return fromTopic('probe-commands', position, message);
}

function deliver(...incoming: readonly Incoming[]): Promise<Handled> {
  return handleBatch(probe, store, batchOf(incoming, NOW_MS));
}

function deadLetterRows() {
  return store.database.prepare('SELECT topic, position, code, detail, value FROM dead_letter').all();
}

async function tally(name: string): Promise<Tally | undefined> {
  const [row] = await store.find({ table: tallies, where: { name }, limit: 1 });
  return row;
}

function kinds({ outcomes }: Handled) {
  return outcomes.map(({ kind }) => kind);
}

describe('a batch', () => {
  it('is decided in order: each message sees the changes of those before it', async () => {
    const { outcomes } = await deliver(fromHttp(count('a', 1)), fromHttp(count('a', 2)), fromHttp(count('b', 5)));

    expect(outcomes.map((outcome) => outcome.kind === 'handled' && outcome.state)).toEqual([
      { name: 'a', messages: 1, units: 1 },
      { name: 'a', messages: 2, units: 3 },
      { name: 'b', messages: 1, units: 5 },
    ]);
    expect(await tally('a')).toEqual({ name: 'a', messages: 2, units: 3 });
  });

  it('publishes to the topic of the function, with deterministic ids, time and causes', async () => {
    const cause = { ...count('a', 1), traceparent: '00-11111111111111111111111111111111-2222222222222222-01' };

    const { outbox } = await deliver(fromHttp(cause));

    expect(outbox).toEqual([
      {
        topic: 'probe-events',
        message: {
          specversion: '1.0',
          id: expect.stringMatching(UUID_8),
          source: '/probe',
          type: 'Counted',
          time: '2026-03-01T10:00:05.000Z',
          subject: 'a',
          datacontenttype: 'application/json',
          partitionkey: 'a',
          correlationid: cause.correlationid,
          causationid: cause.id,
          schemaversion: 1,
          traceparent: cause.traceparent,
          data: { quantity: 1 },
        },
      },
    ]);
  });

  it('commits nothing of a message that fails, and all of the others', async () => {
    const failing = count('a', 10, 'throw');

    const handled = await deliver(fromHttp(count('a', 1)), fromHttp(failing), fromHttp(count('a', 2)));

    expect([kinds(handled), handled.outbox.length, await tally('a')]).toEqual([
      ['handled', 'failed', 'handled'],
      2,
      { name: 'a', messages: 2, units: 3 },
    ]);
  });

  it('writes each row once, in its final state', async () => {
    const { writes } = await deliver(fromHttp(count('a', 1)), fromHttp(count('a', 2)));

    expect(writes).toEqual([{ table: tallies, row: { name: 'a', messages: 2, units: 3 }, stored: null }]);
  });
});

describe('a published message', () => {
  it('is written in the newest version of its own type, whatever the version of its cause', async () => {
    const counted = firstVersion(z.object({ quantity: z.int() }));
    const kinds = { ...probeCatalog.kinds, Counted: nextVersion(counted, counted.schema, (data) => data) };
    const fn = { ...probe, catalog: { ...probeCatalog, kinds } };

    const { outbox } = await handleBatch(fn, store, batchOf([fromHttp(count('a', 1))], NOW_MS));

    expect(outbox.map(({ message }) => [message.type, message.schemaversion])).toEqual([['Counted', 2]]);
  });
});

describe('a message delivered twice', () => {
  it('counts once, within a batch and across batches', async () => {
    const message = count('a', 1);

    const first = await deliver(fromLog(message), fromLog(message));
    const later = await deliver(fromLog(message));

    expect([kinds(first), kinds(later), await tally('a')]).toEqual([
      ['handled', 'duplicate'],
      ['duplicate'],
      { name: 'a', messages: 1, units: 1 },
    ]);
  });

  it('counts once when its type gets a newer version in between', async () => {
    const message = count('a', 1);
    const first = firstVersion(z.object({ productId: z.string(), quantity: z.int(), name: z.string() }));
    const second = nextVersion(first, first.schema.extend({ unit: z.string() }), (data) => ({
      ...data,
      unit: 'piece',
    }));
    const newer = { ...probeCatalog, kinds: { ...probeCatalog.kinds, ReceiveStock: second } };
    const upgraded = { ...probe, catalog: newer };
    const deliverTo = (fn: typeof probe, incoming: Incoming) => handleBatch(fn, store, batchOf([incoming], NOW_MS));

    await deliver(fromLog(message));
    const again = await deliverTo(upgraded, fromTopic('probe-commands', 2, message, newer));
    const fresh = await deliverTo(upgraded, fromTopic('probe-commands', 3, count('a', 2), newer));

    const [outcome] = fresh.outcomes;
    expect([kinds(again), outcome?.message.schemaversion, outcome?.message.data]).toEqual([
      ['duplicate'],
      2,
      { productId: 'a', quantity: 2, name: 'count', unit: 'piece' },
    ]);
    expect(await tally('a')).toEqual({ name: 'a', messages: 2, units: 3 });
  });

  it('counts twice without the inbox, so the probe would notice its removal', async () => {
    const message = count('a', 1);

    await deliver(fromHttp(message), fromHttp(message));

    expect(await tally('a')).toMatchObject({ messages: 2 });
  });

  it('counts twice when it comes from two sources, each with ids of its own', async () => {
    const message = count('a', 1);

    await deliver(fromLog(message), fromLog({ ...message, source: '/elsewhere' }));

    expect(await tally('a')).toMatchObject({ messages: 2 });
  });
});

describe('an id reused with another payload', () => {
  const message = count('a', 1);
  const other = { ...message, data: { ...message.data, quantity: 9 } };

  it.each([
    ['in the same batch', [[message, other]]],
    ['in a later one', [[message], [other]]],
  ])('changes nothing %s and becomes a dead letter', async (_, batches) => {
    let last: Handled | undefined;
    for (const batch of batches) last = await deliver(...batch.map((one) => fromLog(one)));

    const detail = `${message.id} was seen before with another payload`;
    expect([last?.outcomes.at(-1)?.kind, deadLetterRows(), await tally('a')]).toEqual([
      'id_reused',
      [{ topic: 'probe-commands', position: 1, code: 'id_reused', detail, value: JSON.stringify(other.data) }],
      { name: 'a', messages: 1, units: 1 },
    ]);
  });

  it('is reported to the caller over HTTP and not dead-lettered', async () => {
    const { outcomes } = await deliver(fromHttp(message, true), fromHttp(other, true));

    expect([outcomes.at(-1), deadLetterRows()]).toEqual([{ kind: 'id_reused', message: other }, []]);
  });

  it('is a duplicate when only its time differs', async () => {
    const handled = await deliver(fromLog(message), fromLog({ ...message, time: '2027-01-01T00:00:00.000Z' }));

    expect(kinds(handled)).toEqual(['handled', 'duplicate']);
  });
});

describe('a message that cannot be handled', () => {
  it('is answered when it came over HTTP', async () => {
    const { outcomes } = await deliver(fromHttp(count('a', 1, 'refuse')), fromHttp(count('a', 1, 'throw')));

    expect([outcomes, deadLetterRows()]).toEqual([
      [
        { kind: 'refused', message: count('a', 1, 'refuse'), code: 'told_to', detail: 'the probe was told to refuse' },
        { kind: 'failed', message: count('a', 1, 'throw'), error: new Error('the probe was told to fail on a') },
      ],
      [],
    ]);
  });

  it('is dead-lettered whole and once when it is refused and came from a topic', async () => {
    for (let time = 0; time < 2; time++) await deliver(fromLog(count('a', 1, 'refuse'), 1));

    const detail = 'told_to: the probe was told to refuse';
    const value = '{"productId":"a","quantity":1,"name":"refuse"}';
    expect(deadLetterRows()).toEqual([{ topic: 'probe-commands', position: 1, code: 'refused', detail, value }]);
  });

  it('leaves nothing behind when it fails halfway through its writes', async () => {
    const strayed = { ...probe, save: () => ['a', 'z'].map((name) => writeOf(name)) };

    const { outcomes, writes } = await handleBatch(strayed, store, batchOf([fromHttp(count('a', 1))], NOW_MS));

    expect([outcomes, writes]).toEqual([
      [{ kind: 'failed', message: count('a', 1), error: new InvariantError('tally [z] was not named by the batch') }],
      [],
    ]);
  });
});

function writeOf(name: string) {
  return { table: tallies, row: { name, messages: 7, units: 7 } };
}
