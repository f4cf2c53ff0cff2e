/**
 * A consistent snapshot of the data of a store over one read-only connection, while the store may be running.
 *
 * The files have no common transaction, so they are read downstream first: order's file is read after those of
 * notification and inventory, and contains every message that they have handled. That makes comparisons between files
 * exact.
 */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type Database from 'better-sqlite3';
import { dataFile, topicFile } from '../../functions/engine.ts';
import { functionModules } from '../../functions/registry.ts';
import { readConfig } from '../../functions/settings.ts';
import { type FunctionName, functionNames } from '../../saga/choreography.ts';
import { connect } from '../../shared/adapters/embedded/connect.ts';
import { OUTBOX_SQL, OUTBOX_VIEW_SQL } from '../../shared/adapters/embedded/outbox-schema.ts';
import { runtimeMigrations } from '../../shared/adapters/embedded/store/runtime-migrations.ts';
import { SqliteStore } from '../../shared/adapters/embedded/store/sqlite-store.ts';
import { assert } from '../../shared/core/assert.ts';
import type { StoreFunction } from '../../shared/runtime/function.ts';
import { readOnlySentence } from '../tools/read-only.ts';
import { StoreError } from '../tools/store-client.ts';

const LOCK_TIMEOUT_MS = 5_000;

/** The names of the attached files in SQL, in the order in which they are read. */
const schemas: readonly Schema[] = [...[...functionNames].reverse(), 'commands'];
/** A function, or the topic that no function writes. */
export type Schema = FunctionName | 'commands';

/** The functions of the store, by name. */
export const functions: ReadonlyMap<string, StoreFunction> = new Map(
  functionModules.map((module) => [module.name, module.create(readConfig({}))]),
);

export interface Snapshot {
  readonly db: Database.Database;
  /** The position of inventory's newest message when all snapshots were taken. */
  readonly inventoryEnd: number;
}

/**
 * Calls `read` with the files attached, each in one read transaction. A function that never started counts as empty.
 * @throws {StoreError} when `dataDir` does not exist, or an older store wrote it last.
 */
export function withSnapshot<Result>(dataDir: string, read: (snapshot: Snapshot) => Result): Result {
  assertFolder(dataDir);
  const scratch = mkdtempSync(join(tmpdir(), 'saga-store-prove-'));
  try {
    const files = schemas.map((schema) => [schema, fileOf(dataDir, schema) ?? emptyFile(scratch, schema)] as const);
    const db = readOnly(emptyFile(scratch, 'commands', 'main'));
    try {
      for (const [schema, file] of files) db.prepare(`ATTACH ? AS "${schema}"`).run(file);
      assertUpToDate(db, dataDir);
      db.exec('BEGIN');
      for (const schema of schemas) db.exec(`SELECT count(*) FROM "${schema}".sqlite_sequence`);
      return read({ db, inventoryEnd: endOf(new Map(files).get('inventory') ?? '') });
    } finally {
      db.close();
    }
  } catch (error) {
    throw unreadable(error, dataDir);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

function assertFolder(dataDir: string): void {
  const found = statSync(dataDir, { throwIfNoEntry: false });
  if (found?.isDirectory() === true) return;
  const where = resolve(dataDir);
  if (found !== undefined) throw new StoreError(`${where} is a file, not a data folder. Set DATA_DIR to a folder.`);
  throw new StoreError(`There is no data folder ${where}. Start the store first, or set DATA_DIR.`);
}

/** What SQLite says of a file that is no database, is damaged, locked or may not be read, as trouble of the data. */
function unreadable(error: unknown, dataDir: string): unknown {
  if (!(error instanceof Error) || error.name !== 'SqliteError') return error;
  const files = schemas.map((schema) => placeOf(dataDir, schema));
  const readOnly = readOnlySentence(error, files);
  if (readOnly !== null) return new StoreError(`The data in ${resolve(dataDir)} cannot be read: ${readOnly}.`);
  const what = `The data in ${resolve(dataDir)} cannot be read: ${error.message}.`;
  return new StoreError(`${what} Is DATA_DIR the folder of a store?`);
}

/** The tables that this program reads exist only after a store of its version has opened the data. */
function assertUpToDate(db: Database.Database, dataDir: string): void {
  for (const [schema, { migrations }] of functions) {
    const steps = runtimeMigrations.length + migrations.sqlite.length;
    const done = db.prepare(`SELECT count(*) FROM "${schema}".migration`).pluck().get();
    if (Number(done) >= steps) continue;
    const what = `The data of ${schema} in ${resolve(dataDir)} was written by an older store.`;
    throw new StoreError(`${what} Start this version on it once to migrate it.`);
  }
}

function readOnly(file: string): Database.Database {
  return connect(file, { readonly: true, fileMustExist: true, timeout: LOCK_TIMEOUT_MS });
}

function placeOf(dataDir: string, schema: Schema): string {
  return schema === 'commands' ? topicFile(dataDir, 'order-commands') : dataFile(dataDir, schema);
}

/** Null where there is no file, or the file has no tables yet. */
function fileOf(dataDir: string, schema: Schema): string | null {
  const file = placeOf(dataDir, schema);
  if (!existsSync(file)) return null;
  const db = readOnly(file);
  try {
    return db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'outbox'").get() === undefined ? null : file;
  } finally {
    db.close();
  }
}

function emptyFile(folder: string, schema: Schema, name: string = schema): string {
  const file = join(folder, `${name}.db`);
  if (schema !== 'commands') {
    const fn = functions.get(schema);
    assert(fn !== undefined, `there is no function ${schema}`);
    const store = SqliteStore.open({ name: schema, file, tables: fn.tables, migrations: fn.migrations.sqlite });
    void store.close();
    return file;
  }
  const db = connect(file, {});
  db.exec(`${OUTBOX_SQL};${OUTBOX_VIEW_SQL}`);
  db.close();
  return file;
}

function endOf(file: string): number {
  const db = readOnly(file);
  try {
    const end = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'").pluck().get();
    return typeof end === 'number' ? end : 0;
  } finally {
    db.close();
  }
}
