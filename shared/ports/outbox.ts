import type { Message } from '../core/message.ts';

/**
 * The outbox of a SQLite file. The store writes it and the embedded log reads it, so its shape is agreed here.
 *
 * One writer commits at a time, so `position` is commit order; it never goes back, even when rows are removed.
 * Columns carry the names of the CloudEvents attributes.
 */
export const OUTBOX_SQL = `
  CREATE TABLE outbox (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    topic TEXT NOT NULL,
    id TEXT NOT NULL,
    source TEXT NOT NULL,
    type TEXT NOT NULL,
    time TEXT NOT NULL,
    subject TEXT NOT NULL,
    partitionkey TEXT NOT NULL,
    correlationid TEXT NOT NULL,
    causationid TEXT NOT NULL,
    schemaversion INTEGER NOT NULL,
    traceparent TEXT,
    data TEXT NOT NULL
  ) STRICT`;

/** The columns of an outbox row but its position, in the order of {@link outboxValues}. */
export const OUTBOX_COLUMNS = [
  'topic',
  'id',
  'source',
  'type',
  'time',
  'subject',
  'partitionkey',
  'correlationid',
  'causationid',
  'schemaversion',
  'traceparent',
  'data',
] as const;

export const OUTBOX_INSERT_SQL = `INSERT INTO outbox (${OUTBOX_COLUMNS.join(', ')}) VALUES (${OUTBOX_COLUMNS.map(() => '?').join(', ')})`;

export function outboxValues(topic: string, message: Message): readonly (string | number | null)[] {
  return [
    topic,
    message.id,
    message.source,
    message.type,
    message.time,
    message.subject,
    message.partitionkey,
    message.correlationid,
    message.causationid,
    message.schemaversion,
    message.traceparent ?? null,
    JSON.stringify(message.data),
  ];
}
