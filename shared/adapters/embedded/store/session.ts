import type Database from 'better-sqlite3';
import { CLIENT_SOURCE } from '../../../core/message.ts';
import type {
  Commit,
  Lane,
  Loaded,
  Need,
  OutboxRow,
  Position,
  Query,
  StoredWrite,
  Table,
} from '../../../ports/store.ts';
import { timeTables } from '../../../ports/tables/believed-time.ts';
import { inbox, inboxWatermarks, readMarks, readPositions, type StoredPosition } from '../../../ports/tables/inbox.ts';
import { outbox, outboxHeads, outboxTexts, topicEpochs } from '../../../ports/tables/outbox.ts';
import { retryTables } from '../../../ports/tables/retry.ts';
import { BulkInsert } from './bulk-insert.ts';
import { type UpdatedTable, Updates } from './bulk-update.ts';
import { guardedWork } from './guarded-work.ts';
import { OutboxWriter } from './outbox-writer.ts';
import { SeenIds } from './seen-ids.ts';
import { countSql, querySql, type SqlValue, shapeOf, type TableSql, tableSql } from './statements.ts';

type PositionRow = StoredPosition & { readonly proof: string | null };
const POSITIONS_SQL = 'SELECT topic, partition, position, epoch, proof FROM position';

type Statement = Database.Statement<unknown[], unknown>;
interface TableStatements extends Omit<TableSql, 'isEmpty' | 'remove'>, UpdatedTable {
  readonly selectRows: Statement;
  readonly isEmpty: Statement;
  readonly insert: BulkInsert;
  readonly remove: Statement;
  /** By their shape; per table, because two tables may read different columns of the same rows. */
  readonly queries: Map<string, Statement>;
}

/**
 * Everything that belongs to one connection: its statements and what it knows of the rows. After an error of the disk a
 * store goes on with another session, because a connection may keep what a failed read returned.
 */
export class StoreSession {
  readonly db: Database.Database;
  readonly #consumer: string;
  readonly #tables: ReadonlyMap<Table, TableStatements>;
  readonly #statements: ReturnType<typeof prepareStatements>;
  readonly #seen: SeenIds;
  readonly #inboxInsert: BulkInsert;
  readonly #outbox: OutboxWriter;
  /** Sparse tables that this transaction has read, and whether they are empty. */
  readonly #empty = new Map<Table, boolean>();

  /** `name`: the function that owns the data. */
  constructor(db: Database.Database, { name, tables }: { readonly name: string; readonly tables: readonly Table[] }) {
    this.db = db;
    this.#consumer = name;
    this.#statements = prepareStatements(db);
    this.#seen = new SeenIds(db, name);
    this.#inboxInsert = new BulkInsert(db, 'inbox', ['consumer', 'source', 'id', 'fingerprint', 'seen_day']);
    this.#outbox = new OutboxWriter(db);
    this.#tables = new Map(
      [...tablesNotCleared, ...tables, ...retryTables, outbox].map((table) => {
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

  /** Begins a new epoch of the outbox's writer. */
  beginEpoch(): void {
    this.#outbox.begin();
  }

  /** Goes on in the epoch that this process has begun. */
  resumeEpoch(): void {
    this.#outbox.resume();
  }

  transact<Result extends Commit>(work: (loaded: Loaded) => Result): Result {
    const { begin, commit, rollback } = this.#statements;
    try {
      begin.run();
      this.#empty.clear();
      const loaded: Loaded = {
        rows: (need) => this.#rows(need),
        seen: (key) => this.#seen.fingerprintOf(key),
        position: (place) => this.#positionOf(place),
      };
      const result = guardedWork(this.db, loaded, work);
      const outbox = this.#apply(result);
      commit.run();
      return outbox === result.outbox ? result : { ...result, outbox };
    } catch (error) {
      // SQLite may have rolled back by itself (disk full, input/output error).
      if (this.db.inTransaction) attempt(() => rollback.run());
      throw error;
    }
  }

  find<Row extends object>(query: Query<Row>): readonly Row[] {
    const { table, where = {}, atMost = {}, after = [], limit } = query as Query<object>;
    const shape = shapeOf(query as Query<object>);
    const { revive, queries } = this.#tableOf(table);
    let statement = queries.get(shape);
    if (statement === undefined) {
      statement = this.db.prepare(querySql(query as Query<object>)).raw();
      queries.set(shape, statement);
    }
    const rows = statement.all(...Object.values(where), ...Object.values(atMost), ...after, limit);
    return rows.map((row) => revive(row as SqlValue[]) as Row);
  }

  positions(): readonly Position[] {
    return (this.db.prepare(POSITIONS_SQL).all() as PositionRow[]).map(positionIn);
  }

  count<Row extends object>(table: Table<Row>, where: Partial<Row>, fixed: Partial<Row>): number {
    const statement = this.db.prepare(countSql(table as Table, Object.keys(where), fixed)).pluck();
    return statement.get(...Object.values(where)) as number;
  }

  clear(positions: readonly Position[]): void {
    this.db
      .transaction(() => {
        for (const [table, { clear }] of [...this.#tables].reverse())
          if (!tablesNotCleared.includes(table)) this.db.exec(clear);
        this.db.prepare('DELETE FROM inbox WHERE source = ?').run(CLIENT_SOURCE);
        this.#savePositions(positions);
      })
      .immediate();
  }

  /** Takes the write lock for a moment. */
  check(): void {
    this.#statements.begin.run();
    this.#statements.rollback.run();
  }

  /** Reads from the file and makes a commit that changes nothing. @throws {SqliteError} when the disk cannot. */
  probe(): void {
    this.db
      .transaction(() => {
        for (const { isEmpty } of this.#tables.values()) isEmpty.get();
        // Writes the first page, with the value that it has.
        this.db.pragma(`user_version = ${Number(this.db.pragma('user_version', { simple: true }))}`);
      })
      .immediate();
  }

  /** Returns the outbox with its positions. */
  #apply({ writes, inbox, outbox, positions }: Commit): readonly OutboxRow[] {
    const inserts = new Map<TableStatements, SqlValue[][]>();
    const updates = new Updates(this.db);
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

  #positionOf({ topic, partition }: Lane): Position | null {
    const row = this.#statements.selectPosition.get(topic, partition) as PositionRow | undefined;
    return row === undefined ? null : positionIn(row);
  }

  #savePositions(positions: readonly Position[]): void {
    for (const { topic, partition, position, epoch = '', proof = null } of positions) {
      this.#statements.savePosition.run(topic, partition, position, epoch, proof);
    }
  }

  #tableOf(table: Table): TableStatements {
    const statements = this.#tables.get(table);
    if (statements === undefined) throw new Error(`${this.#consumer} has no table ${table.name}`);
    return statements;
  }
}

/** The tables that `clear` does not empty: it leaves them, or removes some of their rows. */
const tablesNotCleared: readonly Table[] = [
  inbox as Table,
  readPositions as Table,
  inboxWatermarks as Table,
  readMarks as Table,
  topicEpochs as Table,
  outboxTexts as object as Table,
  outboxHeads as object as Table,
  ...(timeTables as readonly object[] as readonly Table[]),
];

function positionIn({ epoch, proof, ...place }: PositionRow): Position {
  return { ...place, ...(epoch === '' ? {} : { epoch }), ...(proof === null ? {} : { proof }) };
}

/** The error that led here counts; a connection that stays in its transaction is given up. */
function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // See above.
  }
}

function prepareStatements(db: Database.Database) {
  const prepare = (sql: string): Database.Statement<SqlValue[], unknown> => db.prepare(sql);
  return {
    begin: prepare('BEGIN IMMEDIATE'),
    commit: prepare('COMMIT'),
    rollback: prepare('ROLLBACK'),
    selectPosition: prepare(`${POSITIONS_SQL} WHERE topic = ? AND partition = ?`),
    savePosition: prepare(
      `INSERT INTO position (topic, partition, position, epoch, proof) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (topic, partition)
       DO UPDATE SET position = excluded.position, epoch = excluded.epoch, proof = excluded.proof`,
    ),
  };
}
