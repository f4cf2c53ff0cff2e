import type { Migration } from '../../../shared/ports/migration.ts';

export const sqlite: readonly Migration[] = [
  {
    number: 1,
    name: 'orders',
    sql: `
  CREATE TABLE orders (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id TEXT NOT NULL UNIQUE,
    customer_id TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('placed', 'backordered', 'reserved', 'confirmed', 'rejected', 'cancelled')),
    reason_code TEXT,
    reason_detail TEXT,
    reason_product_ids TEXT CHECK (reason_product_ids IS NULL OR json_valid(reason_product_ids)),
    currency TEXT NOT NULL CHECK (length(currency) = 3),
    total_minor INTEGER NOT NULL CHECK (total_minor >= 0),
    placed_at TEXT NOT NULL,
    updated_at TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version >= 1),
    CHECK ((status IN ('rejected', 'cancelled')) = (reason_code IS NOT NULL))
  ) STRICT;
  CREATE INDEX orders_by_customer ON orders (customer_id);
  CREATE INDEX orders_by_status ON orders (status);

  CREATE TABLE order_line (
    order_id TEXT NOT NULL,
    line INTEGER NOT NULL CHECK (line >= 0),
    product_id TEXT NOT NULL,
    quantity INTEGER NOT NULL CHECK (quantity >= 1),
    price_minor INTEGER NOT NULL CHECK (price_minor >= 0),
    PRIMARY KEY (order_id, line)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE order_event (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id TEXT NOT NULL,
    message TEXT NOT NULL CHECK (json_valid(message))
  ) STRICT;
  CREATE INDEX order_event_by_order ON order_event (order_id);`,
  },
];
