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
  {
    number: 3,
    name: 'notices that are tried again',
    sql: `
  ALTER TABLE notice ADD COLUMN refusals INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE notice ADD COLUMN refused_at TEXT;
  ALTER TABLE notice ADD COLUMN due_at TEXT
    CHECK (iif(status = 'pending', refusals = 0 OR due_at IS NOT NULL, due_at IS NULL));
  ALTER TABLE notice ADD COLUMN last_error TEXT CHECK (status <> 'failed' OR last_error IS NOT NULL);
  CREATE INDEX notice_due ON notice (due_at) WHERE due_at IS NOT NULL;
  CREATE INDEX notice_failed ON notice (position) WHERE status = 'failed';
  CREATE TABLE notice_resend (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    order_id TEXT NOT NULL,
    fact TEXT NOT NULL,
    notification_id TEXT NOT NULL,
    who TEXT NOT NULL,
    at TEXT NOT NULL,
    reason TEXT NOT NULL,
    refusals INTEGER NOT NULL,
    last_error TEXT
  ) STRICT;
  CREATE INDEX notice_resend_by_notice ON notice_resend (order_id, fact);`,
  },
  {
    number: 4,
    name: 'positions of the stream that can be told apart',
    // An epoch of the stream begins with each start of the writer, before its first notice, and when all data are removed:
    // triggers, so that no start and no removal goes without. A position is never reused, but for a file that was restored.
    sql: `
  CREATE TABLE stream_epoch (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch TEXT NOT NULL UNIQUE,
    from_position INTEGER NOT NULL,
    began_at TEXT NOT NULL
  ) STRICT;
  INSERT INTO stream_epoch (epoch, from_position, began_at) VALUES (lower(hex(randomblob(8))),
    coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'notice'), 0), strftime('%Y-%m-%dT%H:%M:%fZ'));
  CREATE TRIGGER stream_epoch_begins AFTER INSERT ON topic_epoch
  BEGIN
    INSERT INTO stream_epoch (epoch, from_position, began_at) VALUES (new.epoch,
      coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'notice'), 0), strftime('%Y-%m-%dT%H:%M:%fZ'));
  END;
  CREATE TRIGGER stream_epoch_removed AFTER DELETE ON stream_epoch
    WHEN NOT EXISTS (SELECT 1 FROM stream_epoch)
  BEGIN
    INSERT INTO stream_epoch (epoch, from_position, began_at)
      VALUES (lower(hex(randomblob(8))), 0, strftime('%Y-%m-%dT%H:%M:%fZ'));
  END;
  CREATE TABLE notice_removed (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    position INTEGER NOT NULL
  ) STRICT;
  CREATE TRIGGER notice_is_removed AFTER DELETE ON notice
  BEGIN
    INSERT INTO notice_removed (id, position) VALUES (1, old.position)
      ON CONFLICT DO UPDATE SET position = max(position, excluded.position);
  END;`,
  },
];
