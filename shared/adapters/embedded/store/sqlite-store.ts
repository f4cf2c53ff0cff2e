import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { AppError } from '../../../core/errors.ts';
import type { Migration } from '../../../ports/migration.ts';
import type { Relayed } from '../../../ports/relayed.ts';
import type { Commit, Loaded, Position, Query, Store, Table, UnitOfWork } from '../../../ports/store.ts';
import { isLocked, isReadFailure, storeError } from '../store-error.ts';
import { assertDurable, holdExclusively, openForWriting } from './database.ts';
import { GuardedSession } from './guarded-session.ts';
import { inspectFileNow } from './inspect-file.ts';
import { damagedSentence } from './inspection.ts';
import { LogHome } from './log-home.ts';
import { migrate } from './migrate.ts';
import { type Held, holdPath } from './path-lock.ts';
import { RelayRows } from './relay-rows.ts';
import { runtimeMigrations } from './runtime-migrations.ts';
import { StoreSession } from './session.ts';
import { SoleLeases } from './sole-leases.ts';

export interface SqliteStoreOptions {
  /** The function that owns the data; also the consumer in the inbox. */
  readonly name: string;
  /** The database file; `:memory:` for a test. */
  readonly file: string;
  readonly tables: readonly Table[];
  readonly migrations: readonly Migration[];
  /** Called with a sentence when the store starts with less protection than usual. */
  readonly onWarning?: (sentence: string) => void;
}

/** SQLite's own limit (`SQLITE_MAX_PAGE_COUNT`). */
const PAGES_MAX = 4_294_967_294;
/** A larger file is not checked at the start, which would take seconds; reads show damage later. */
const CHECKED_BYTES_MAX = 256 * 1_024 * 1_024;

/** The database of one function in one SQLite file, written by one process. */
export class SqliteStore implements Store {
  readonly features = { severalInstances: false, returnsPositions: true };
  readonly #file: string;
  readonly #locks: readonly Held[];
  readonly #guarded: GuardedSession;
  #hasNoRoom = false;
  /** Why nothing may be written, where another process has taken a lock of this store. */
  #lostLock: string | null = null;

  /**
   * @throws {AppError} `conflict` when another process holds the file, or its schema does not match this program;
   * `unavailable` when the file is damaged.
   */
  static open(options: SqliteStoreOptions): SqliteStore {
    const locks: Held[] = [];
    try {
      if (options.file !== ':memory:') holdAll(options, locks);
      return new SqliteStore(openSession(options), locks, options);
    } catch (error) {
      for (const lock of locks) lock.close();
      throw startError(error, options.file);
    }
  }

  private constructor(session: StoreSession, locks: readonly Held[], options: SqliteStoreOptions) {
    this.#file = options.file;
    this.#locks = locks;
    this.#guarded = new GuardedSession(options.file, session, (db) => {
      const again = new StoreSession(db, options);
      if (this.#hasNoRoom) limitPages(db, true);
      return again;
    });
  }

  /** The open database, for features of this engine: pragmas in tests, and backups while it runs. */
  get database(): Database.Database {
    return this.#guarded.current.db;
  }

  /** What was sent of the outbox, where a relay sends it to a log elsewhere. */
  get relayed(): Relayed {
    return new RelayRows(this.#guarded);
  }

  /** One process writes, so it has every lease. */
  get leases(): SoleLeases {
    return new SoleLeases(this.#guarded);
  }

  /** Which log the messages of the function are in. */
  get home(): LogHome {
    return new LogHome(this.#guarded);
  }

  /** For tests: with `noRoom` the file cannot grow from now on, as on a full disk. */
  simulateNoRoom(noRoom: boolean): void {
    this.#hasNoRoom = noRoom;
    this.#guarded.use(({ db }) => limitPages(db, noRoom));
  }

  /** The size of the write-ahead log. It grows large only while another process keeps a transaction open. */
  walBytes(): number {
    try {
      return statSync(`${this.#file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
    } catch {
      // The other figures of the function are read all the same; `check` says what is wrong with the disk.
      return Number.NaN;
    }
  }

  /** Rows are read when `work` asks for them. This process alone writes the file, so they cannot change meanwhile. */
  async transact<Result extends Commit>(_unit: UnitOfWork, work: (loaded: Loaded) => Result): Promise<Result> {
    if (this.#lostLock !== null) throw new AppError('unavailable', this.#lostLock, { retryAfterS: 1 });
    return this.#guarded.commit((session) => session.transact(work));
  }

  async find<Row extends object>(query: Query<Row>): Promise<readonly Row[]> {
    return this.#guarded.use((session) => session.find(query));
  }

  async positions(): Promise<readonly Position[]> {
    return this.#guarded.use((session) => session.positions());
  }

  async count<Row extends object>(
    table: Table<Row>,
    where: Partial<Row> = {},
    fixed: Partial<Row> = {},
  ): Promise<number> {
    return this.#guarded.use((session) => session.count(table, where, fixed));
  }

  async clear(positions: readonly Position[]): Promise<void> {
    this.#guarded.commit((session) => session.clear(positions));
  }

  async check(): Promise<void> {
    this.#guarded.check();
  }

  unavailableReason(): string | null {
    return this.#guarded.unavailableReason() ?? this.#lockReason();
  }

  /** Takes locks again whose files were removed; null unless another process has taken one meanwhile. */
  #lockReason(): string | null {
    this.#lostLock = null;
    try {
      for (const lock of this.#locks) lock.renew();
    } catch (error) {
      // Where a lock cannot be taken for another reason, no other process has it.
      if (isLocked(error))
        this.#lostLock = `another process runs on ${this.#file} since its lock was removed; stop one`;
    }
    return this.#lostLock;
  }

  async close(): Promise<void> {
    this.#guarded.close();
    for (const lock of this.#locks) lock.close();
  }
}

/** The path first: where it is held, no folder may be created on it. */
function holdAll({ name, file, onWarning }: SqliteStoreOptions, locks: Held[]): void {
  try {
    locks.push(holdPath(file, name));
  } catch (error) {
    if (error instanceof AppError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    onWarning?.(`the path ${file} is not locked, so another store could start there if its data are moved: ${why}`);
  }
  locks.push(holdExclusively(file, name));
}

function openSession(options: SqliteStoreOptions): StoreSession {
  const { name, file, migrations } = options;
  assertNotEmptied(file);
  const db = openForWriting(file);
  try {
    assertSound(db, file);
    migrate(db, { runtime: runtimeMigrations, [name]: migrations });
    const session = new StoreSession(db, options);
    if (file !== ':memory:') {
      // The first write, so that `synchronous` is asserted before the first message.
      session.beginEpoch();
      assertDurable(db);
    }
    return session;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** SQLite would take it for a new database, and remove the log with what was acknowledged. */
function assertNotEmptied(file: string): void {
  const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (sizeOf(file) > 0 || sizeOf(`${file}-wal`) === 0) return;
  throw new AppError('unavailable', damagedSentence(file, 'the file is empty, and its write-ahead log is not'));
}

/** @throws {AppError} when the structure of the file is damaged. */
function assertSound(db: Database.Database, file: string): void {
  const pages = Number(db.pragma('page_count', { simple: true })) * Number(db.pragma('page_size', { simple: true }));
  if (file === ':memory:' || pages > CHECKED_BYTES_MAX) return;
  if (db.pragma('quick_check(1)', { simple: true }) !== 'ok') throw damageError(file);
}

/** An error of the file system is the caller's to name: the folder may be a wrong setting. */
function startError(error: unknown, file: string): unknown {
  if (error instanceof Error && 'syscall' in error) return error;
  return isReadFailure(error) ? damageError(file) : storeError(error, file);
}

/** The reason, from a process that cached nothing: a disk that errs may look like damage. */
function damageError(file: string): AppError {
  const { kind, detail } = inspectFileNow(file);
  if (kind === 'damaged') return new AppError('unavailable', damagedSentence(file, detail));
  return new AppError('unavailable', `${file} cannot be read: ${kind === 'sound' ? 'the disk errs' : detail}`);
}

function limitPages(db: Database.Database, noRoom: boolean): void {
  const pages = noRoom ? Number(db.pragma('page_count', { simple: true })) : PAGES_MAX;
  db.pragma(`max_page_count = ${pages}`);
}
