import type { Message } from '../../core/message.ts';
import { table } from '../store.ts';

/** An outbox row as {@link Store.find} reads it. */
export interface OutboxReadRow {
  readonly position?: number;
  readonly topic: string;
  readonly subject: string;
  readonly attributes: Omit<Message, 'data'>;
  readonly data: unknown;
}

/** The messages that the function has published: read-only, the runtime writes it. */
export const outbox = table<OutboxReadRow>(
  'outbox',
  { position: 'sequence', topic: 'text', subject: 'text', attributes: 'attributes', data: 'json' },
  { key: ['position'], appendOnly: true },
);

/** The same messages with their data as they are stored, for showing them: read-only. */
export type OutboxTextRow = Omit<OutboxReadRow, 'data'> & { readonly data: string };

export const outboxTexts = table<OutboxTextRow>(
  'outbox',
  { position: 'sequence', topic: 'text', subject: 'text', attributes: 'attributes', data: 'text' },
  { key: ['position'], appendOnly: true },
);

/** The same messages without their data, for looking through many: read-only. */
export type OutboxHead = Omit<OutboxReadRow, 'data'>;

export const outboxHeads = table<OutboxHead>(
  'outbox',
  { position: 'sequence', topic: 'text', subject: 'text', attributes: 'attributes' },
  { key: ['position'], appendOnly: true },
);

/** An epoch of the outbox's writer, one for each start: its records come after `fromPosition`. */
export interface TopicEpochRow {
  readonly number: number;
  readonly epoch: string;
  readonly fromPosition: number;
}

/** The epochs of the function as a writer: retention reads and removes them, the store writes them. */
export const topicEpochs = table<TopicEpochRow>(
  'topic_epoch',
  { number: 'integer', epoch: 'text', fromPosition: 'integer' },
  { key: ['number'] },
);
