import { table } from '../store.ts';

/** A parked or dead-lettered message: where it was when it was first delivered, and its whole text. */
export interface StoredRecord {
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  /** As they were delivered, not validated. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: string;
}

/**
 * Why a message was dead-lettered. `newer_version` and `failed` block their key. The others wait for an operator and block
 * nothing; of a `late` copy the message itself has come, or comes again.
 */
export type DeadLetterCode =
  | 'unreadable'
  | 'unknown_type'
  | 'not_allowed'
  | 'id_reused'
  | 'refused'
  | 'late'
  | 'newer_version'
  | 'failed';

/**
 * A partition key whose messages wait: the head for its next attempt, the rest behind it. The messages are the rows of
 * {@link ParkedRow} numbered from `head` up to but not including `tail`; there are none where the head is a dead letter
 * and no other message of the key has come yet.
 */
export interface ParkedKeyRow {
  readonly key: string;
  readonly head: number;
  readonly tail: number;
  /** Attempts made on the head so far. */
  readonly attempt: number;
  /** When the last attempt was made, ISO 8601. A clock earlier than this was set back. */
  readonly attemptedAt: string;
  /** When the head is tried again; null while the dead letter `letter` waits for a resolution. */
  readonly dueAt: string | null;
  /** The dead letter that blocks the key, or that is being replayed; null where there is none. */
  readonly letter: string | null;
  /** The error of the head's last attempt. */
  readonly detail: string;
  readonly fingerprint: string;
  /** Since when the key waits. */
  readonly since: string;
}

export const parkedKeys = table<ParkedKeyRow>(
  'parked_key',
  {
    key: 'text',
    head: 'integer',
    tail: 'integer',
    attempt: 'integer',
    attemptedAt: 'text',
    dueAt: 'text',
    letter: 'text',
    detail: 'text',
    fingerprint: 'text',
    since: 'text',
  },
  { key: ['key'], sparse: true },
);

export interface ParkedRow extends StoredRecord {
  readonly key: string;
  readonly number: number;
}

export const parked = table<ParkedRow>(
  'parked',
  {
    key: 'text',
    number: 'integer',
    topic: 'text',
    partition: 'integer',
    position: 'integer',
    attributes: 'json',
    value: 'text',
  },
  { key: ['key', 'number'], addsUnseen: true, sparse: true },
);

/** `open`: waits for a resolution. `replaying`: will be tried again. The others say how it was resolved. */
export type DeadLetterStatus = 'open' | 'replaying' | 'replayed' | 'edited' | 'discarded' | 'compensated';

/** A message that could not be handled, stored whole for an operator. */
export interface DeadLetterRow extends StoredRecord {
  /** The id: short, and the same however often the message is delivered. */
  readonly letter: string;
  /** The order in which dead letters were added. */
  readonly sequence?: number;
  readonly status: DeadLetterStatus;
  /** The partition key it blocks; null where it blocks none. */
  readonly key: string | null;
  readonly code: DeadLetterCode;
  readonly detail: string;
  /** The same for failures of the same kind at the same place in the code. */
  readonly fingerprint: string;
  /** Attempts made before it was dead-lettered, including those of replays. */
  readonly attempts: number;
  readonly replays: number;
  /** When it was last dead-lettered, and when it was last resolved; ISO 8601. */
  readonly diedAt: string;
  readonly decidedAt: string | null;
}

export const deadLetters = table<DeadLetterRow>(
  'dead_letter',
  {
    letter: 'text',
    sequence: 'sequence',
    status: 'text',
    key: 'text',
    code: 'text',
    detail: 'text',
    fingerprint: 'text',
    attempts: 'integer',
    replays: 'integer',
    topic: 'text',
    partition: 'integer',
    position: 'integer',
    attributes: 'json',
    value: 'text',
    diedAt: 'text',
    decidedAt: 'text',
  },
  { key: ['letter'], skipsExisting: true, sparse: true },
);

/** A dead letter without its contents, for lists: read-only. */
export type DeadLetterSummary = Omit<DeadLetterRow, 'value'>;

const { value: _, ...summaryColumns } = deadLetters.columns;
export const deadLetterSummaries = table<DeadLetterSummary>('dead_letter', summaryColumns, { key: ['letter'] });

/** The audit trail of resolutions: who resolved which dead letter, and how. Rows are inserted and never changed. */
export interface ResolutionRow {
  readonly sequence?: number;
  readonly letter: string;
  readonly action: 'replay' | 'edit' | 'discard' | 'compensate' | 'upgrade';
  readonly who: string;
  readonly at: string;
  readonly reason: string;
  /** The changed fields of the dead letter, before and after. */
  readonly before: unknown;
  readonly after: unknown;
}

export const resolutions = table<ResolutionRow>(
  'decision',
  {
    sequence: 'sequence',
    letter: 'text',
    action: 'text',
    who: 'text',
    at: 'text',
    reason: 'text',
    before: 'json',
    after: 'json',
  },
  { key: ['letter', 'sequence'], loadBy: 1, appendOnly: true },
);

/** The tables of the retry queue and of dead letters, which every function has. */
export const retryTables = [parkedKeys, parked, deadLetters, deadLetterSummaries, resolutions];
