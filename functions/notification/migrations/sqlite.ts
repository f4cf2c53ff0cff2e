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
  {
    number: 2,
    name: 'cheaper checks',
    // The same rules. For IN with more than two values SQLite builds a table of them for each row that it checks. A
    // position is never reused, also when the newest notices are removed.
    sql: `
  CREATE TABLE notice_2 (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    notification_id TEXT NOT NULL,
    customer_id TEXT NOT NULL,
    order_id TEXT NOT NULL,
    fact TEXT NOT NULL,
    channel TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status = 'pending' OR status = 'sent' OR status = 'failed'),
    text TEXT NOT NULL,
    created_at TEXT NOT NULL,
    sent_at TEXT,
    UNIQUE (order_id, fact),
    CHECK ((status = 'sent') = (sent_at IS NOT NULL))
  ) STRICT;
  INSERT INTO notice_2 (position, notification_id, customer_id, order_id, fact, channel, status, text, created_at, sent_at)
    SELECT position, notification_id, customer_id, order_id, fact, channel, status, text, created_at, sent_at FROM notice;
  DELETE FROM sqlite_sequence WHERE name = 'notice_2';
  INSERT INTO sqlite_sequence (name, seq) SELECT 'notice_2', seq FROM sqlite_sequence WHERE name = 'notice';
  DROP TABLE notice;
  ALTER TABLE notice_2 RENAME TO notice;
  CREATE INDEX notice_by_customer ON notice (customer_id);
  CREATE INDEX notice_pending ON notice (position) WHERE status = 'pending';`,
  },
];
