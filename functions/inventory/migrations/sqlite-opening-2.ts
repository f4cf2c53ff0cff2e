import type { Migration } from '../../../shared/ports/migration.ts';

/** The opening balance without the unused column of corrections. SQLite cannot drop a column that a CHECK reads. */
export const openingWithoutCorrections: Migration = {
  number: 5,
  name: 'opening balances without corrections',
  sql: `
  CREATE TABLE stock_opening_5 (
    product_id TEXT NOT NULL PRIMARY KEY,
    movement INTEGER NOT NULL CHECK (movement >= 1),
    received INTEGER NOT NULL CHECK (received >= 0),
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    released INTEGER NOT NULL CHECK (released >= 0),
    sold INTEGER NOT NULL CHECK (sold >= 0),
    returned INTEGER NOT NULL CHECK (returned >= 0),
    as_of TEXT NOT NULL,
    CHECK (received - sold + returned >= reserved - released - sold),
    CHECK (reserved - released - sold >= 0)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO stock_opening_5 (product_id, movement, received, reserved, released, sold, returned, as_of)
    SELECT product_id, movement, received, reserved, released, sold, returned, folded_at FROM stock_opening;
  DROP TABLE stock_opening;
  ALTER TABLE stock_opening_5 RENAME TO stock_opening;`,
};
