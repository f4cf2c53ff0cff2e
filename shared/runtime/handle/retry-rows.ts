import type { Table, Write } from '../../ports/store.ts';
import {
  type DeadLetterCode,
  type DeadLetterRow,
  deadLetters,
  type ParkedKeyRow,
  parked,
  parkedKeys,
  type StoredRecord,
} from '../../ports/tables/retry.ts';

/** Every change of the rows of a retry queue, and of its dead letters, as writes: for batches and for resolutions alike. */

/** Why a message is dead-lettered. `fingerprint` is the same for failures of the same kind at the same place. */
export interface Cause {
  readonly code: DeadLetterCode;
  readonly detail: string;
  readonly fingerprint: string;
}

/** A key without parked messages; the caller says when it is due, or which dead letter blocks it. */
export function newParkedKey(key: string, now: string): ParkedKeyRow {
  const waits = { attempt: 0, attemptedAt: now, dueAt: null, letter: null, detail: '', fingerprint: '', since: now };
  return { key, head: 0, tail: 0, ...waits };
}

/** Parks a message behind the others of its key. */
export function appended(waiting: ParkedKeyRow, record: StoredRecord): readonly Write[] {
  const { key, tail } = waiting;
  return [put(parked, parkedRow(record, key, tail)), put(parkedKeys, { ...waiting, tail: tail + 1 })];
}

/** Parks a message before the others of its key, with these changes of the key. */
export function prepended(
  waiting: ParkedKeyRow,
  record: StoredRecord,
  changes: Partial<ParkedKeyRow>,
): readonly Write[] {
  const head = waiting.head - 1;
  return [put(parkedKeys, { ...waiting, ...changes, head }), put(parked, parkedRow(record, waiting.key, head))];
}

/** The head of a key is due at once, with all its attempts; a key without messages is removed. */
export function resumed(waiting: ParkedKeyRow, now: string): Write {
  const next = { ...waiting, attempt: 0, dueAt: now, letter: null };
  return waiting.head === waiting.tail ? removed(parkedKeys, next) : put(parkedKeys, next);
}

/** A dead letter blocks its key until it is resolved. */
export function blocked(waiting: ParkedKeyRow, letter: string, { detail, fingerprint }: Omit<Cause, 'code'>): Write {
  return put(parkedKeys, { ...waiting, attempt: 0, dueAt: null, letter, detail, fingerprint });
}

/** A message becomes a dead letter; `key` is the one it blocks, or null. */
export function newDeadLetter(
  record: StoredRecord,
  letter: string,
  { key, attempts, ...cause }: Cause & { readonly key: string | null; readonly attempts: number },
  now: string,
): Write {
  const { topic, partition, position, attributes, value } = record;
  const { code, detail, fingerprint } = cause;
  const stored = { topic, partition, position, attributes, value };
  const row = { letter, status: 'open', key, code, detail, fingerprint, attempts, replays: 0, ...stored } as const;
  return put(deadLetters, { ...row, diedAt: now, decidedAt: null });
}

/** A replayed dead letter has failed again. */
export function reopened(known: DeadLetterRow, { code, detail, fingerprint }: Cause, now: string): Write {
  const again = { status: 'open', code, detail, fingerprint, diedAt: now } as const;
  return put(deadLetters, { ...known, ...again, attempts: known.attempts + 1 });
}

export function put<Row extends object>(table: Table<Row>, row: Row): Write {
  return { table: table as Table, row };
}

export function removed<Row extends object>(table: Table<Row>, row: Row): Write {
  return { table: table as Table, row, removed: true };
}

function parkedRow({ topic, partition, position, attributes, value }: StoredRecord, key: string, number: number) {
  return { key, number, topic, partition, position, attributes, value };
}
