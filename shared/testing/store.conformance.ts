import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CLIENT_SOURCE } from '../core/message.ts';
import type { Commit, Store } from '../ports/store.ts';
import { type DeadLetterRow, deadLetters } from '../ports/tables/retry.ts';
import { count } from './probe.ts';
import { added, changed, commitOf, notes, shelf, shelves, writesOf } from './shelf.ts';
import { outboxes, publishedBy } from './store-outbox.conformance.ts';
import { type Context, loads, reads, type StoreSubject, seen, seenRow } from './store-reads.conformance.ts';
import { retains } from './store-retention.conformance.ts';

const deadLetter: DeadLetterRow = {
  letter: 'a dead letter',
  status: 'open',
  key: null,
  code: 'failed',
  detail: 'it broke',
  fingerprint: 'print',
  attempts: 1,
  replays: 0,
  topic: 'commands',
  partition: 0,
  position: 3,
  attributes: { id: 'x' },
  value: '{}',
  diedAt: '2026-03-01T10:00:00.000Z',
  decidedAt: null,
};

/** The tests that every store passes: the guarantees of its port. */
export function storeConformance(name: string, create: () => Promise<StoreSubject>): void {
  describe(`${name}, a store`, () => {
    let subject: StoreSubject;
    let store: Store;
    beforeEach(async () => {
      subject = await create();
      store = await subject.open();
    });
    afterEach(async () => {
      await store.close();
      await subject.remove();
    });
    const context: Context = {
      store: () => store,
      commit: (parts) => store.transact({}, () => commitOf(parts)),
      published: () => publishedBy(store),
      reopen: async () => {
        await store.close();
        store = await subject.open();
      },
    };
    describe('a commit', () => commits(context));
    describe('what a batch loads', () => loads(context));
    describe('a read', () => reads(context));
    describe('the outbox', () => outboxes(context));
    describe('clear', () => clears(context));
    describe('retention', () => retains(context));
  });
}

/** Everything a store holds, as far as the port shows it. */
async function everything({ store, published }: Context) {
  return {
    shelves: (await store().find({ table: shelves, limit: 99 })).map(({ shelfId, places }) => [shelfId, places]),
    notes: (await store().find({ table: notes, orderBy: ['position'], limit: 99 })).map(({ note }) => note.text),
    positions: await store().positions(),
    deadLetters: await store().count(deadLetters),
    published: (await published()).map(({ id }) => id),
    seen: await seen(store(), seenRow('m')),
  };
}

const full: Partial<Commit> = {
  writes: [
    added(shelves, shelf('a', 3)),
    added(notes, { shelfId: 'a', note: { text: 'new' } }),
    added(deadLetters, deadLetter),
  ],
  inbox: [seenRow('m')],
  outbox: [{ topic: 'events', message: count('a', 1) }],
  positions: [{ topic: 'commands', partition: 0, position: 7 }],
};

const nothing = { shelves: [], notes: [], positions: [], deadLetters: 0, published: [], seen: undefined };

function commits(context: Context): void {
  const { store, commit } = context;

  it('stores all of its parts, also after a restart', async () => {
    await commit(full);
    await context.reopen();

    expect(await everything(context)).toEqual({
      shelves: [['a', 3]],
      notes: ['new'],
      positions: [{ topic: 'commands', partition: 0, position: 7 }],
      deadLetters: 1,
      published: [count('a', 1).id],
      seen: 'print of m',
    });
  });

  it('returns the result of the work', async () => {
    const result = { ...commitOf({}), answer: 42 };

    expect(await store().transact({}, () => result)).toBe(result);
  });

  it('stores nothing when the work throws, and rejects with its error', async () => {
    const bug = new Error('a bug');

    const outcome = store().transact({}, () => {
      throw bug;
    });

    await expect(outcome).rejects.toBe(bug);
    expect(await everything(context)).toEqual(nothing);
  });

  it('stores nothing when one row violates the schema', async () => {
    const outcome = commit({ ...full, writes: [...(full.writes ?? []), added(shelves, shelf('b', -1))] });

    await expect(outcome).rejects.toThrow(/CHECK/i);
    expect(await everything(context)).toEqual(nothing);
  });

  it('stores nothing when a message enters the inbox a second time', async () => {
    await commit({ inbox: [seenRow('m')] });

    await expect(commit({ ...full, writes: [] })).rejects.toThrow();
    expect(await everything(context)).toEqual({ ...nothing, seen: 'print of m' });
  });

  it('succeeds after one that failed', async () => {
    await expect(store().transact({}, () => writesOf(shelf('a', -1)))).rejects.toThrow();
    await store().transact({}, () => writesOf(shelf('a', 1)));

    expect((await everything(context)).shelves).toEqual([['a', 1]]);
  });

  it('changes a stored row and keeps its sequence', async () => {
    await commit(writesOf(shelf('a', 1), shelf('b', 1)));
    await commit({ writes: [changed(shelves, shelf('a', 1), shelf('a', 5, { room: 'attic' }))] });

    const rows = await store().find({ table: shelves, limit: 9 });
    expect(rows.map(({ shelfId, room, places }) => [shelfId, room, places])).toEqual([
      ['a', 'attic', 5],
      ['b', 'hall', 1],
    ]);
    expect((rows[0]?.sequence ?? 0) < (rows[1]?.sequence ?? 0)).toBe(true);
  });

  it('writes only what differs from the stored row', async () => {
    await commit(writesOf(shelf('a', 1, { labels: ['old'] })));
    const [stored] = await store().find({ table: shelves, limit: 1 });
    await commit({ writes: [changed(shelves, shelf('a', 1), shelf('a', 2, { labels: ['old'] }))] });
    await commit({ writes: [changed(shelves, shelf('a', 1), shelf('a', 1, { room: 'attic', labels: null }))] });

    const [row] = await store().find({ table: shelves, limit: 1 });
    expect(row).toEqual({ ...stored, places: 2, room: 'attic' });
  });

  it('writes nothing for a row that does not differ', async () => {
    await commit(writesOf(shelf('a', 1)));
    await commit({ writes: [changed(shelves, shelf('a', 7), shelf('a', 7))] });

    expect((await everything(context)).shelves).toEqual([['a', 1]]);
  });

  it('changes many rows in the same way, and no other row', async () => {
    const all = Array.from({ length: 50 }, (_, index) => shelf(`shelf ${String(index).padStart(2, '0')}`, index));
    await commit(writesOf(...all));
    await commit({ writes: all.slice(3, 47).map((row) => changed(shelves, row, { ...row, places: 100 })) });

    expect((await everything(context)).shelves).toEqual(
      all.map(({ shelfId, places }, index) => [shelfId, index < 3 || index >= 47 ? places : 100]),
    );
  });

  it('stores nothing when one of several rows with the same change violates the schema', async () => {
    await commit(writesOf(shelf('a', 1), shelf('b', 2), shelf('c', 3)));
    const empty = ['a', 'b', 'c'].map((id, index) => changed(shelves, shelf(id, index + 1), shelf(id, -1)));

    await expect(commit({ writes: [added(notes, { shelfId: 'a', note: { text: 'new' } }), ...empty] })).rejects.toThrow(
      /CHECK/i,
    );
    const { shelves: stored, notes: ledger } = await everything(context);
    expect([stored.map(([, places]) => places), ledger]).toEqual([[1, 2, 3], []]);
  });

  it('stores nothing when a row added as new exists already', async () => {
    await commit(writesOf(shelf('a', 1)));

    await expect(commit({ ...writesOf(shelf('b', 1), shelf('a', 2)) })).rejects.toThrow();
    expect((await everything(context)).shelves).toEqual([['a', 1]]);
  });

  it('adds a row to a ledger each time', async () => {
    const write = added(notes, { shelfId: 'a', note: { text: 'again' } });
    await commit({ writes: [write, write] });
    await commit({ writes: [write] });

    const rows = await store().find({ table: notes, orderBy: ['position'], limit: 9 });
    expect([rows.map(({ note }) => note.text), new Set(rows.map(({ position }) => position)).size]).toEqual([
      ['again', 'again', 'again'],
      3,
    ]);
  });

  it('adds any number of rows in their order', async () => {
    const texts = Array.from({ length: 31 }, (_, index) => `note ${index}`);
    const batches = [texts.slice(0, 1), texts.slice(1, 4), texts.slice(4, 11), texts.slice(11)];
    for (const batch of batches) {
      await commit({ writes: batch.map((text) => added(notes, { shelfId: 'a', note: { text } })) });
    }

    expect((await everything(context)).notes).toEqual(texts);
  });

  it('stores nothing when the last of many rows violates the schema', async () => {
    const many = Array.from({ length: 15 }, (_, index) => shelf(`shelf ${index}`, index));

    await expect(commit({ ...writesOf(...many, shelf('last', -1)) })).rejects.toThrow(/CHECK/i);
    expect(await everything(context)).toEqual(nothing);
  });

  it('moves the position of each lane on its own, with its proof', async () => {
    const at = (topic: string, partition: number, position: number) => ({ topic, partition, position });
    await commit({ positions: [{ ...at('one', 0, 1), proof: 'm' }, at('two', 0, 2), at('two', 1, 3)] });
    await commit({ positions: [at('two', 1, 9)] });

    expect(new Set(await store().positions())).toEqual(
      new Set([{ ...at('one', 0, 1), proof: 'm' }, at('two', 0, 2), at('two', 1, 9)]),
    );
  });
}

function clears(context: Context): void {
  const { store, commit, published } = context;

  it('removes everything and moves the positions', async () => {
    await commit(full);
    const positions = [{ topic: 'commands', partition: 0, position: 20 }];

    await store().clear(positions);

    expect(await everything(context)).toEqual({ ...nothing, positions, seen: 'print of m' });
  });

  it('forgets the idempotency keys of clients, and retains the inbox of topics', async () => {
    await commit({ inbox: [seenRow('key', CLIENT_SOURCE), seenRow('m')] });

    await store().clear([]);

    const queried = [seenRow('key', CLIENT_SOURCE), seenRow('m')];
    expect(await Promise.all(queried.map((row) => seen(store(), row)))).toEqual([undefined, 'print of m']);
  });

  it('never reuses a position of the outbox', async () => {
    await commit({ outbox: [{ topic: 'events', message: count('a', 1) }] });
    const [before] = await published();

    await store().clear([]);
    await commit({ outbox: [{ topic: 'events', message: count('a', 2) }] });

    const [after] = await published();
    expect((after?.position ?? 0) > (before?.position ?? 0)).toBe(true);
  });

  it('leaves a store that works', async () => {
    await commit(full);
    await store().clear([]);
    await store().check();
    await commit({ ...full, inbox: [] });

    expect((await everything(context)).shelves).toEqual([['a', 3]]);
  });
}
