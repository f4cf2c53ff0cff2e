import type { Migration } from '../../../shared/ports/migration.ts';
import { dispatched } from './sqlite-dispatched.ts';

export const sqlite: readonly Migration[] = [
  {
    number: 1,
    name: 'orders',
    sql: `
  CREATE TABLE orders (
    sequence INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL UNIQUE,
    customer_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('placed', 'backordered', 'reserved', 'confirmed', 'rejected', 'cancelled')),
    reason_code TEXT,
    reason_detail TEXT,
    reason_product_ids TEXT,
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    lines TEXT NOT NULL,
    total_minor INTEGER NOT NULL CHECK (total_minor >= 0),
    placed_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    CHECK ((status IN ('rejected', 'cancelled')) = (reason_code IS NOT NULL))
  ) STRICT;
  CREATE INDEX orders_by_customer ON orders (customer_id);
  CREATE INDEX orders_by_status ON orders (status);

  CREATE TABLE order_fact (
    position INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL,
    at_version INTEGER NOT NULL CHECK (at_version >= 0),
    message TEXT NOT NULL
  ) STRICT;
  CREATE INDEX order_fact_by_order ON order_fact (order_id);
  CREATE INDEX outbox_by_subject ON outbox (subject);`,
  },
  {
    number: 2,
    name: 'deadlines',
    // Orders that already wait get the default deadline, so that each of them has one.
    sql: `
  ALTER TABLE orders ADD COLUMN correlation_id TEXT;
  ALTER TABLE orders ADD COLUMN dispatched_at TEXT CHECK (dispatched_at IS NULL OR status = 'confirmed');
  ALTER TABLE orders ADD COLUMN due_at TEXT
    CHECK (due_at IS NULL OR status IN ('placed', 'backordered', 'reserved'));
  CREATE INDEX orders_due ON orders (due_at) WHERE due_at IS NOT NULL;
  UPDATE orders SET due_at = strftime('%Y-%m-%dT%H:%M:%fZ', updated_at, '+15 minutes') WHERE status = 'placed';`,
  },
  {
    number: 3,
    name: 'cheaper checks',
    // The same rules. For IN with more than two values SQLite builds a table of them for each row that it checks.
    sql: `
  CREATE TABLE orders_3 (
    sequence INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL UNIQUE,
    customer_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status = 'placed' OR status = 'confirmed' OR status = 'backordered' OR status = 'reserved'
      OR status = 'rejected' OR status = 'cancelled'),
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
    dispatched_at TEXT CHECK (dispatched_at IS NULL OR status = 'confirmed'),
    due_at TEXT CHECK (due_at IS NULL OR status = 'placed' OR status = 'backordered' OR status = 'reserved'),
    CHECK ((status IN ('rejected', 'cancelled')) = (reason_code IS NOT NULL))
  ) STRICT;
  INSERT INTO orders_3 (sequence, order_id, customer_id, status, reason_code, reason_detail, reason_product_ids, currency, lines,
      total_minor, placed_at, updated_at, version, correlation_id, dispatched_at, due_at)
    SELECT sequence, order_id, customer_id, status, reason_code, reason_detail, reason_product_ids, currency, lines,
      total_minor, placed_at, updated_at, version, correlation_id, dispatched_at, due_at FROM orders;
  DROP TABLE orders;
  ALTER TABLE orders_3 RENAME TO orders;
  CREATE INDEX orders_by_customer ON orders (customer_id);
  CREATE INDEX orders_by_status ON orders (status);
  CREATE INDEX orders_due ON orders (due_at) WHERE due_at IS NOT NULL;`,
  },
  {
    number: 4,
    name: 'requested',
    sql: 'ALTER TABLE orders ADD COLUMN requested_at TEXT;',
  },
  dispatched,
];
