import type { Migration } from '../../../ports/migration.ts';
import { COMPACT_VIEW_SQL, EPOCH_SQL, OUTBOX_SQL, OUTBOX_VIEW_SQL } from '../outbox-schema.ts';

/** The tables that every function has. */
export const runtimeMigrations: readonly Migration[] = [
  {
    number: 1,
    name: 'runtime',
    sql: `
  CREATE TABLE inbox (
    consumer TEXT NOT NULL,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    PRIMARY KEY (consumer, source, id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE position (
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (topic, partition)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE dead_letter (
    letter INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    position INTEGER NOT NULL,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    attributes TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (topic, partition, position)
  ) STRICT;
${OUTBOX_SQL};
${OUTBOX_VIEW_SQL};`,
  },
  {
    number: 2,
    name: 'retries',
    sql: `
  CREATE TABLE parked_key (
    key TEXT NOT NULL PRIMARY KEY,
    head INTEGER NOT NULL,
    tail INTEGER NOT NULL CHECK (tail >= head),
    attempt INTEGER NOT NULL CHECK (attempt >= 0),
    attempted_at TEXT NOT NULL,
    due_at TEXT,
    letter TEXT,
    detail TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    since TEXT NOT NULL,
    CHECK (due_at IS NOT NULL OR letter IS NOT NULL)
  ) STRICT;
  CREATE INDEX parked_key_due ON parked_key (due_at) WHERE due_at IS NOT NULL;

  CREATE TABLE parked (
    key TEXT NOT NULL,
    number INTEGER NOT NULL,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    position INTEGER NOT NULL,
    attributes TEXT NOT NULL,
    value TEXT NOT NULL,
    UNIQUE (key, number)
  ) STRICT;

  ALTER TABLE dead_letter RENAME TO dead_letter_1;
  CREATE TABLE dead_letter (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    letter TEXT NOT NULL UNIQUE,
    status TEXT NOT NULL CHECK (status IN ('open', 'replaying', 'replayed', 'edited', 'discarded', 'compensated')),
    key TEXT,
    code TEXT NOT NULL,
    detail TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    attempts INTEGER NOT NULL CHECK (attempts >= 0),
    replays INTEGER NOT NULL CHECK (replays >= 0),
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    position INTEGER NOT NULL,
    attributes TEXT NOT NULL,
    value TEXT NOT NULL,
    died_at TEXT NOT NULL,
    decided_at TEXT
  ) STRICT;
  INSERT INTO dead_letter (letter, status, key, code, detail, fingerprint, attempts, replays, topic, partition, position,
      attributes, value, died_at)
    SELECT 'first-' || letter, 'open', NULL, code, detail, code, 1, 0, topic, partition, position,
      attributes, value, '1970-01-01T00:00:00.000Z' FROM dead_letter_1;
  DROP TABLE dead_letter_1;
  CREATE INDEX dead_letter_by_fingerprint ON dead_letter (fingerprint);
  CREATE INDEX dead_letter_by_status ON dead_letter (status);

  CREATE TABLE decision (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    letter TEXT NOT NULL,
    action TEXT NOT NULL,
    who TEXT NOT NULL,
    at TEXT NOT NULL,
    reason TEXT NOT NULL,
    before TEXT,
    after TEXT
  ) STRICT;
  CREATE INDEX decision_by_letter ON decision (letter);`,
  },
  {
    number: 3,
    name: 'retention',
    // Triggers store the old position when a position is set back or moves to another epoch of the topic's writer.
    sql: `
  ALTER TABLE inbox ADD COLUMN seen_day INTEGER NOT NULL DEFAULT 0;
  UPDATE inbox SET seen_day = unixepoch() / 86400;

  ALTER TABLE position ADD COLUMN epoch TEXT NOT NULL DEFAULT '';
  CREATE TABLE inbox_fold (
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (topic, partition, epoch)
  ) STRICT, WITHOUT ROWID;
  CREATE TRIGGER position_left AFTER UPDATE ON position
    WHEN new.position < old.position OR new.epoch <> old.epoch
  BEGIN
    INSERT INTO inbox_fold VALUES (old.topic, old.partition, old.epoch, old.position)
      ON CONFLICT DO UPDATE SET position = max(position, excluded.position);
  END;
  CREATE TRIGGER position_removed AFTER DELETE ON position
  BEGIN
    INSERT INTO inbox_fold VALUES (old.topic, old.partition, old.epoch, old.position)
      ON CONFLICT DO UPDATE SET position = max(position, excluded.position);
  END;
${EPOCH_SQL};`,
  },
  {
    number: 4,
    name: 'believed time',
    sql: `
  CREATE TABLE believed_time (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    believed_ms INTEGER NOT NULL,
    ahead_from_ms INTEGER,
    waited_ms INTEGER NOT NULL CHECK (waited_ms >= 0)
  ) STRICT;
  CREATE TABLE clock_behind (
    from_ms INTEGER PRIMARY KEY,
    to_ms INTEGER NOT NULL CHECK (to_ms >= from_ms),
    reached_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE topic_mark (
    topic TEXT NOT NULL,
    position INTEGER NOT NULL,
    from_ms INTEGER NOT NULL,
    until_ms INTEGER NOT NULL CHECK (until_ms >= from_ms),
    PRIMARY KEY (topic, position)
  ) STRICT, WITHOUT ROWID;`,
  },
  {
    number: 5,
    name: 'relay',
    sql: `
  ALTER TABLE position ADD COLUMN proof TEXT;
  CREATE TABLE position_elsewhere (
    log TEXT NOT NULL,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    position INTEGER NOT NULL,
    epoch TEXT NOT NULL,
    proof TEXT,
    PRIMARY KEY (log, topic, partition)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE relay (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    log TEXT NOT NULL,
    token INTEGER NOT NULL,
    position INTEGER NOT NULL CHECK (position >= 0)
  ) STRICT;
  CREATE TABLE sent (
    first_position INTEGER NOT NULL,
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    first_offset INTEGER NOT NULL,
    positions TEXT NOT NULL,
    PRIMARY KEY (first_position)
  ) STRICT;
  CREATE INDEX sent_by_place ON sent (topic, partition, first_offset);`,
  },
  {
    number: 6,
    name: 'identity',
    // Copies of the data have the same one.
    sql: `
  CREATE TABLE identity (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    owner TEXT NOT NULL
  ) STRICT;
  INSERT INTO identity VALUES (1, lower(hex(randomblob(8))));`,
  },
  {
    number: 7,
    name: 'read marks',
    sql: `
  CREATE TABLE read_mark (
    topic TEXT NOT NULL,
    partition INTEGER NOT NULL,
    lanes INTEGER NOT NULL CHECK (lanes > partition),
    epoch TEXT NOT NULL,
    day INTEGER NOT NULL,
    position INTEGER NOT NULL,
    token INTEGER NOT NULL,
    PRIMARY KEY (topic, partition, lanes, epoch, day)
  ) STRICT, WITHOUT ROWID;`,
  },
  {
    number: 8,
    name: 'compact attributes',
    // Rows of the former form stay as they are, and can be read.
    sql: `${COMPACT_VIEW_SQL};`,
  },
];
