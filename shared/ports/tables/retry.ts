import { table } from '../store.ts';

/** Where a message lay when it was first delivered, and all of it: what is parked or dead is kept whole. */
export interface StoredRecord {
  readonly topic: string;
  readonly partition: number;
  readonly position: number;
  /** As they were delivered; nobody vouches for them. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly value: string;
}

/** Why a message was set aside: a stable word. The first five wait for a person alone, the others hold up their key. */
export type DeadLetterCode =
  | 'unreadable'
  | 'unknown_type'
  | 'not_allowed'
  | 'id_reused'
  | 'refused'
  | 'newer_version'
  | 'failed';

/**
 * A partition key whose messages wait: the head for its next attempt, the rest behind it. The messages are those of
 * {@link ParkedRow} with a number from `head` up to but not including `tail`; none of them where the head is a dead letter
 * and nothing has come behind it yet.
 */
export interface ParkedKeyRow {
  readonly key: string;
  readonly head: number;
  readonly tail: number;
  /** Attempts made on the head so far. */
  readonly attempt: number;
  /** When the last attempt was made, ISO 8601. A clock that is earlier than this was set back. */
  readonly attemptedAt: string;
  /** When the head is tried again; null while a person has to decide about the letter `letter`. */
  readonly dueAt: string | null;
  /** The dead letter that holds up the key, or the one that is being replayed; null where there is none. */
  readonly letter: string | null;
  /** What went wrong with the head. */
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

/** `open`: waits for a decision. `replaying`: decided, and not yet tried. Else it is over, and how. */
export type DeadLetterStatus = 'open' | 'replaying' | 'replayed' | 'edited' | 'discarded' | 'compensated';

/** A message that nobody could handle, kept whole for a person. */
export interface DeadLetterRow extends StoredRecord {
  /** Short, and the same however often the message is delivered. */
  readonly letter: string;
  /** The order in which they came. */
  readonly sequence?: number;
  readonly status: DeadLetterStatus;
  /** The partition key it holds up; null where it holds up nobody. */
  readonly key: string | null;
  readonly code: DeadLetterCode;
  readonly detail: string;
  /** The same for failures of the same kind at the same place. */
  readonly fingerprint: string;
  /** Attempts before it was given up, those of replays included. */
  readonly attempts: number;
  readonly replays: number;
  /** When it was last given up, and when somebody last decided about it; ISO 8601. */
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
  { key: ['letter'], keepsFirst: true, sparse: true },
);

/** A letter without its contents, for lists: reading only. */
export type DeadLetterSummary = Omit<DeadLetterRow, 'value'>;

const { value: _, ...headColumns } = deadLetters.columns;
export const deadLetterSummaries = table<DeadLetterSummary>('dead_letter', headColumns, { key: ['letter'] });

/** Who decided what about a letter: rows are added and never changed. */
export interface ResolutionRow {
  readonly sequence?: number;
  readonly letter: string;
  readonly action: 'replay' | 'edit' | 'discard' | 'compensate' | 'upgrade';
  readonly who: string;
  readonly at: string;
  readonly reason: string;
  /** The letter before and after it, as far as it changed. */
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

/** The tables of what waits, which every function has. */
export const retryTables = [parkedKeys, parked, deadLetters, deadLetterSummaries, resolutions];
