import { isTransient, TerminalError } from '../../core/errors.ts';
import { attemptsFor, type RetryPolicy, retryDelayMs } from '../../core/retry-policy.ts';
import type { LogRecord } from '../../ports/message-log.ts';
import type { Write } from '../../ports/store.ts';
import { type DeadLetterCode, deadLetters, type ParkedKeyRow, parked, parkedKeys } from '../../ports/tables/retry.ts';
import { describeError, failureFingerprint } from '../observe/error-report.ts';
import { deadLetterIdOf, type IncomingRetry } from './incoming.ts';
import { appended, blocked, newDeadLetter, newParkedKey, put, removed, reopened, resumed } from './retry-rows.ts';
import type { RowOverlay } from './row-overlay.ts';

/** How much may be parked at a function. */
export interface RetryQueueLimits {
  /** Messages that may still be parked. */
  readonly room: number;
  /** Messages of one key that may be parked. */
  readonly keyMax: number;
}

/** A failure of one message, and the key it blocks. */
export interface Failure {
  readonly record: LogRecord;
  readonly key: string;
  /** The id of the message; the delay is derived from it. */
  readonly id: string;
  readonly error: unknown;
}

/** Why a record is dead-lettered without another attempt. */
export interface Reason {
  readonly code: DeadLetterCode;
  readonly detail: string;
}

/**
 * The parked messages of a function, as one batch sees and changes them. The head of a key is retried when it is due;
 * messages behind it wait until it has passed, so that no message of a key overtakes another. A head without attempts
 * left becomes a dead letter and blocks its key until the dead letter is resolved.
 */
export class RetryQueue {
  readonly #name: string;
  readonly #rows: RowOverlay;
  readonly #policy: RetryPolicy;
  readonly #keyMax: number;
  readonly #nowMs: number;
  readonly #now: string;
  #room: number;
  /** The change in the number of parked messages. */
  delta = 0;
  /** Whether a message left the queue. */
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

  /** Whether one more message of this key can be parked. */
  hasRoom(key: string): boolean {
    const row = this.#keyRow(key);
    return this.#room > 0 && (row === undefined || row.tail - row.head < this.#keyMax);
  }

  /**
   * Whether it is the head of its key and due. It is not after a failure before it, or after a resolution changed the
   * key.
   */
  isHead({ row: { key, number } }: IncomingRetry): boolean {
    const row = this.#keyRow(key);
    return row !== undefined && row.dueAt !== null && row.head === number && !this.#isLater(row);
  }

  /** Parks a message behind the others of its key. */
  queue(record: LogRecord, key: string): void {
    const row = this.#keyRow(key);
    if (row !== undefined) this.#append(row, record);
  }

  /** After a failed first attempt: parks the message for the next one, or dead-letters it where there is none. */
  park(failure: Failure): 'parked' | 'dead' {
    const { key, record, error } = failure;
    const row = this.#keyRow(key);
    if (row !== undefined) {
      this.queue(record, key);
      return 'parked';
    }
    const started = { ...newParkedKey(key, this.#now), ...this.#afterAttempt(failure, 0) };
    if (1 >= this.#attemptsFor(error)) {
      this.#deadLetterFailed(started, failure, null);
      return 'dead';
    }
    this.#append(started, record);
    return 'parked';
  }

  /** After the head has passed: the next message becomes the head, due at once. */
  advance({ row: { key, number } }: IncomingRetry): void {
    const row = this.#keyRow(key);
    if (row === undefined) return;
    this.#removeParked(key, number);
    this.#closeDeadLetter(row.letter);
    this.#put(resumed({ ...row, head: row.head + 1 }, this.#now));
  }

  /**
   * After the head failed again: it waits longer, or is dead-lettered. A replay has one attempt: an operator watches
   * it.
   */
  failedAgain({ row: { key, number } }: IncomingRetry, failure: Failure): 'parked' | 'dead' {
    const row = this.#keyRow(key);
    if (row === undefined) return 'parked';
    const tried = { ...row, ...this.#afterAttempt(failure, row.attempt) };
    const isLast = row.letter !== null || tried.attempt >= this.#attemptsFor(failure.error);
    if (!isLast) {
      this.#put(put(parkedKeys, tried));
      return 'parked';
    }
    this.#removeParked(key, number);
    this.#deadLetterFailed({ ...tried, head: row.head + 1 }, failure, row.letter);
    return 'dead';
  }

  /** Dead-letters a record that blocks nothing, once, however often it is delivered. */
  deadLetter(record: LogRecord, reason: Reason): void {
    this.#add(record, deadLetterIdOf(this.#name, record), null, reason);
  }

  /** Whether the record was dead-lettered before, resolved or not. */
  hasDeadLetter(record: LogRecord): boolean {
    return this.#rows.one(deadLetters, deadLetterIdOf(this.#name, record)) !== undefined;
  }

  /** Dead-letters a record that blocks its key until this program can read it. */
  deadLetterAndBlock(record: LogRecord, key: string, reason: Reason): void {
    const id = deadLetterIdOf(this.#name, record);
    this.#add(record, id, key, reason);
    this.#put(blocked(newParkedKey(key, this.#now), id, { detail: reason.detail, fingerprint: reason.code }));
  }

  /**
   * Dead-letters a head that no further attempt can handle; the key continues. A head in a version that is too new for
   * this program still blocks its key.
   */
  deadLetterHead(item: IncomingRetry, reason: Reason): void {
    const { code, detail } = reason;
    const { key } = item.row;
    const id = item.letter ?? deadLetterIdOf(this.#name, item.row);
    const known = this.#rows.one(deadLetters, id);
    const before = this.#keyRow(key);
    const blocks = code === 'newer_version' && before !== undefined;
    this.advance(item);
    if (blocks) this.#put(blocked({ ...before, head: before.head + 1 }, id, { detail, fingerprint: code }));
    if (known === undefined) this.#add(item.row, id, blocks ? key : null, reason);
    else this.#put(reopened(known, { code, detail, fingerprint: code }, this.#now));
  }

  #deadLetterFailed(row: ParkedKeyRow, failure: Failure, replayed: string | null): void {
    const id = replayed ?? deadLetterIdOf(this.#name, failure.record);
    const { key, attempt: attempts, detail, fingerprint } = row;
    const cause = { code: 'failed', detail, fingerprint } as const;
    const known = replayed === null ? undefined : this.#rows.one(deadLetters, id);
    const dead = { ...cause, key, attempts };
    if (known === undefined) this.#put(newDeadLetter(failure.record, id, dead, this.#now));
    else this.#put(reopened(known, cause, this.#now));
    this.#put(blocked(row, id, cause));
  }

  #closeDeadLetter(id: string | null): void {
    const row = id === null ? undefined : this.#rows.one(deadLetters, id);
    if (row?.status === 'replaying') this.#put(put(deadLetters, { ...row, status: 'replayed' }));
  }

  #add(record: LogRecord, id: string, key: string | null, { code, detail }: Reason): void {
    this.#put(newDeadLetter(record, id, { key, code, detail, fingerprint: code, attempts: 1 }, this.#now));
  }

  #append(row: ParkedKeyRow, record: LogRecord): void {
    this.#rows.put(appended(row, record));
    this.#room -= 1;
    this.delta += 1;
  }

  #removeParked(key: string, number: number): void {
    const row = this.#rows.one(parked, key, String(number));
    if (row === undefined) return;
    this.#put(removed(parked, row));
    this.#room += 1;
    this.delta -= 1;
    this.hasFreed = true;
  }

  /** Attempts in total. */
  #attemptsFor(error: unknown): number {
    return error instanceof TerminalError ? 1 : attemptsFor(this.#policy, isTransient(error));
  }

  #afterAttempt({ id, error }: Failure, before: number) {
    const attempt = before + 1;
    const dueMs = this.#nowMs + retryDelayMs(this.#policy, id, attempt);
    const detail = describeError(error);
    const fingerprint = failureFingerprint(this.#name, error);
    return { attempt, attemptedAt: this.#now, dueAt: new Date(dueMs).toISOString(), detail, fingerprint };
  }

  /** Whether it is due later than now. False where the clock was set back since the last attempt. */
  #isLater({ dueAt, attemptedAt }: ParkedKeyRow): boolean {
    return dueAt !== null && dueAt > this.#now && attemptedAt <= this.#now;
  }

  #keyRow(key: string): ParkedKeyRow | undefined {
    return this.#rows.one(parkedKeys, key);
  }

  #put(write: Write): void {
    this.#rows.put([write]);
  }
}
