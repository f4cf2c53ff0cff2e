import { statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { CLIENT_SOURCE } from '../../../core/message.ts';
import type { Migration } from '../../../ports/migration.ts';
import type {
  Commit,
  InboxKey,
  Loaded,
  Need,
  OutboxRow,
  Position,
  Query,
  Store,
  StoredWrite,
  Table,
} from '../../../ports/store.ts';
import { inbox, inboxWatermarks, readPositions } from '../../../ports/tables/inbox.ts';
import { outbox, topicEpochs } from '../../../ports/tables/outbox.ts';
import { retryTables } from '../../../ports/tables/retry.ts';
import { BulkInsert } from './bulk-insert.ts';
import { type UpdatedTable, Updates } from './bulk-update.ts';
import { assertDurable, holdExclusively, openForWriting, storeError } from './database.ts';
import { guardedWork } from './guarded-work.ts';
import { migrate } from './migrate.ts';
import { OutboxWriter } from './outbox-writer.ts';
import { runtimeMigrations } from './runtime-migrations.ts';
import { SeenIds } from './seen-ids.ts';
import { countSql, querySql, type SqlValue, shapeOf, type TableSql, tableSql } from './statements.ts';

type Statement = Database.Statement<unknown[], unknown>;
interface TableStatements extends Omit<TableSql, 'isEmpty' | 'remove'>, UpdatedTable {
  readonly selectRows: Statement;
  readonly isEmpty: Statement;
  readonly insert: BulkInsert;
  readonly remove: Statement;
  /** By their shape; per table, because two tables may read different columns of the same rows. */
  readonly queries: Map<string, Statement>;
}

export interface SqliteStoreOptions {
  /** The function that owns the data; also the consumer in the inbox. */
  readonly name: string;
  /** The database file; `:memory:` for a test. */
  readonly file: string;
  readonly tables: readonly Table[];
  readonly migrations: readonly Migration[];
}

/** SQLite's own limit (`SQLITE_MAX_PAGE_COUNT`). */
const PAGES_MAX = 4_294_967_294;

/** The database of one function in one SQLite file, written by one process. */
export class SqliteStore implements Store {
  readonly features = { severalInstances: false, returnsPositions: true };
  readonly #db: Database.Database;
  readonly #lock: { close(): void } | null;
  readonly #consumer: string;
  readonly #tables: ReadonlyMap<Table, TableStatements>;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #seen: SeenIds;
  readonly #inboxInsert: BulkInsert;
  readonly #outbox: OutboxWriter;
  /** Sparse tables that this transaction has read, and whether they are empty. */
  readonly #empty = new Map<Table, boolean>();

  /** @throws {AppError} `conflict` when another process holds the file, or its schema does not match this program. */
  static open(options: SqliteStoreOptions): SqliteStore {
    const { name, file } = options;
    const lock = file === ':memory:' ? null : holdExclusively(`${file}.lock`, name);
    try {
      const db = openForWriting(file);
      migrate(db, 'runtime', runtimeMigrations);
      migrate(db, name, options.migrations);
      const store = new SqliteStore(db, lock, options);
      if (file !== ':memory:') store.#begin();
      return store;
    } catch (error) {
      lock?.close();
      throw storeError(error);
    }
  }

  private constructor(db: Database.Database, lock: { close(): void } | null, options: SqliteStoreOptions) {
    this.#db = db;
    this.#lock = lock;
    this.#consumer = options.name;
    this.#statements = prepareStatements(db);
    this.#seen = new SeenIds(db, options.name);
    this.#inboxInsert = new BulkInsert(db, 'inbox', ['consumer', 'source', 'id', 'fingerprint', 'seen_day']);
    this.#outbox = new OutboxWriter(db);
    this.#tables = new Map(
      [...tablesNotCleared, ...options.tables, ...retryTables, outbox].map((table) => {
        const sql = tableSql(table);
        return [
          table,
          {
            ...sql,
            selectRows: db.prepare(sql.select).raw(),
            isEmpty: db.prepare(sql.isEmpty).pluck(),
            insert: new BulkInsert(db, table.name, sql.insertColumns, table.skipsExisting),
            remove: db.prepare(sql.remove),
            updates: new Map(),
            queries: new Map(),
          },
        ];
      }),
    );
  }

  /** The open database, for features of this engine: pragmas in tests, and backups while it runs. */
  get database(): Database.Database {
    return this.#db;
  }

  /** For tests: with `noRoom` the file cannot grow from now on, as on a full disk. */
  simulateNoRoom(noRoom: boolean): void {
    const pages = noRoom ? Number(this.#db.pragma('page_count', { simple: true })) : PAGES_MAX;
    this.#db.pragma(`max_page_count = ${pages}`);
  }

  /** The size of the write-ahead log. It grows large only while another process keeps a transaction open. */
  walBytes(): number {
    return statSync(`${this.#db.name}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  }

  async transact<Result extends Commit>(
    _needs: readonly Need[],
    _inbox: readonly InboxKey[],
    work: (loaded: Loaded) => Result,
  ): Promise<Result> {
    const { begin, commit } = this.#statements;
    try {
      begin.run();
      this.#empty.clear();
      const loaded: Loaded = { rows: (need) => this.#rows(need), seen: (key) => this.#seen.fingerprintOf(key) };
      const result = guardedWork(this.#db, loaded, work);
      const outbox = this.#apply(result);
      commit.run();
      return outbox === result.outbox ? result : { ...result, outbox };
    } catch (error) {
      // SQLite may have rolled back by itself (disk full, input/output error).
      if (this.#db.inTransaction) this.#statements.rollback.run();
      throw storeError(error);
    }
  }

  async find<Row extends object>(query: Query<Row>): Promise<readonly Row[]> {
    const { table, where = {}, atMost = {}, after = [], limit } = query as Query<object>;
    const shape = shapeOf(query as Query<object>);
    const { revive, queries } = this.#tableOf(table);
    let statement = queries.get(shape);
    if (statement === undefined) {
      statement = mapErrors(() => this.#db.prepare(querySql(query as Query<object>)).raw());
      queries.set(shape, statement);
    }
    const found = statement;
    const rows = mapErrors(() => found.all(...Object.values(where), ...Object.values(atMost), ...after, limit));
    return rows.map((row) => revive(row as SqlValue[]) as Row);
  }

  async positions(): Promise<readonly Position[]> {
    const rows = this.#db.prepare('SELECT topic, partition, position, epoch FROM position').all();
    return (rows as Required<Position>[]).map(({ epoch, ...place }) => (epoch === '' ? place : { ...place, epoch }));
  }

  async count<Row extends object>(table: Table<Row>, where: Partial<Row> = {}): Promise<number> {
    const sql = countSql(table as Table, Object.keys(where));
    return mapErrors(() =>
      this.#db
        .prepare(sql)
        .pluck()
        .get(...Object.values(where)),
    ) as number;
  }

  async clear(positions: readonly Position[]): Promise<void> {
    mapErrors(() =>
      this.#db
        .transaction(() => {
          for (const [table, { clear }] of [...this.#tables].reverse())
            if (!tablesNotCleared.includes(table)) this.#db.exec(clear);
          this.#db.prepare('DELETE FROM inbox WHERE source = ?').run(CLIENT_SOURCE);
          this.#savePositions(positions);
        })
        .immediate(),
    );
  }

  async check(): Promise<void> {
    mapErrors(() => {
      this.#statements.begin.run();
      this.#statements.rollback.run();
    });
  }

  async close(): Promise<void> {
    this.#db.close();
    this.#lock?.close();
  }

  /** Returns the outbox with its positions. */
  #apply({ writes, inbox, outbox, positions }: Commit): readonly OutboxRow[] {
    const inserts = new Map<TableStatements, SqlValue[][]>();
    const updates = new Updates(this.#db);
    for (const write of writes) this.#write(write, inserts, updates);
    updates.flush();
    for (const [{ insert }, rows] of inserts) insert.insert(rows);
    for (const row of inbox) this.#seen.add(row);
    this.#inboxInsert.insert(
      inbox.map(({ source, id, fingerprint, seenDay }) => [this.#consumer, source, id, fingerprint, seenDay]),
    );
    this.#savePositions(positions);
    return this.#outbox.append(outbox);
  }

  /** Updates or removes a stored row; collects a new one in `inserts`, with the others of its table. */
  #write(
    { table, row, stored, removed }: StoredWrite,
    inserts: Map<TableStatements, SqlValue[][]>,
    updates: Updates,
  ): void {
    const statements = this.#tableOf(table);
    if (removed === true) {
      if (stored === null) return;
      updates.flush();
      statements.remove.run(statements.keyValues(row));
    } else if (stored === null) {
      const rows = inserts.get(statements);
      if (rows === undefined) inserts.set(statements, [statements.values(row)]);
      else rows.push(statements.values(row));
    } else updates.add(statements, stored, row);
  }

  #rows({ table, values }: Need): readonly object[] {
    const { selectRows, revive, isEmpty } = this.#tableOf(table);
    if (table.sparse) {
      const empty = this.#empty.get(table) ?? isEmpty.get() === 1;
      this.#empty.set(table, empty);
      if (empty) return [];
    }
    return selectRows.all(...values).map((row) => revive(row as SqlValue[]));
  }

  #savePositions(positions: readonly Position[]): void {
    for (const { topic, partition, position, epoch = '' } of positions) {
      this.#statements.savePosition.run(topic, partition, position, epoch);
    }
  }

  #tableOf(table: Table): TableStatements {
    const statements = this.#tables.get(table);
    if (statements === undefined) throw new Error(`${this.#consumer} has no table ${table.name}`);
    return statements;
  }

  /** Makes the first write, so that `synchronous` is asserted before the first order. */
  #begin(): void {
    this.#outbox.begin();
    assertDurable(this.#db);
  }
}

/** The tables that {@link Store.clear} does not empty: it leaves them, or removes some of their rows. */
const tablesNotCleared: readonly Table[] = [
  inbox as Table,
  readPositions as Table,
  inboxWatermarks as Table,
  topicEpochs as Table,
];

function mapErrors<Result>(work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw storeError(error);
  }
}

function prepareStatements(db: Database.Database) {
  const prepare = (sql: string): Database.Statement<SqlValue[], unknown> => db.prepare(sql);
  return {
    begin: prepare('BEGIN IMMEDIATE'),
    commit: prepare('COMMIT'),
    rollback: prepare('ROLLBACK'),
    savePosition: prepare(
      `INSERT INTO position (topic, partition, position, epoch) VALUES (?, ?, ?, ?)
       ON CONFLICT (topic, partition) DO UPDATE SET position = excluded.position, epoch = excluded.epoch`,
    ),
  };
}
