import type { ReadMark } from '../../core/read-marks.ts';
import { type Lane, table } from '../store.ts';

/** A handled message, as retention reads and removes it; the runtime writes it with the commit. */
export interface InboxReadRow {
  readonly consumer: string;
  readonly source: string;
  readonly id: string;
  readonly fingerprint: string;
  /** Days since 1970. */
  readonly seenDay: number;
}

export const inbox = table<InboxReadRow>(
  'inbox',
  { consumer: 'text', source: 'text', id: 'text', fingerprint: 'text', seenDay: 'integer' },
  { key: ['consumer', 'source', 'id'], loadBy: 1 },
);

/** How far the function has read its topics: read-only, the store writes it with the commit. */
/** A stored position: the text is empty where the log has no epochs. */
export type StoredPosition = Lane & { readonly position: number; readonly epoch: string };

export const readPositions = table<StoredPosition>(
  'position',
  { topic: 'text', partition: 'integer', position: 'integer', epoch: 'text' },
  { key: ['topic', 'partition'], loadBy: 1 },
);

/**
 * For each epoch of a topic's writer, the position up to which all records were handled, whatever the reader's position
 * is now. A record at or below it that is delivered again is a duplicate, even where its inbox row was pruned. The
 * store adds a watermark when a position is set back, removed or moves to another epoch. Where a relay sends the messages,
 * positions are those of the outbox, and the epoch names the number of partitions as well.
 */
export const inboxWatermarks = table<StoredPosition>(
  'inbox_fold',
  { topic: 'text', partition: 'integer', epoch: 'text', position: 'integer' },
  { key: ['topic', 'partition', 'epoch'], loadBy: 1 },
);

export type ReadMarkRow = Lane & ReadMark;

/** How far each lane was read on each day, where relays send what outboxes have; older rows have become watermarks. */
export const readMarks = table<ReadMarkRow>(
  'read_mark',
  {
    topic: 'text',
    partition: 'integer',
    lanes: 'integer',
    epoch: 'text',
    day: 'integer',
    position: 'integer',
    token: 'integer',
  },
  { key: ['topic', 'partition', 'lanes', 'epoch', 'day'], loadBy: 2 },
);
