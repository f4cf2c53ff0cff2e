import type { Migration } from '../../../shared/ports/migration.ts';

/**
 * The same rules in a cheaper form: for `IN` with more than two values SQLite builds a table of them for each row that
 * it checks. SQLite cannot change a CHECK, so the tables are created again.
 */
export const checks: Migration = {
  number: 4,
  name: 'cheaper checks',
  sql: `
  CREATE TABLE stock_movement_4 (
    product_id TEXT NOT NULL,
    movement INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind = 'reserved' OR kind = 'sold' OR kind = 'received' OR kind = 'released'
      OR kind = 'returned' OR kind = 'corrected'),
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    order_id TEXT,
    caused_by TEXT NOT NULL,
    at TEXT NOT NULL,
    UNIQUE (product_id, movement)
  ) STRICT;
  INSERT INTO stock_movement_4 (rowid, product_id, movement, kind, quantity, order_id, caused_by, at)
    SELECT rowid, product_id, movement, kind, quantity, order_id, caused_by, at FROM stock_movement;
  DROP TABLE stock_movement;
  ALTER TABLE stock_movement_4 RENAME TO stock_movement;

  CREATE TABLE reservation_4 (
    order_id TEXT NOT NULL PRIMARY KEY,
    status TEXT NOT NULL CHECK (status = 'held' OR status = 'sold' OR status = 'waiting' OR status = 'released'
      OR status = 'returned' OR status = 'rejected' OR status = 'refused'),
    lines TEXT NOT NULL,
    updated_at TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO reservation_4 (order_id, status, lines, updated_at) SELECT order_id, status, lines, updated_at FROM reservation;
  DROP TABLE reservation;
  ALTER TABLE reservation_4 RENAME TO reservation;`,
};
