import { laterOf } from '../../core/utc-time.ts';
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

/** The changes of parked keys, parked messages and dead letters as writes, for batches and resolutions alike. */

/** Why a message is dead-lettered. `fingerprint` is the same for failures of one kind at one place. */
export interface Cause {
  readonly code: DeadLetterCode;
  readonly detail: string;
  readonly fingerprint: string;
}

/** A key without parked messages; the caller sets when it is due, or which dead letter blocks it. */
export function newParkedKey(key: string, now: string): ParkedKeyRow {
  const waits = { attempt: 0, attemptedAt: now, dueAt: null, letter: null, detail: '', fingerprint: '', since: now };
  return { key, head: 0, tail: 0, ...waits };
}

/** Parks a message behind the others of its key. */
export function appended(waiting: ParkedKeyRow, record: StoredRecord): readonly Write[] {
  const { key, tail } = waiting;
  return [put(parked, parkedRow(record, key, tail)), put(parkedKeys, { ...waiting, tail: tail + 1 })];
}

/** Parks a message before the others of its key, and changes the key. */
export function prepended(
  waiting: ParkedKeyRow,
  record: StoredRecord,
  changes: Partial<ParkedKeyRow>,
): readonly Write[] {
  const head = waiting.head - 1;
  return [put(parkedKeys, { ...waiting, ...changes, head }), put(parked, parkedRow(record, waiting.key, head))];
}

/** Makes the head of a key due at once, with all its attempts; removes a key without messages. */
export function resumed(waiting: ParkedKeyRow, now: string): Write {
  const next = { ...waiting, attempt: 0, dueAt: now, letter: null };
  return waiting.head === waiting.tail ? removed(parkedKeys, next) : put(parkedKeys, next);
}

/** Blocks a key until its dead letter is resolved. */
export function blocked(waiting: ParkedKeyRow, id: string, { detail, fingerprint }: Omit<Cause, 'code'>): Write {
  return put(parkedKeys, { ...waiting, attempt: 0, dueAt: null, letter: id, detail, fingerprint });
}

/** A new dead letter; `key` is the key it blocks, or null. */
export function newDeadLetter(
  record: StoredRecord,
  id: string,
  { key, attempts, ...cause }: Cause & { readonly key: string | null; readonly attempts: number },
  now: string,
): Write {
  const { topic, partition, position, attributes, value } = record;
  const { code, detail, fingerprint } = cause;
  const stored = { topic, partition, position, attributes, value };
  const row = { letter: id, status: 'open', key, code, detail, fingerprint, attempts, replays: 0, ...stored } as const;
  return put(deadLetters, { ...row, diedAt: now, decidedAt: null });
}

/** A dead letter whose replay failed: after it was replayed, also where the clock was set back since. */
export function reopened(known: DeadLetterRow, { code, detail, fingerprint }: Cause, now: string): Write {
  const diedAt = laterOf(now, known.decidedAt);
  const again = { status: 'open', code, detail, fingerprint, diedAt } as const;
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
