import type { Migration } from '../../../shared/ports/migration.ts';

/** The opening balance of each product's ledger. */
export const opening: Migration = {
  number: 3,
  name: 'opening balances',
  sql: `
  CREATE TABLE stock_opening (
    product_id TEXT NOT NULL PRIMARY KEY,
    movement INTEGER NOT NULL CHECK (movement >= 1),
    received INTEGER NOT NULL CHECK (received >= 0),
    reserved INTEGER NOT NULL CHECK (reserved >= 0),
    released INTEGER NOT NULL CHECK (released >= 0),
    sold INTEGER NOT NULL CHECK (sold >= 0),
    returned INTEGER NOT NULL CHECK (returned >= 0),
    corrected INTEGER NOT NULL,
    folded_at TEXT NOT NULL,
    CHECK (received - sold + returned + corrected >= reserved - released - sold),
    CHECK (reserved - released - sold >= 0)
  ) STRICT, WITHOUT ROWID;`,
};
