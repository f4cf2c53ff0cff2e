import { beforeEach, expect, it } from 'vitest';
import type { Commit, InboxRow, Need, Store } from '../ports/store.ts';
import { added, books, commitOf, needOf, notes, type Shelf, shelf, shelfHeads, shelves, writesOf } from './shelf.ts';

/** The data of one function, for one test. It has the tables and the schema of `shelf.ts`. */
export interface StoreSubject {
  /** Opens it; the first time it is new and empty. */
  open(): Promise<Store>;
  remove(): Promise<void>;
}

/** A store under test. */
export interface Context {
  store(): Store;
  commit(parts: Partial<Commit>): Promise<Commit>;
  /** The outbox, in the order of its positions. */
  published(): Promise<readonly { readonly position: number; readonly id: string }[]>;
  reopen(): Promise<void>;
}

export function seenRow(id: string, source = '/tests'): InboxRow {
  return { source, id, fingerprint: `print of ${id}`, seenDay: 20_000 };
}

/** The fingerprint that the store has for this message. */
export async function seen(store: Store, row: InboxRow): Promise<string | undefined> {
  let fingerprint: string | undefined;
  await store.transact({ inbox: [row] }, (loaded) => {
    fingerprint = loaded.seen(row);
    return commitOf({});
  });
  return fingerprint;
}

/** How a store loads the rows and the inbox that a batch names. */
export function loads({ store, commit, reopen }: Context): void {
  async function load(...needs: readonly Need[]): Promise<readonly (readonly object[])[]> {
    let found: readonly (readonly object[])[] = [];
    await store().transact({ needs }, (loaded) => {
      found = needs.map((need) => loaded.rows(need));
      return commitOf({});
    });
    return found;
  }

  it('is a row by its key, with JSON and null as they were written', async () => {
    await commit(writesOf(shelf('a', 3, { labels: ['x', '"'] }), shelf('b', 0)));

    expect(await load(needOf('a'), needOf('b'), needOf('c'))).toEqual([
      [{ ...shelf('a', 3, { labels: ['x', '"'] }), sequence: 1 }],
      [{ ...shelf('b', 0), sequence: 2 }],
      [],
    ]);
  });

  it('is a group of rows in the order of the key', async () => {
    const book = (shelfId: string, place: number) => added(books, { shelfId, place, title: `book ${place}` });
    await commit(writesOf(shelf('a', 20), shelf('b', 20)));
    await commit({ writes: [book('a', 10), book('a', 2), book('b', 1)] });

    const [rows] = await load({ table: books, values: ['a'] });
    expect(rows).toEqual([book('a', 2).row, book('a', 10).row]);
  });

  it('is a ledger in the order in which it was written', async () => {
    const write = (text: string) => added(notes, { shelfId: 'a', note: { text } });
    await commit({ writes: [write('first'), write('second')] });

    const [rows] = await load({ table: notes, values: ['a'] });
    expect(rows).toMatchObject([{ note: { text: 'first' } }, { note: { text: 'second' } }]);
  });

  it.each([
    ['increase', ['a', 'b', 'c']],
    ['decrease', ['c', 'b', 'a']],
    ['use several alphabets', ['z', 'é', '\u{1f600}', '\uffff', 'a']],
  ])('has the handled messages whose ids %s, and no others', async (_, ids) => {
    const unknown = ['', '0', 'aa', 'b0', 'zz', 'è', '\u{1f601}', '\ufffe'];
    for (const id of ids) {
      await commit({ inbox: [seenRow(id)] });
      expect(await Promise.all(unknown.map((other) => seen(store(), seenRow(other))))).toEqual(
        unknown.map(() => undefined),
      );
    }
    const known = () => Promise.all(ids.map((id) => seen(store(), seenRow(id))));
    const before = await known();
    await reopen();

    expect([before, await known()]).toEqual([ids.map((id) => `print of ${id}`), ids.map((id) => `print of ${id}`)]);
    await commit({ inbox: [seenRow('\u{10ffff}')] });
    expect(await seen(store(), seenRow('\u{10ffff}'))).toBe('print of \u{10ffff}');
  });

  it('has the handled messages of any number of sources', async () => {
    const rows = Array.from({ length: 40 }, (_, number) => seenRow('m', `/source ${number}`));
    for (const row of rows) expect(await seen(store(), row)).toBeUndefined();
    await commit({ inbox: rows });

    expect(await Promise.all(rows.map((row) => seen(store(), row)))).toEqual(rows.map(() => 'print of m'));
  });

  it('has how far each of its lanes was read', async () => {
    const at = (partition: number, position: number) => ({ topic: 'commands', partition, position });
    await commit({ positions: [at(0, 7), { ...at(1, 3), epoch: 'e', proof: 'p' }] });
    const places = [0, 1, 2].map((partition) => ({ topic: 'commands', partition }));
    let found: readonly unknown[] = [];
    await store().transact({ places }, (loaded) => {
      found = places.map((place) => loaded.position(place));
      return commitOf({});
    });

    expect(found).toEqual([at(0, 7), { ...at(1, 3), epoch: 'e', proof: 'p' }, null]);
  });

  it('has a handled message by its source and id', async () => {
    await commit({ inbox: [seenRow('m')] });

    const queried = [seenRow('m'), seenRow('m', '/elsewhere'), seenRow('n')];
    expect(await Promise.all(queried.map((row) => seen(store(), row)))).toEqual(['print of m', undefined, undefined]);
  });
}

/** How a store answers queries. */
export function reads({ store, commit }: Context): void {
  const rows: readonly Shelf[] = [
    shelf('a', 3),
    shelf('b', 1, { room: 'attic' }),
    shelf('c', 3, { room: 'attic', labels: ['old'] }),
    shelf('d', 2, { room: 'attic' }),
  ];
  beforeEach(() => commit(writesOf(...rows)));

  const ids = (found: readonly Shelf[]) => found.map(({ shelfId }) => shelfId).join('');
  const cases = {
    'returns all rows by their key': [{ limit: 9 }, 'abcd'],
    'returns at most the limit': [{ limit: 2 }, 'ab'],
    'begins after a key': [{ after: ['b'], limit: 9 }, 'cd'],
    'begins after a key that does not exist': [{ after: ['bb'], limit: 9 }, 'cd'],
    'returns the rows equal to a condition': [{ where: { room: 'attic' }, limit: 9 }, 'bcd'],
    'returns the rows equal to a fixed condition': [{ fixed: { room: 'attic' }, limit: 9 }, 'bcd'],
    'distinguishes fixed values': [{ fixed: { room: 'hall' }, limit: 9 }, 'a'],
    'escapes fixed values': [{ fixed: { room: "o'clock" }, limit: 9 }, ''],
    'combines fixed conditions and others': [
      { fixed: { room: 'attic', places: 3 }, where: { shelfId: 'c' }, limit: 9 },
      'c',
    ],
    'combines conditions': [{ where: { room: 'attic', places: 3 }, limit: 9 }, 'c'],
    'reads in descending order': [{ descending: true, limit: 9 }, 'dcba'],
    'reads in descending order after a key': [{ descending: true, after: ['c'], limit: 9 }, 'ba'],
    'sorts by other columns': [{ orderBy: ['places', 'shelfId'], limit: 9 }, 'bdac'],
    'begins after values of several columns': [
      { orderBy: ['places', 'shelfId'], after: [3, 'a'], where: { room: 'attic' }, limit: 9 },
      'c',
    ],
    'sorts by the sequence': [{ orderBy: ['sequence'], descending: true, limit: 2 }, 'dc'],
    'returns nothing where no row is equal': [{ where: { room: 'cellar' }, limit: 9 }, ''],
  } as const;

  it.each(Object.entries(cases))('%s', async (_, [query, expected]) => {
    expect(ids(await store().find({ table: shelves, ...query }))).toBe(expected);
  });

  it('counts all rows, those equal to a condition, and those equal to a fixed condition as well', async () => {
    const counts = [
      store().count(shelves),
      store().count(shelves, { room: 'attic' }),
      store().count(shelves, {}, { room: 'attic' }),
      store().count(shelves, { places: 3 }, { room: 'attic' }),
    ];

    expect(await Promise.all(counts)).toEqual([4, 3, 3, 1]);
  });

  it('returns JSON as a value', async () => {
    const [found] = await store().find({ table: shelves, where: { shelfId: 'c' }, limit: 1 });
    expect(found?.labels).toEqual(['old']);
  });

  it('returns some columns of rows that it also returned whole, and the other way round', async () => {
    const readBoth = async () => {
      const query = { where: { shelfId: 'c' }, limit: 1 };
      return [await store().find({ table: shelves, ...query }), await store().find({ table: shelfHeads, ...query })];
    };
    const expected = [
      [{ ...shelf('c', 3, { room: 'attic', labels: ['old'] }), sequence: 3 }],
      [{ shelfId: 'c', places: 3 }],
    ];

    expect([await readBoth(), await readBoth()]).toEqual([expected, expected]);
  });
}
