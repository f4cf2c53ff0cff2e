import type { Message } from '../core/message.ts';
import { table } from './store.ts';

/**
 * The outbox of a SQLite file. The store writes it and the embedded log reads it, so its shape is agreed here.
 *
 * One writer commits at a time, so `position` is commit order; it never goes back, even when rows are removed. The
 * CloudEvents attributes are written and read as one JSON text, which costs less than a column for each.
 */
export const OUTBOX_SQL = `
  CREATE TABLE outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    subject TEXT NOT NULL,
    attributes TEXT NOT NULL,
    data TEXT NOT NULL
  ) STRICT`;

/** The outbox with the attributes as columns, for people and checks. */
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

/** The columns that are written. */
export const OUTBOX_COLUMNS = ['topic', 'subject', 'attributes', 'data'] as const;

/** The values of {@link OUTBOX_COLUMNS}. */
export function outboxValues(topic: string, message: Message): readonly [string, string, string, string] {
  const { id, source, type, time, subject, partitionkey, correlationid, causationid, schemaversion } = message;
  const { traceparent, data } = message;
  const attributes = {
    specversion: '1.0',
    id,
    source,
    type,
    time,
    subject,
    datacontenttype: 'application/json',
    partitionkey,
    correlationid,
    causationid,
    schemaversion,
    traceparent,
  };
  return [topic, subject, JSON.stringify(attributes), JSON.stringify(data)];
}

/** An outbox row as {@link Store.find} reads it. */
export interface OutboxReadRow {
  readonly position?: number;
  readonly topic: string;
  readonly subject: string;
  readonly attributes: Omit<Message, 'data'>;
  readonly data: unknown;
}

/** What the function has published: for reading only, the runtime writes it. */
export const outbox = table<OutboxReadRow>(
  'outbox',
  { position: 'sequence', topic: 'text', subject: 'text', attributes: 'json', data: 'json' },
  { key: ['position'], appendOnly: true },
);
