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
  {
    number: 2,
    name: 'back-orders',
    // SQLite cannot change a CHECK, so the table is created again. Stored answers to receipts get the new fields, too.
    sql: `
  CREATE TABLE reservation_2 (
    order_id TEXT NOT NULL PRIMARY KEY,
    status TEXT NOT NULL
      CHECK (status IN ('held', 'waiting', 'sold', 'released', 'returned', 'rejected', 'refused')),
    lines TEXT NOT NULL,
    updated_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO reservation_2 (order_id, status, lines, updated_at) SELECT order_id, status, lines, updated_at FROM reservation;
  DROP TABLE reservation;
  ALTER TABLE reservation_2 RENAME TO reservation;

  ALTER TABLE stock ADD COLUMN when_short TEXT NOT NULL DEFAULT 'reject' CHECK (when_short IN ('reject', 'wait'));
  ALTER TABLE stock ADD COLUMN backordered INTEGER NOT NULL DEFAULT 0 CHECK (backordered >= 0);
  UPDATE receipt SET level = json_set(level, '$.whenShort', 'reject', '$.backordered', 0);

  CREATE TABLE backorder (
    place INTEGER PRIMARY KEY AUTOINCREMENT,
    product_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    correlation_id TEXT NOT NULL,
    UNIQUE (order_id, product_id)
  ) STRICT;
  CREATE INDEX backorder_by_product ON backorder (product_id, place);`,
  },
];
