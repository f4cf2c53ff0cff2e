import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import type { Position } from '../../ports/store.ts';
import { batchOf, fromTopic } from '../../testing/batches.ts';
import { count, probe, tallies } from '../../testing/probe.ts';
import { commitOf } from '../../testing/shelf.ts';
import type { StoreFunction } from '../function.ts';
import { type Handled, handleBatch } from './handle-batch.ts';
import { type Incoming, unitOf } from './incoming.ts';

const NOW_MS = Date.parse('2026-03-01T10:00:00.000Z');
const topic = 'probe-commands';
const fn = probe as unknown as StoreFunction;

let store: SqliteStore;
beforeEach(() => {
  const { name, tables, migrations } = probe;
  store = SqliteStore.open({ name, file: ':memory:', tables, migrations: migrations.sqlite });
});
afterEach(() => store.close());

function severalInstances(): void {
  Object.assign(store, { features: { ...store.features, severalInstances: true } });
}

/** Another instance has read the lane up to there. Without an inbox row, only the position can tell. */
async function readUpTo(position: number, rest: Partial<Position> = {}): Promise<void> {
  await store.transact({}, () => commitOf({ positions: [{ topic, partition: 0, position, ...rest }] }));
}

function handle(...positions: readonly number[]): Promise<Handled> {
  const incoming = positions.map((position) => fromTopic(topic, position, count(`at-${position}`, 1)));
  return handleBatch(fn, store, batchOf(incoming, NOW_MS));
}

async function handled(): Promise<readonly string[]> {
  return (await store.find({ table: tallies, orderBy: ['name'], limit: 99 })).map(({ name }) => name);
}

describe('a record up to which another instance has read its lane', () => {
  it('is passed, and those behind it are handled', async () => {
    severalInstances();
    await readUpTo(5);
    const { positions } = await handle(4, 5, 6);

    expect([await handled(), positions]).toEqual([['at-6'], [{ topic, partition: 0, position: 6 }]]);
  });

  it('leaves the position where the other has set it, so that this one goes on behind it', async () => {
    severalInstances();
    await readUpTo(5);
    const { positions } = await handle(3, 4);

    const read = [{ topic, partition: 0, position: 5 }];
    expect([await handled(), positions, await store.positions()]).toEqual([[], read, read]);
  });

  it.each([
    ['in another epoch', { epoch: 'former' }],
    ['in another lane', { partition: 1 }],
  ])('is handled where the other has read so far %s', async (_, rest) => {
    severalInstances();
    await readUpTo(5, rest);
    await handle(4);

    expect(await handled()).toEqual(['at-4']);
  });

  it('is not looked for where one instance writes: its log goes back on purpose', async () => {
    await readUpTo(5);
    await handle(4);

    expect(await handled()).toEqual(['at-4']);
  });
});

describe('a batch', () => {
  it('names the keys of its messages and the lanes of its records', () => {
    const record = fromTopic(topic, 3, count('b', 1));
    const message = count('a', 1);
    const parkedRow = { key: 'c', number: 0, topic, partition: 0, position: 1, attributes: {}, value: '' };
    const incoming: readonly Incoming[] = [
      { from: 'command', message, deduplicate: true },
      record,
      fromTopic(topic, 4, count('b', 1)),
      { from: 'parked', row: parkedRow, letter: null, parsed: { kind: 'skipped' } },
      { from: 'timer', timer: { table: tallies as never, column: 'name', message: () => message }, row: {}, message },
    ];
    const { keys, places } = unitOf(fn, incoming);

    expect([new Set(keys), places]).toEqual([new Set(['a', 'b', 'c']), [{ topic, partition: 0 }]]);
  });
});
