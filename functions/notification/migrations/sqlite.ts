import type { Migration } from '../../../shared/ports/migration.ts';

export const sqlite: readonly Migration[] = [
  {
    number: 1,
    name: 'notices',
    sql: `
  CREATE TABLE notice (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    notification_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    fact TEXT NOT NULL,
    channel TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'sent', 'failed')),
    text TEXT NOT NULL,
    created_at TEXT NOT NULL,
    sent_at TEXT,
    UNIQUE (order_id, fact),
    CHECK ((status = 'sent') = (sent_at IS NOT NULL))
  ) STRICT;
  CREATE INDEX notice_by_customer ON notice (customer_id);
  CREATE INDEX notice_pending ON notice (position) WHERE status = 'pending';`,
  },
];
