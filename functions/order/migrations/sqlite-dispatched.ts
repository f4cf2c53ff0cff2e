import type { Migration } from '../../../shared/ports/migration.ts';

/** `dispatched` becomes a status of its own. Orders that were dispatched before are `confirmed` with a time of dispatch. */
export const dispatched: Migration = {
  number: 5,
  name: 'dispatched',
  sql: `
  CREATE TABLE orders_5 (
    sequence INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL UNIQUE,
    customer_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status = 'placed' OR status = 'confirmed' OR status = 'backordered'
      OR status = 'dispatched' OR status = 'rejected' OR status = 'cancelled'),
    reason_code TEXT,
    reason_detail TEXT,
    reason_product_ids TEXT,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    lines TEXT NOT NULL,
    total_minor INTEGER NOT NULL CHECK (total_minor >= 0),
    placed_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    correlation_id TEXT,
    dispatched_at TEXT CHECK ((dispatched_at IS NULL) = (status <> 'dispatched')),
    due_at TEXT CHECK (due_at IS NULL OR status = 'placed' OR status = 'backordered'),
    requested_at TEXT,
    CHECK ((status IN ('rejected', 'cancelled')) = (reason_code IS NOT NULL))
  ) STRICT;
  INSERT INTO orders_5 (sequence, order_id, customer_id, status, reason_code, reason_detail, reason_product_ids, currency, lines,
      total_minor, placed_at, updated_at, version, correlation_id, dispatched_at, due_at, requested_at)
    SELECT sequence, order_id, customer_id, iif(dispatched_at IS NULL, status, 'dispatched'), reason_code, reason_detail,
      reason_product_ids, currency, lines, total_minor, placed_at, updated_at, version, correlation_id, dispatched_at, due_at,
      requested_at FROM orders;
  DROP TABLE orders;
  ALTER TABLE orders_5 RENAME TO orders;
  CREATE INDEX orders_by_customer ON orders (customer_id);
  CREATE INDEX orders_by_status ON orders (status);
  CREATE INDEX orders_due ON orders (due_at) WHERE due_at IS NOT NULL;`,
};
