import type { Migration } from '../../../shared/ports/migration.ts';

/**
 * Whether an order is short of the product at its place in the queue. Until now units were set aside at every place, so
 * each counts as short, as in `stock.backordered`; the first scan of the queue corrects it.
 */
export const shortPlaces: Migration = {
  number: 6,
  name: 'places in queues that are short',
  sql: 'ALTER TABLE backorder ADD COLUMN is_short INTEGER NOT NULL DEFAULT 1 CHECK (is_short = 0 OR is_short = 1)',
};
