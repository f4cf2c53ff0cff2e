import type { Message, OutsideMessage } from '../../core/message.ts';
import { RECEIVED_AT } from '../../core/receipt.ts';
import { compactAttributes } from './compact-message.ts';

/**
 * The outbox in a SQLite file. The store writes it and the embedded log reads it, so both share this schema.
 *
 * One writer commits at a time, so `position` is commit order; it never decreases, even when rows are removed. The
 * CloudEvents attributes are written and read as one JSON text, which costs less than one column each: of a function's own
 * message their values alone, of one from outside an object.
 */
export const OUTBOX_SQL = `
  CREATE TABLE outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    subject TEXT NOT NULL,
    attributes TEXT NOT NULL,
    data TEXT NOT NULL
  ) STRICT`;

/** The outbox with the attributes as columns, for operators and checks. */
export const OUTBOX_VIEW_SQL = `
  CREATE VIEW outbox_message AS SELECT
    position,
    topic,
    attributes ->> '$.id' AS id,
    attributes ->> '$.source' AS source,
    attributes ->> '$.type' AS type,
    attributes ->> '$.time' AS time,
    subject,
    attributes ->> '$.partitionkey' AS partitionkey,
    attributes ->> '$.correlationid' AS correlationid,
    attributes ->> '$.causationid' AS causationid,
    attributes ->> '$.schemaversion' AS schemaversion,
    attributes ->> '$.traceparent' AS traceparent,
    data
  FROM outbox`;

/** The same view where the attributes may be values without names: see `compact-message.ts`. */
export const COMPACT_VIEW_SQL = `
  DROP VIEW outbox_message;
  CREATE VIEW outbox_message AS SELECT
    position,
    topic,
    coalesce(attributes ->> '$.id', attributes ->> '$[0]') AS id,
    coalesce(attributes ->> '$.source', attributes ->> '$[1]') AS source,
    coalesce(attributes ->> '$.type', attributes ->> '$[2]') AS type,
    coalesce(attributes ->> '$.time', attributes ->> '$[3]') AS time,
    subject,
    coalesce(attributes ->> '$.partitionkey', attributes ->> '$[8]', subject) AS partitionkey,
    coalesce(attributes ->> '$.correlationid', attributes ->> '$[5]') AS correlationid,
    coalesce(attributes ->> '$.causationid', attributes ->> '$[6]') AS causationid,
    coalesce(attributes ->> '$.schemaversion', attributes ->> '$[7]') AS schemaversion,
    coalesce(attributes ->> '$.traceparent', attributes ->> '$[9]') AS traceparent,
    data
  FROM outbox`;

/**
 * The epochs of the outbox's writer, one for each start: the records of an epoch come after `from_position`. A file
 * that is restored from a copy reuses positions. A reader detects this by the epoch that it stores with
 * its position, and goes back.
 */
export const EPOCH_SQL = `
  CREATE TABLE topic_epoch (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    epoch TEXT NOT NULL,
    from_position INTEGER NOT NULL
  ) STRICT`;

/** Begins an epoch: at a start, before the first record. */
export const BEGIN_EPOCH_SQL = `
  INSERT INTO topic_epoch (epoch, from_position) VALUES
    (lower(hex(randomblob(8))), coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0))`;

/** The epoch that began last. */
export const NEWEST_EPOCH_SQL = 'SELECT epoch FROM topic_epoch ORDER BY number DESC LIMIT 1';

/** The columns to insert. */
export const OUTBOX_COLUMNS = ['topic', 'subject', 'attributes', 'data'] as const;

/** The values of {@link OUTBOX_COLUMNS}. */
export function outboxValues(topic: string, message: Message): readonly [string, string, string, string] {
  return [topic, message.subject, JSON.stringify(compactAttributes(message)), JSON.stringify(message.data)];
}

/** The same for a message from outside: as its sender wrote it, and when it was received, ISO 8601; null: not noted. */
export function receivedValues(
  topic: string,
  { data, ...attributes }: OutsideMessage,
  received: string | null,
): readonly [string, string, string, string] {
  const { [RECEIVED_AT]: _, ...claimed } = attributes as Readonly<Record<string, unknown>>;
  const noted = received === null ? claimed : { ...claimed, [RECEIVED_AT]: received };
  return [topic, attributes.subject ?? '', JSON.stringify(noted), JSON.stringify(data)];
}
