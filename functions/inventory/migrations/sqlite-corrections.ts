import type { Migration } from '../../../shared/ports/migration.ts';

/**
 * Corrections of stock: movements with a sign and a reason, and their sum. SQLite cannot change a CHECK, so the tables are
 * created again.
 */
export const corrections: Migration = {
  number: 7,
  name: 'corrections of stock',
  sql: `
  ALTER TABLE stock ADD COLUMN corrected INTEGER NOT NULL DEFAULT 0 CHECK (corrected <= received);

  CREATE TABLE stock_movement_7 (
    product_id TEXT NOT NULL,
    movement INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind = 'reserved' OR kind = 'sold' OR kind = 'received' OR kind = 'released'
      OR kind = 'returned' OR kind = 'corrected'),
    quantity INTEGER NOT NULL CHECK (quantity >= 1 OR (quantity <= -1 AND kind = 'corrected')),
    order_id TEXT,
    caused_by TEXT NOT NULL,
    at TEXT NOT NULL,
    reason TEXT CHECK ((reason IS NULL) = (kind <> 'corrected')),
    UNIQUE (product_id, movement)
  ) STRICT;
  INSERT INTO stock_movement_7 (rowid, product_id, movement, kind, quantity, order_id, caused_by, at)
    SELECT rowid, product_id, movement, kind, quantity, order_id, caused_by, at FROM stock_movement;
  DROP TABLE stock_movement;
  ALTER TABLE stock_movement_7 RENAME TO stock_movement;

  CREATE TABLE stock_opening_7 (
    product_id TEXT NOT NULL PRIMARY KEY,
    movement INTEGER NOT NULL CHECK (movement >= 1),
    received INTEGER NOT NULL CHECK (received >= 0),
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    released INTEGER NOT NULL CHECK (released >= 0),
    sold INTEGER NOT NULL CHECK (sold >= 0),
    returned INTEGER NOT NULL CHECK (returned >= 0),
    corrected INTEGER NOT NULL,
    as_of TEXT NOT NULL,
    CHECK (received + corrected - sold + returned >= reserved - released - sold),
    CHECK (reserved - released - sold >= 0)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO stock_opening_7 (product_id, movement, received, reserved, released, sold, returned, corrected, as_of)
    SELECT product_id, movement, received, reserved, released, sold, returned, 0, as_of FROM stock_opening;
  DROP TABLE stock_opening;
  ALTER TABLE stock_opening_7 RENAME TO stock_opening;

  CREATE TABLE receipt_7 (
    message_id TEXT NOT NULL PRIMARY KEY,
    product_id TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity <> 0),
    level TEXT NOT NULL,
    at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO receipt_7 (message_id, product_id, quantity, level, at)
    SELECT message_id, product_id, quantity, json_set(level, '$.corrected', 0), at FROM receipt;
  DROP TABLE receipt;
  ALTER TABLE receipt_7 RENAME TO receipt;`,
};
