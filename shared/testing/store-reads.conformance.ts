import { beforeEach, expect, it } from 'vitest';
import type { Commit, InboxRow, Need, Store } from '../ports/store.ts';
import { added, books, commitOf, needOf, notes, type Shelf, shelf, shelfHeads, shelves, writesOf } from './shelf.ts';

/** The data of one function, for the time of one test. It has the tables and the schema of `shelf.ts`. */
export interface StoreSubject {
  /** Opens it; at the first time it is new and empty. */
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

/** The fingerprint under which the store remembers this message. */
export async function seen(store: Store, row: InboxRow): Promise<string | undefined> {
  let fingerprint: string | undefined;
  await store.transact([], [row], (loaded) => {
    fingerprint = loaded.seen(row);
    return commitOf({});
  });
  return fingerprint;
}

/** How a store gives the rows and the inbox that a batch names. */
export function loads({ store, commit, reopen }: Context): void {
  async function load(...needs: readonly Need[]): Promise<readonly (readonly object[])[]> {
    let found: readonly (readonly object[])[] = [];
    await store().transact(needs, [], (loaded) => {
      found = needs.map((need) => loaded.rows(need));
      return commitOf({});
    });
    return found;
  }

  it('is a row by its key, JSON and null as they were', async () => {
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
    ['rise', ['a', 'b', 'c']],
    ['fall', ['c', 'b', 'a']],
    ['are not of one alphabet', ['z', 'é', '\u{1f600}', '\uffff', 'a']],
  ])('tells a message that was seen whose ids %s, and no other', async (_, ids) => {
    const missed = ['', '0', 'aa', 'b0', 'zz', 'è', '\u{1f601}', '\ufffe'];
    for (const id of ids) {
      await commit({ inbox: [seenRow(id)] });
      expect(await Promise.all(missed.map((other) => seen(store(), seenRow(other))))).toEqual(
        missed.map(() => undefined),
      );
    }
    const known = () => Promise.all(ids.map((id) => seen(store(), seenRow(id))));
    const before = await known();
    await reopen();

    expect([before, await known()]).toEqual([ids.map((id) => `print of ${id}`), ids.map((id) => `print of ${id}`)]);
    await commit({ inbox: [seenRow('\u{10ffff}')] });
    expect(await seen(store(), seenRow('\u{10ffff}'))).toBe('print of \u{10ffff}');
  });

  it('tells a message that was seen, whatever the number of sources', async () => {
    const rows = Array.from({ length: 40 }, (_, number) => seenRow('m', `/source ${number}`));
    for (const row of rows) expect(await seen(store(), row)).toBeUndefined();
    await commit({ inbox: rows });

    expect(await Promise.all(rows.map((row) => seen(store(), row)))).toEqual(rows.map(() => 'print of m'));
  });

  it('tells a message that was seen by its source and id', async () => {
    await commit({ inbox: [seenRow('m')] });

    const asked = [seenRow('m'), seenRow('m', '/elsewhere'), seenRow('n')];
    expect(await Promise.all(asked.map((row) => seen(store(), row)))).toEqual(['print of m', undefined, undefined]);
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
    'gives all rows by their key': [{ limit: 9 }, 'abcd'],
    'gives no more than the limit': [{ limit: 2 }, 'ab'],
    'begins behind a place': [{ after: ['b'], limit: 9 }, 'cd'],
    'begins behind a place that is gone': [{ after: ['bb'], limit: 9 }, 'cd'],
    'gives the rows that are equal': [{ where: { room: 'attic' }, limit: 9 }, 'bcd'],
    'gives the rows that are equal to what stands in the program': [{ fixed: { room: 'attic' }, limit: 9 }, 'bcd'],
    'tells one such value from another': [{ fixed: { room: 'hall' }, limit: 9 }, 'a'],
    'takes such a value as it is': [{ fixed: { room: "o'clock" }, limit: 9 }, ''],
    'joins fixed conditions and others': [
      { fixed: { room: 'attic', places: 3 }, where: { shelfId: 'c' }, limit: 9 },
      'c',
    ],
    'joins conditions': [{ where: { room: 'attic', places: 3 }, limit: 9 }, 'c'],
    'goes backwards': [{ descending: true, limit: 9 }, 'dcba'],
    'goes backwards from a place': [{ descending: true, after: ['c'], limit: 9 }, 'ba'],
    'sorts by other columns': [{ orderBy: ['places', 'shelfId'], limit: 9 }, 'bdac'],
    'begins behind a place of several columns': [
      { orderBy: ['places', 'shelfId'], after: [3, 'a'], where: { room: 'attic' }, limit: 9 },
      'c',
    ],
    'sorts by the sequence': [{ orderBy: ['sequence'], descending: true, limit: 2 }, 'dc'],
    'gives nothing where nothing is equal': [{ where: { room: 'cellar' }, limit: 9 }, ''],
  } as const;

  it.each(Object.entries(cases))('%s', async (_, [query, expected]) => {
    expect(ids(await store().find({ table: shelves, ...query }))).toBe(expected);
  });

  it('gives JSON as a value', async () => {
    const [found] = await store().find({ table: shelves, where: { shelfId: 'c' }, limit: 1 });
    expect(found?.labels).toEqual(['old']);
  });

  it('gives some columns of the rows that it has given whole, and the other way round', async () => {
    const look = async () => {
      const query = { where: { shelfId: 'c' }, limit: 1 };
      return [await store().find({ table: shelves, ...query }), await store().find({ table: shelfHeads, ...query })];
    };
    const expected = [
      [{ ...shelf('c', 3, { room: 'attic', labels: ['old'] }), sequence: 3 }],
      [{ shelfId: 'c', places: 3 }],
    ];

    expect([await look(), await look()]).toEqual([expected, expected]);
  });
}
