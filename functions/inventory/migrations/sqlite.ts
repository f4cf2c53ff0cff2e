import type { Migration } from '../../../shared/ports/migration.ts';

export const sqlite: readonly Migration[] = [
  {
    number: 1,
    name: 'stock',
    sql: `
  CREATE TABLE stock (
    product_id TEXT NOT NULL PRIMARY KEY,
    name TEXT,
    received INTEGER NOT NULL CHECK (received >= 0),
    on_hand INTEGER NOT NULL,
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    sold INTEGER NOT NULL CHECK (sold >= 0),
    movements INTEGER NOT NULL CHECK (movements >= 0),
    CHECK (reserved <= on_hand),
    CHECK (received = on_hand + sold)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE stock_movement (
    product_id TEXT NOT NULL,
    movement INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('received', 'reserved', 'released', 'sold', 'returned', 'corrected')),
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    order_id TEXT,
    caused_by TEXT NOT NULL,
    at TEXT NOT NULL,
    UNIQUE (product_id, movement)
  ) STRICT;

  CREATE TABLE reservation (
    order_id TEXT NOT NULL PRIMARY KEY,
    status TEXT NOT NULL CHECK (status IN ('held', 'sold', 'released', 'rejected')),
    lines TEXT NOT NULL,
    updated_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE receipt (
    message_id TEXT NOT NULL PRIMARY KEY,
    product_id TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    level TEXT NOT NULL,
    at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;`,
  },
];
