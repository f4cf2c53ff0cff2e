import { isTransient } from '../../core/errors.ts';
import { attemptsFor, type RetryPolicy, retryDelayMs } from '../../core/retry-policy.ts';
import type { LogRecord } from '../../ports/message-log.ts';
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
import { describeError, failureFingerprint } from '../observe/error-report.ts';
import { deadLetterIdOf, type IncomingRetry } from './incoming.ts';
import type { RowOverlay } from './row-overlay.ts';

/** How much may wait at a function. */
export interface RetryQueueLimits {
  /** Messages that may still be parked. */
  readonly room: number;
  /** Messages of one key that may be parked. */
  readonly keyMax: number;
}

/** A failure of one message, and the key it holds up. */
export interface Failure {
  readonly record: LogRecord;
  readonly key: string;
  /** The message's id, from which the wait is computed. */
  readonly id: string;
  readonly error: unknown;
}

/** Why a record is set aside without another attempt. */
export interface Reason {
  readonly code: DeadLetterCode;
  readonly detail: string;
}

/**
 * The messages that wait at a function, as one batch sees and changes them. The head of a key is tried again when it is due;
 * what comes behind it waits until it has passed, so that no message of a key overtakes another. A head that is given up
 * becomes a dead letter and goes on holding up its key, until a person decides.
 */
export class RetryQueue {
  readonly #name: string;
  readonly #rows: RowOverlay;
  readonly #policy: RetryPolicy;
  readonly #keyMax: number;
  readonly #nowMs: number;
  readonly #now: string;
  #room: number;
  /** By how much more is parked after the batch. */
  delta = 0;
  /** Whether a message that was parked no longer is. */
  hasFreed = false;

  constructor(name: string, rows: RowOverlay, policy: RetryPolicy, limits: RetryQueueLimits, nowMs: number) {
    this.#name = name;
    this.#rows = rows;
    this.#policy = policy;
    this.#keyMax = limits.keyMax;
    this.#room = limits.room;
    this.#nowMs = nowMs;
    this.#now = new Date(nowMs).toISOString();
  }

  isWaiting(key: string): boolean {
    return this.#keyRow(key) !== undefined;
  }

  /** Whether one more message of this key may wait. */
  hasRoom(key: string): boolean {
    const row = this.#keyRow(key);
    return this.#room > 0 && (row === undefined || row.tail - row.head < this.#keyMax);
  }

  /** Whether it is the head of its key, and due: not so where one before it has just failed, or a person has decided otherwise. */
  isHead({ row: { key, number } }: IncomingRetry): boolean {
    const row = this.#keyRow(key);
    return row !== undefined && row.dueAt !== null && row.head === number && !this.#isLater(row);
  }

  /** Behind the others of its key. */
  queue(record: LogRecord, key: string): void {
    const row = this.#keyRow(key);
    if (row === undefined) return;
    this.#keep(record, key, row.tail);
    this.#put(parkedKeys, { ...row, tail: row.tail + 1 });
  }

  /** A first attempt has failed: the message waits for its next one, or is given up where there is none. */
  park(failure: Failure): 'parked' | 'dead' {
    const { key, record, error } = failure;
    const row = this.#keyRow(key);
    if (row !== undefined) {
      this.queue(record, key);
      return 'parked';
    }
    const started = { ...newParkedKey(key, this.#now), ...this.#afterAttempt(failure, 0) };
    if (1 >= attemptsFor(this.#policy, isTransient(error))) {
      this.#die(started, failure, null);
      return 'dead';
    }
    this.#keep(record, key, 0);
    this.#put(parkedKeys, { ...started, tail: 1 });
    return 'parked';
  }

  /** The head has passed; the next one is the head, and due at once. */
  passed({ row: { key, number } }: IncomingRetry): void {
    const row = this.#keyRow(key);
    if (row === undefined) return;
    this.#drop(key, number);
    this.#closeLetter(row.letter);
    const next = { ...row, head: row.head + 1, attempt: 0, dueAt: this.#now, letter: null };
    if (next.head === next.tail) this.#put(parkedKeys, next, true);
    else this.#put(parkedKeys, next);
  }

  /** The head has failed again: it waits longer, or is given up. A replay has one attempt: somebody is looking. */
  failedAgain({ row: { key, number } }: IncomingRetry, failure: Failure): 'parked' | 'dead' {
    const row = this.#keyRow(key);
    if (row === undefined) return 'parked';
    const tried = { ...row, ...this.#afterAttempt(failure, row.attempt) };
    const isLast = row.letter !== null || tried.attempt >= attemptsFor(this.#policy, isTransient(failure.error));
    if (!isLast) {
      this.#put(parkedKeys, tried);
      return 'parked';
    }
    this.#drop(key, number);
    this.#die({ ...tried, head: row.head + 1 }, failure, row.letter);
    return 'dead';
  }

  /** Sets a record aside that nobody can handle and that holds up nobody; once, however often it is delivered. */
  deadLetter(record: LogRecord, { code, detail }: Reason): void {
    this.#putLetter(record, null, { code, detail, fingerprint: code, attempts: 1 }, deadLetterIdOf(this.#name, record));
  }

  /** Whether a record that holds up its key was set aside before: somebody has decided about it, or still is to. */
  hasDeadLetter(record: LogRecord): boolean {
    return this.#rows.one(deadLetters, deadLetterIdOf(this.#name, record)) !== undefined;
  }

  /** Sets a record aside that holds up its key until this program can read it. */
  deadLetterAndBlock(record: LogRecord, key: string, { code, detail }: Reason): void {
    const letter = deadLetterIdOf(this.#name, record);
    this.#putLetter(record, key, { code, detail, fingerprint: code, attempts: 1 }, letter);
    this.#put(parkedKeys, { ...newParkedKey(key, this.#now), detail, fingerprint: code, letter });
  }

  /**
   * The head cannot be handled, and no attempt will change that: it is set aside and lets the others pass. One that is too new
   * for this program goes on holding them up.
   */
  deadLetterHead(item: IncomingRetry, reason: Reason): void {
    const { code, detail } = reason;
    const { key } = item.row;
    const letter = item.letter ?? deadLetterIdOf(this.#name, item.row);
    const known = this.#rows.one(deadLetters, letter);
    const before = this.#keyRow(key);
    const blocks = code === 'newer_version' && before !== undefined;
    this.passed(item);
    if (blocks) {
      const held = { head: before.head + 1, attempt: 0, dueAt: null, letter, detail, fingerprint: code };
      this.#put(parkedKeys, { ...before, ...held });
    }
    if (known === undefined) {
      const why = { code, detail, fingerprint: code, attempts: 1 };
      this.#putLetter(item.row, blocks ? key : null, why, letter);
      return;
    }
    const again = { status: 'open', code, detail, fingerprint: code, diedAt: this.#now } as const;
    this.#put(deadLetters, { ...known, ...again, attempts: known.attempts + 1 });
  }

  #die(row: ParkedKeyRow, failure: Failure, replayed: string | null): void {
    const { record, error } = failure;
    const letter = replayed ?? deadLetterIdOf(this.#name, record);
    const { attempt: attempts, detail, fingerprint } = row;
    const code = 'failed';
    const known = replayed === null ? undefined : this.#rows.one(deadLetters, letter);
    if (known === undefined) this.#putLetter(record, row.key, { code, detail, fingerprint, attempts }, letter);
    else {
      const again = { status: 'open', code, detail: describeError(error), fingerprint, diedAt: this.#now } as const;
      this.#put(deadLetters, { ...known, ...again, attempts: known.attempts + 1 });
    }
    this.#put(parkedKeys, { ...row, attempt: 0, dueAt: null, letter });
  }

  #closeLetter(letter: string | null): void {
    const row = letter === null ? undefined : this.#rows.one(deadLetters, letter);
    if (row?.status === 'replaying') this.#put(deadLetters, { ...row, status: 'replayed' });
  }

  #putLetter(
    record: StoredRecord,
    key: string | null,
    why: Pick<DeadLetterRow, 'code' | 'detail' | 'fingerprint' | 'attempts'>,
    letter: string,
  ): void {
    const { topic, partition, position, attributes, value } = record;
    const kept = { topic, partition, position, attributes, value };
    const { code, detail, fingerprint, attempts } = why;
    const row = { letter, status: 'open', key, code, detail, fingerprint, attempts, replays: 0, ...kept } as const;
    this.#put(deadLetters, { ...row, diedAt: this.#now, decidedAt: null });
  }

  #keep({ topic, partition, position, attributes, value }: LogRecord, key: string, number: number): void {
    this.#put(parked, { key, number, topic, partition, position, attributes, value });
    this.#room -= 1;
    this.delta += 1;
  }

  #drop(key: string, number: number): void {
    const row = this.#rows.one(parked, key, String(number));
    if (row === undefined) return;
    this.#put(parked, row, true);
    this.#room += 1;
    this.delta -= 1;
    this.hasFreed = true;
  }

  #afterAttempt({ id, error }: Failure, before: number) {
    const attempt = before + 1;
    const dueMs = this.#nowMs + retryDelayMs(this.#policy, id, attempt);
    const detail = describeError(error);
    const fingerprint = failureFingerprint(this.#name, error);
    return { attempt, attemptedAt: this.#now, dueAt: new Date(dueMs).toISOString(), detail, fingerprint };
  }

  /** Due later than now; but not where the clock was set back since the last attempt. */
  #isLater({ dueAt, attemptedAt }: ParkedKeyRow): boolean {
    return dueAt !== null && dueAt > this.#now && attemptedAt <= this.#now;
  }

  #keyRow(key: string): ParkedKeyRow | undefined {
    return this.#rows.one(parkedKeys, key);
  }

  #put<Row extends object>(table: Table<Row>, row: Row, removed = false): void {
    const write: Write = removed ? { table: table as Table, row, removed } : { table: table as Table, row };
    this.#rows.put([write]);
  }
}

/** A key with nothing in it yet; whoever keeps it says when it is due, or which letter it waits for. */
export function newParkedKey(key: string, now: string): ParkedKeyRow {
  const waits = { attempt: 0, attemptedAt: now, dueAt: null, letter: null, detail: '', fingerprint: '', since: now };
  return { key, head: 0, tail: 0, ...waits };
}
