import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { table } from '../../../ports/store.ts';
import { type UpdatedTable, Updates } from './bulk-update.ts';
import { tableSql } from './statements.ts';

interface Seat {
  readonly hall: string;
  readonly number: number;
  readonly guest: string | null;
  readonly rank: number;
}

const seats = table<Seat>(
  'seat',
  { hall: 'text', number: 'integer', guest: 'text', rank: 'integer' },
  { key: ['hall', 'number'] },
);

let db: Database.Database;
let seated: UpdatedTable;
beforeEach(() => {
  db = new Database(':memory:');
  db.exec(`CREATE TABLE seat (hall TEXT, number INTEGER, guest TEXT, rank INTEGER UNIQUE CHECK (rank <> 13),
    PRIMARY KEY (hall, number)) STRICT, WITHOUT ROWID`);
  const insert = db.prepare('INSERT INTO seat VALUES (?, ?, NULL, ?)');
  for (let number = 0; number < 100; number++) insert.run('left', number, -number);
  seated = { ...tableSql(seats), updates: new Map() };
});
afterEach(() => {
  db.close();
});

const seat = (number: number, rest: Partial<Seat> = {}): Seat => ({
  hall: 'left',
  number,
  guest: null,
  rank: -number,
  ...rest,
});

/** Applies these changes: for each, the number of a seat and its changed columns. */
function change(...changes: readonly (readonly [number, Partial<Seat>])[]): void {
  const updates = new Updates(db);
  for (const [number, rest] of changes) updates.add(seated, seat(number), seat(number, rest));
  updates.flush();
}

/** The seats that differ from their initial rows. */
function changed(): unknown[] {
  return db.prepare('SELECT number, guest, rank FROM seat WHERE guest IS NOT NULL OR rank <> -number').raw().all();
}

describe('updates', () => {
  it.each([1, 2, 8, 9, 32, 33, 75])('change %i rows in the same way, and no other row', (count) => {
    const numbers = Array.from({ length: count }, (_, index) => index);

    change(...numbers.map((number) => [number, { guest: 'Ada' }] as const));

    expect(changed()).toEqual(numbers.map((number) => [number, 'Ada', 0 - number]));
  });

  it('run one statement for rows with the same change, and one for each other row', () => {
    change([1, { guest: 'Ada' }], [2, { guest: 'Ada' }], [3, { guest: 'Ada' }], [4, { guest: 'Bob' }], [5, {}]);

    expect([changed(), [...seated.updates.keys()]]).toEqual([
      [1, 2, 3, 4].map((number) => [number, number < 4 ? 'Ada' : 'Bob', -number]),
      ['8 guest', '1 guest'],
    ]);
  });

  it('distinguish an empty string from null, and a number from the same text', () => {
    change([1, { guest: '' }], [2, { guest: '1' }], [3, { rank: 1 }]);

    expect(changed()).toEqual([
      [1, '', -1],
      [2, '1', -2],
      [3, null, 1],
    ]);
  });

  it('run in their order, so that a row can take a unique value that an earlier one released', () => {
    change([1, { rank: 500 }], [2, { guest: 'Ada' }], [3, { rank: -1 }], [4, { rank: -3 }]);

    expect(changed()).toEqual([
      [1, null, 500],
      [2, 'Ada', -2],
      [3, null, -1],
      [4, null, -3],
    ]);
  });

  it.each([
    ['a check constraint', { rank: 13 }, 'SQLITE_CONSTRAINT_CHECK'],
    ['a unique constraint', { rank: 99 }, 'SQLITE_CONSTRAINT_UNIQUE'],
  ])('fail with the error of the row that violates %s', (_, rest, code) => {
    expect(() => change([1, rest], [2, rest], [3, rest])).toThrow(expect.objectContaining({ code }));
  });
});
