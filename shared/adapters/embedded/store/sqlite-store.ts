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
  /** By their shape; of this table alone, because another one may show other columns of the same rows. */
  readonly queries: Map<string, Statement>;
}

export interface SqliteStoreOptions {
  /** The function whose data it is; also the name under which the inbox remembers. */
  readonly name: string;
  /** The database file; `:memory:` for a test. */
  readonly file: string;
  readonly tables: readonly Table[];
  readonly migrations: readonly Migration[];
}

/** SQLite's own limit (`SQLITE_MAX_PAGE_COUNT`). */
const PAGES_MAX = 4_294_967_294;

/** The database of one function in one SQLite file, with one process writing it. */
export class SqliteStore implements Store {
  readonly features = { severalInstances: false, tellsPositions: true };
  readonly #db: Database.Database;
  readonly #hold: { close(): void } | null;
  readonly #consumer: string;
  readonly #tables: ReadonlyMap<Table, TableStatements>;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #seen: SeenIds;
  readonly #remember: BulkInsert;
  readonly #outbox: OutboxWriter;
  /** Sparse tables in which this transaction has looked, and whether they are empty. */
  readonly #empty = new Map<Table, boolean>();

  /** @throws {AppError} `conflict` when another process has the file, or its schema is not ours. */
  static open(options: SqliteStoreOptions): SqliteStore {
    const { name, file } = options;
    const hold = file === ':memory:' ? null : holdExclusively(`${file}.lock`, name);
    try {
      const db = openForWriting(file);
      migrate(db, 'runtime', runtimeMigrations);
      migrate(db, name, options.migrations);
      const store = new SqliteStore(db, hold, options);
      if (file !== ':memory:') store.#begin();
      return store;
    } catch (error) {
      hold?.close();
      throw storeError(error);
    }
  }

  private constructor(db: Database.Database, hold: { close(): void } | null, options: SqliteStoreOptions) {
    this.#db = db;
    this.#hold = hold;
    this.#consumer = options.name;
    this.#statements = prepareStatements(db);
    this.#seen = new SeenIds(db, options.name);
    this.#remember = new BulkInsert(db, 'inbox', ['consumer', 'source', 'id', 'fingerprint', 'seen_day']);
    this.#outbox = new OutboxWriter(db);
    this.#tables = new Map(
      [...keptTables, ...options.tables, ...retryTables, outbox].map((table) => {
        const sql = tableSql(table);
        return [
          table,
          {
            ...sql,
            selectRows: db.prepare(sql.select).raw(),
            isEmpty: db.prepare(sql.isEmpty).pluck(),
            insert: new BulkInsert(db, table.name, sql.insertColumns, table.keepsFirst),
            remove: db.prepare(sql.remove),
            updates: new Map(),
            queries: new Map(),
          },
        ];
      }),
    );
  }

  /** The open database, for what only this engine has: pragmas in tests, and copies while it runs. */
  get database(): Database.Database {
    return this.#db;
  }

  /** For tests: with `noRoom` the file may not grow from now on, as on a full disk. */
  simulateNoRoom(noRoom: boolean): void {
    const pages = noRoom ? Number(this.#db.pragma('page_count', { simple: true })) : PAGES_MAX;
    this.#db.pragma(`max_page_count = ${pages}`);
  }

  /** Of the write-ahead log. It grows past some pages only while somebody outside keeps a transaction open. */
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
      statement = inWordsOfThePort(() => this.#db.prepare(querySql(query as Query<object>)).raw());
      queries.set(shape, statement);
    }
    const found = statement;
    const rows = inWordsOfThePort(() => found.all(...Object.values(where), ...Object.values(atMost), ...after, limit));
    return rows.map((row) => revive(row as SqlValue[]) as Row);
  }

  async positions(): Promise<readonly Position[]> {
    const rows = this.#db.prepare('SELECT topic, partition, position, epoch FROM position').all();
    return (rows as Required<Position>[]).map(({ epoch, ...place }) => (epoch === '' ? place : { ...place, epoch }));
  }

  async count<Row extends object>(table: Table<Row>, where: Partial<Row> = {}): Promise<number> {
    const sql = countSql(table as Table, Object.keys(where));
    return inWordsOfThePort(() =>
      this.#db
        .prepare(sql)
        .pluck()
        .get(...Object.values(where)),
    ) as number;
  }

  async clear(positions: readonly Position[]): Promise<void> {
    inWordsOfThePort(() =>
      this.#db
        .transaction(() => {
          for (const [table, { clear }] of [...this.#tables].reverse())
            if (!keptTables.includes(table)) this.#db.exec(clear);
          this.#db.prepare('DELETE FROM inbox WHERE source = ?').run(CLIENT_SOURCE);
          this.#savePositions(positions);
        })
        .immediate(),
    );
  }

  async check(): Promise<void> {
    inWordsOfThePort(() => {
      this.#statements.begin.run();
      this.#statements.rollback.run();
    });
  }

  async close(): Promise<void> {
    this.#db.close();
    this.#hold?.close();
  }

  /** Gives the outbox with where it lies. */
  #apply({ writes, inbox, outbox, positions }: Commit): readonly OutboxRow[] {
    const inserts = new Map<TableStatements, SqlValue[][]>();
    const updates = new Updates(this.#db);
    for (const write of writes) this.#write(write, inserts, updates);
    updates.flush();
    for (const [{ insert }, rows] of inserts) insert.insert(rows);
    for (const row of inbox) this.#seen.add(row);
    this.#remember.insert(
      inbox.map(({ source, id, fingerprint, seenDay }) => [this.#consumer, source, id, fingerprint, seenDay]),
    );
    this.#savePositions(positions);
    return this.#outbox.append(outbox);
  }

  /** Updates or removes a row that is there; a new one waits in `inserts` for the others of its table. */
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
      const known = this.#empty.get(table) ?? isEmpty.get() === 1;
      this.#empty.set(table, known);
      if (known) return [];
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

  /** The first write, so that `synchronous` can be asserted before the first order. */
  #begin(): void {
    this.#outbox.begin();
    assertDurable(this.#db);
  }
}

/** What {@link Store.clear} leaves alone, or removes in part. */
const keptTables: readonly Table[] = [
  inbox as Table,
  readPositions as Table,
  inboxWatermarks as Table,
  topicEpochs as Table,
];

function inWordsOfThePort<Result>(work: () => Result): Result {
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
