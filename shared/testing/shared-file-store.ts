import type Database from 'better-sqlite3';
import { openForWriting } from '../adapters/embedded/store/database.ts';
import { migrate } from '../adapters/embedded/store/migrate.ts';
import { runtimeMigrations } from '../adapters/embedded/store/runtime-migrations.ts';
import { StoreSession } from '../adapters/embedded/store/session.ts';
import type { Commit, Loaded, Position, Query, Store, Table, UnitOfWork } from '../ports/store.ts';
import type { StoreFunction } from '../runtime/function.ts';

/** What may happen around a call of the store, as a test decides: time passes in which others commit, or the call fails. */
export interface Seams {
  before(call: 'transact' | 'read'): Promise<void>;
  /** After a commit: when it throws, the caller does not learn of it. */
  after(): void;
}

/**
 * The data of a function in a SQLite file that several of these have open, as several instances have a database: without the
 * lock that keeps others out, and with everything forgotten that was known of the file when another one has committed.
 */
export class SharedFileStore implements Store {
  readonly features = { severalInstances: true, returnsPositions: false };
  readonly #db: Database.Database;
  readonly #options: { readonly name: string; readonly tables: readonly Table[] };
  readonly #seams: Seams;
  #session: StoreSession;
  #version: unknown;

  /** Each start begins an epoch of the outbox, as that of any other store. */
  constructor({ name, tables, migrations }: StoreFunction, file: string, seams: Seams) {
    this.#db = openForWriting(file);
    // What a power cut would do is not tested here.
    this.#db.pragma('synchronous = OFF');
    migrate(this.#db, { runtime: runtimeMigrations, [name]: migrations.sqlite });
    this.#options = { name, tables };
    this.#seams = seams;
    this.#session = new StoreSession(this.#db, this.#options);
    this.#session.beginEpoch();
    this.#version = this.#dataVersion();
  }

  async transact<Result extends Commit>(_unit: UnitOfWork, work: (loaded: Loaded) => Result): Promise<Result> {
    await this.#seams.before('transact');
    const result = this.#current().transact(work);
    this.#seams.after();
    return { ...result, outbox: result.outbox.map(({ topic, message }) => ({ topic, message })) };
  }

  async find<Row extends object>(query: Query<Row>): Promise<readonly Row[]> {
    await this.#seams.before('read');
    return this.#current().find(query);
  }

  async positions(): Promise<readonly Position[]> {
    await this.#seams.before('read');
    return this.#current().positions();
  }

  async count<Row extends object>(
    table: Table<Row>,
    where: Partial<Row> = {},
    fixed: Partial<Row> = {},
  ): Promise<number> {
    await this.#seams.before('read');
    return this.#current().count(table, where, fixed);
  }

  async clear(positions: readonly Position[]): Promise<void> {
    this.#current().clear(positions);
  }

  async check(): Promise<void> {}

  unavailableReason(): string | null {
    return null;
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #current(): StoreSession {
    const version = this.#dataVersion();
    if (version !== this.#version) {
      this.#session = new StoreSession(this.#db, this.#options);
      this.#session.resumeEpoch();
      this.#version = version;
    }
    return this.#session;
  }

  /** Changes when another connection has committed. */
  #dataVersion(): unknown {
    return this.#db.pragma('data_version', { simple: true });
  }
}
