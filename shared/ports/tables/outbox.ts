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

/** What the function has published: for reading only, the runtime writes it. */
export const outbox = table<OutboxReadRow>(
  'outbox',
  { position: 'sequence', topic: 'text', subject: 'text', attributes: 'json', data: 'json' },
  { key: ['position'], appendOnly: true },
);

/** A start of the writer of the outbox: its records lie behind `fromPosition`. */
export interface TopicEpochRow {
  readonly number: number;
  readonly epoch: string;
  readonly fromPosition: number;
}

/** The lives of the function as a writer: for reading and removing, the store writes it. */
export const topicEpochs = table<TopicEpochRow>(
  'topic_epoch',
  { number: 'integer', epoch: 'text', fromPosition: 'integer' },
  { key: ['number'] },
);
