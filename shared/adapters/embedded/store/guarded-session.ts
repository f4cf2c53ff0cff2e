import Database from 'better-sqlite3';
import { AppError } from '../../../core/errors.ts';
import { isDiskError, isFull, isReadFailure, mapErrors, storeError } from '../store-error.ts';
import {
  type CheckpointMark,
  checkpointMark,
  copyRest,
  hasCopied,
  isComplete,
  mayBeInterrupted,
} from './checkpoint-mark.ts';
import { assertDurable, closeQuietly, openForWriting, openSpare } from './database.ts';
import { damagedSentence, damageOf, overwrittenSentence } from './inspection.ts';
import type { StoreSession } from './session.ts';
import { type Sight, WatchedFiles } from './watched-files.ts';

/** The files are looked at before a use when they were not for this long; after a commit always. */
const LOOK_EVERY_MS = 50;
const RETRY_FIRST_MS = 50;
const RETRY_LONGEST_MS = 1_000;
/** Errors of the disk within this time count as one outage. */
const OUTAGE_MS = 10_000;

/** An error of the disk that is not over yet. */
interface Trouble {
  readonly error: AppError;
  readonly retryAtMs: number;
}

/**
 * The session of a store, and whether it can be used: not while the files are away from their path, nor while the disk
 * errs, nor ever again when the file is damaged or was overwritten. After an error of the disk it opens another session,
 * and only a read and a commit on that end the outage.
 */
export class GuardedSession {
  readonly #file: string;
  readonly #connect: (db: Database.Database) => StoreSession;
  #session: StoreSession;
  /** Null for a database in memory. */
  readonly #files: WatchedFiles | null;
  /**
   * While another connection is open, closing a session does not copy the write-ahead log into the database and does not
   * remove it. This one is never used, and closed first in an orderly end.
   */
  readonly #spare: Database.Database | null;
  #mark: CheckpointMark | null = null;
  /** Whether there was a commit since the mark. */
  #hasCommitted = false;
  #lookedMs = 0;
  #trouble: Trouble | null = null;
  #full: unknown = null;
  #troublesMs: number[] = [];
  #isInspecting = false;
  #stopped: AppError | null = null;
  #isClosed = false;

  /** `session` has written, so that all its files exist; `connect` makes another on a new connection. */
  constructor(file: string, session: StoreSession, connect: (db: Database.Database) => StoreSession) {
    this.#file = file;
    this.#session = session;
    this.#connect = connect;
    const isFile = file !== ':memory:';
    this.#spare = isFile ? openSpare(file) : null;
    this.#files = isFile ? new WatchedFiles(file) : null;
    this.#mark = isFile ? checkpointMark(session.db, null) : null;
  }

  get current(): StoreSession {
    return this.#session;
  }

  /** Runs `work` on the session. @throws {AppError} when it cannot be used, or the disk errs. */
  use<Result>(work: (session: StoreSession) => Result): Result {
    this.#assertUsable(LOOK_EVERY_MS);
    try {
      return work(this.#session);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Like `use`, for work that commits: what it committed is in the files at their path when this returns. */
  commit<Result>(work: (session: StoreSession) => Result): Result {
    const result = this.use(work);
    this.#full = null;
    this.#hasCommitted = true;
    this.#assertUnchanged(this.#look(false));
    return result;
  }

  /** Takes the write lock for a moment; after a full disk it makes a commit. @throws {AppError} when it cannot. */
  check(): void {
    this.#assertUsable(0);
    if (this.#full === null) this.use((session) => session.check());
    else this.commit((session) => session.probe());
  }

  /** Why it cannot be used, as a sentence; null when nothing is known against it. Waits for no lock. */
  unavailableReason(): string | null {
    try {
      this.#assertUsable(0);
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  close(): void {
    this.#isClosed = true;
    // Where the files are not those at their paths, closing the last connection would remove the log of others.
    if (this.#stopped === null && this.#isInPlace()) this.#spare?.close();
    closeQuietly(this.#session.db);
    this.#files?.close();
  }

  #isInPlace(): boolean {
    try {
      return this.#look().kind === 'unchanged';
    } catch {
      return false;
    }
  }

  #assertUsable(lookEveryMs: number): void {
    if (this.#stopped !== null) throw this.#stopped;
    if (this.#trouble !== null) this.#resume(this.#trouble);
    if (performance.now() - this.#lookedMs >= lookEveryMs) this.#assertUnchanged(this.#look());
  }

  #look(withIndex = true): Sight {
    this.#lookedMs = 0;
    return mapErrors(this.#file, () => this.#files?.look(withIndex) ?? UNCHANGED);
  }

  #assertUnchanged(sight: Sight): void {
    if (sight.kind === 'moved') throw new AppError('unavailable', sight.sentence, { retryAfterS: 1 });
    if (sight.kind === 'headless') this.#isHeadless(sight.isWritten);
    if (sight.kind === 'written') this.#wasWritten();
    this.#lookedMs = performance.now();
  }

  /** SQLite empties its log only when all of it is in the database. */
  #isHeadless(isWritten: boolean): void {
    const mark = mapErrors(this.#file, () => checkpointMark(this.#session.db, this.#mark));
    if (!isComplete(mark)) {
      this.#stop(overwrittenSentence(`${this.#file}-wal`, this.#file));
      throw this.#stopped;
    }
    const isCopied = this.#mark === null || hasCopied(this.#mark, mark, this.#hasCommitted);
    if (isWritten && !isCopied) this.#wasWritten();
    else this.#accept(mark);
  }

  /** A commit copies the write-ahead log into the database from time to time; else another program wrote past SQLite. */
  #wasWritten(): void {
    if (this.#acceptCheckpoint()) {
      this.#assertUnchanged(this.#look());
      return;
    }
    const sentence = `${this.#file} was written by another program while the store runs; it is being checked`;
    const error = new AppError('unavailable', sentence, { retryAfterS: 1 });
    this.#trouble = { error, retryAtMs: Number.POSITIVE_INFINITY };
    void this.#inspect(() => {
      const { db } = this.#session;
      // Another program may have been copying the log when the file was looked at.
      if (this.#acceptCheckpoint()) this.#trouble = null;
      else if (!mayBeInterrupted(db, checkpointMark(db, this.#mark)))
        this.#stop(overwrittenSentence(this.#file, this.#file));
      else if (this.#hasCopiedRest()) this.#trouble = null;
      else this.#trouble = { error, retryAtMs: performance.now() + RETRY_LONGEST_MS };
    });
    throw error;
  }

  /** A copying that the disk has interrupted has written a part. Whether the rest is copied now, as the file is sound. */
  #hasCopiedRest(): boolean {
    const { db } = this.#session;
    if (!copyRest(db)) return false;
    this.#accept(checkpointMark(db, this.#mark));
    return true;
  }

  /** Whether SQLite has copied the write-ahead log into the database since the last time. */
  #acceptCheckpoint(): boolean {
    const { db } = this.#session;
    const mark = mapErrors(this.#file, () => checkpointMark(db, this.#mark));
    if (this.#mark !== null && !hasCopied(this.#mark, mark, this.#hasCommitted)) return false;
    this.#accept(mark);
    return true;
  }

  #accept(mark: CheckpointMark): void {
    this.#mark = mark;
    this.#hasCommitted = false;
    this.#files?.accept();
  }

  #failed(error: unknown): unknown {
    const mapped = storeError(error, this.#file);
    if (mapped instanceof Database.SqliteError) {
      // A statement that looks at fault may have met a file that another program is writing.
      this.#assertUnchanged(this.#look());
    }
    if (isFull(error)) this.#full = mapped;
    else if (isDiskError(error)) this.#err(mapped as AppError, isReadFailure(error));
    else if (this.#session.db.inTransaction) {
      const sentence = `${this.#file} cannot be used now: a transaction could not be rolled back`;
      this.#err(new AppError('unavailable', sentence, { retryAfterS: 1, cause: error }), false);
    }
    return mapped;
  }

  /** A read that fails again on a new connection is a disk that errs, or damage: the whole file is read to know. */
  #err(error: AppError, isRead: boolean): void {
    const nowMs = performance.now();
    this.#troublesMs = [...this.#troublesMs.filter((ms) => nowMs - ms < OUTAGE_MS), nowMs];
    const delayMs = Math.min(RETRY_FIRST_MS * 2 ** (this.#troublesMs.length - 1), RETRY_LONGEST_MS);
    this.#trouble = { error, retryAtMs: nowMs + delayMs };
    if (!isRead || this.#troublesMs.length < 2 || this.#files === null) return;
    this.#trouble = { error, retryAtMs: Number.POSITIVE_INFINITY };
    void this.#inspect(() => {
      this.#troublesMs = [];
      this.#trouble = { error, retryAtMs: 0 };
    });
  }

  /** Opens another session, if it is time to. @throws {AppError} while the disk errs. */
  #resume({ error, retryAtMs }: Trouble): void {
    if (this.#isClosed || performance.now() < retryAtMs) throw error;
    const sight = this.#look();
    if (sight.kind === 'moved') this.#assertUnchanged(sight);
    try {
      this.#reopen();
      // What an interrupted copying has written is no sign of another program.
      if (this.#files !== null) this.#accept(checkpointMark(this.#session.db, this.#mark));
    } catch (again) {
      const mapped = this.#failed(again);
      throw mapped instanceof AppError ? mapped : error;
    }
    this.#trouble = null;
    this.#lookedMs = 0;
  }

  /** The former session is closed first: it may still hold the write lock. */
  #reopen(): void {
    closeQuietly(this.#session.db);
    const db = openForWriting(this.#file, { mustExist: true });
    try {
      const session = this.#connect(db);
      session.resumeEpoch();
      session.probe();
      assertDurable(db);
      this.#session = session;
    } catch (error) {
      closeQuietly(db);
      throw error;
    }
  }

  /** Inspects the file until the result is certain; then calls `onSound`, or stops. */
  async #inspect(onSound: () => void): Promise<void> {
    if (this.#isInspecting) return;
    this.#isInspecting = true;
    try {
      const damage = await damageOf({
        file: this.#file,
        look: () => this.#look(),
        isClosed: () => this.#isClosed,
        onDoubt: (error) => {
          this.#trouble = { error, retryAtMs: Number.POSITIVE_INFINITY };
        },
      });
      if (damage !== null) this.#stop(damagedSentence(this.#file, damage));
      else if (!this.#isClosed) onSound();
    } catch (error) {
      const mapped = storeError(error, this.#file);
      const known =
        mapped instanceof AppError ? mapped : new AppError('unavailable', String(error), { retryAfterS: 1 });
      this.#trouble = { error: known, retryAtMs: performance.now() + RETRY_LONGEST_MS };
    } finally {
      this.#isInspecting = false;
    }
  }

  #stop(sentence: string): void {
    this.#stopped = new AppError('unavailable', sentence);
  }
}

const UNCHANGED: Sight = { kind: 'unchanged' };
