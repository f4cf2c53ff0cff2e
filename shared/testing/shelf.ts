import type { Migration } from '../ports/migration.ts';
import { type Commit, type Need, type StoredWrite, type Table, table } from '../ports/store.ts';

/** Tables that use every feature of the port, for the conformance suite of stores. */
export interface Shelf {
  readonly shelfId: string;
  readonly room: string;
  readonly places: number;
  readonly labels: readonly string[] | null;
  /** Assigned by the store. */
  readonly sequence?: number;
}

export interface ShelfBook {
  readonly shelfId: string;
  readonly place: number;
  readonly title: string;
}

export interface ShelfNote {
  readonly shelfId: string;
  readonly position?: number;
  readonly note: { readonly text: string };
}

export const shelves = table<Shelf>(
  'shelf',
  { shelfId: 'text', room: 'text', places: 'integer', labels: 'json', sequence: 'sequence' },
  { key: ['shelfId'] },
);

/** The same rows with some of their columns: read-only. */
export const shelfHeads = table<Pick<Shelf, 'shelfId' | 'places'>>(
  'shelf',
  { shelfId: 'text', places: 'integer' },
  { key: ['shelfId'] },
);

export const books = table<ShelfBook>(
  'shelf_book',
  { shelfId: 'text', place: 'integer', title: 'text' },
  { key: ['shelfId', 'place'], loadBy: 1 },
);

export const notes = table<ShelfNote>(
  'shelf_note',
  { shelfId: 'text', position: 'sequence', note: 'json' },
  { key: ['shelfId', 'position'], loadBy: 1, appendOnly: true },
);

export const shelfTables = [shelves, books, notes, shelfHeads];

/** The schema; it refuses a negative `places`. */
export const shelfMigrations: { readonly sqlite: readonly Migration[] } = {
  sqlite: [
    {
      number: 1,
      name: 'shelf',
      sql: `
  CREATE TABLE shelf (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    shelf_id TEXT NOT NULL UNIQUE,
    room TEXT NOT NULL,
    places INTEGER NOT NULL CHECK (places >= 0),
    labels TEXT
  ) STRICT;
  CREATE TABLE shelf_book (
    shelf_id TEXT NOT NULL REFERENCES shelf (shelf_id),
    place INTEGER NOT NULL,
    title TEXT NOT NULL,
    PRIMARY KEY (shelf_id, place)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE shelf_note (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    shelf_id TEXT NOT NULL,
    note TEXT NOT NULL
  ) STRICT;`,
    },
  ],
};

export function shelf(shelfId: string, places: number, rest: Partial<Shelf> = {}): Shelf {
  return { shelfId, room: 'hall', places, labels: null, ...rest };
}

/** A commit of these parts and nothing else. */
export function commitOf(parts: Partial<Commit>): Commit {
  return { writes: [], inbox: [], outbox: [], positions: [], ...parts };
}

/** A write of a new row. */
export function added<Row extends object>(table: Table<Row>, row: Row): StoredWrite {
  return { table: table as Table, row, stored: null };
}

/** A write of a row that is stored as `stored`. */
export function changed<Row extends object>(table: Table<Row>, stored: Row, row: Row): StoredWrite {
  return { table: table as Table, row, stored };
}

export function writesOf(...rows: readonly Shelf[]): Commit {
  return commitOf({ writes: rows.map((row) => added(shelves, row)) });
}

export function needOf(shelfId: string): Need {
  return { table: shelves, values: [shelfId] };
}
