import { type Position, table } from '../store.ts';

/** A message that was handled, as retention reads and removes it; the runtime writes it with the commit. */
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

/** Where the function has come in its topics: for reading only, the store writes it with the commit. */
export const readPositions = table<Required<Position>>(
  'position',
  { topic: 'text', partition: 'integer', position: 'integer', epoch: 'text' },
  { key: ['topic', 'partition'], loadBy: 1 },
);

/**
 * Up to which position the records of one life of a topic's writer were all dealt with, whatever the reader's position says
 * now. A record at or below it that comes again from the topic is a duplicate, also where no inbox row is left of it. The
 * store adds one when a position is set back, removed or goes on in another life.
 */
export const inboxWatermarks = table<Required<Position>>(
  'inbox_fold',
  { topic: 'text', partition: 'integer', epoch: 'text', position: 'integer' },
  { key: ['topic', 'partition', 'epoch'], loadBy: 1 },
);
