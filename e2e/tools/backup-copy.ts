/**
 * Copies the files of a store as of one moment, and reads each copy back.
 *
 * Each file alone could be copied at any time, but the files refer to one another. So the write locks of all files are
 * held during the copy: writes of the store wait for some seconds at most, then callers are told to try again. The
 * locks are released however the process ends.
 */
import { existsSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { dataFile, topicFile } from '../../functions/engine.ts';
import { functionModules } from '../../functions/registry.ts';
import { publicTopics } from '../../saga/choreography.ts';
import { connect } from '../../shared/adapters/embedded/connect.ts';
import { flush, makeDurableFolder } from '../../shared/adapters/embedded/store/durable-folder.ts';
import { AppError } from '../../shared/core/errors.ts';
import { readOnlySentence } from './read-only.ts';
import { StoreError } from './store-client.ts';

const LOCK_TIMEOUT_MS = 5_000;
const LOCK_POLL_MS = 2;
/** Between two steps the program can be interrupted. */
const PAGES_PER_STEP = 2_000;

export interface CopiedFile {
  /** Relative to the data folder, and to the copy. */
  readonly file: string;
  readonly bytes: number;
}

interface Source {
  readonly path: string;
  /** The function whose data it has; null for a topic that no function writes. */
  readonly name: string | null;
}

/** Names what makes the file what it is: its tables, what was migrated in it, and where its numbered rows end. */
type Identity = string;

/** Copies every file of the store in `dataDir` into the empty `folder`. @throws StoreError naming what cannot be copied */
export async function copyStore(dataDir: string, folder: string): Promise<readonly CopiedFile[]> {
  const locked: Database.Database[] = [];
  const copies: { readonly source: Source; readonly copy: string; readonly identity: Identity }[] = [];
  try {
    const functions = functionModules.map(({ name }) => ({ path: dataFile(dataDir, name), name }));
    for (const source of functions) locked.push(await lock(source));
    // Only now: a topic that is new can be read by no function any more.
    const topics = publicTopics.map((topic) => ({ path: topicFile(dataDir, topic), name: null }));
    const existing = topics.filter(({ path }) => existsSync(path));
    for (const source of existing) locked.push(await lock(source));
    for (const source of [...functions, ...existing]) {
      const copy = join(folder, relative(dataDir, source.path));
      makeDurableFolder(dirname(copy));
      copies.push({ source, copy, identity: await copyFile(source, copy) });
    }
  } finally {
    for (const db of locked) db.close();
  }
  for (const { source, copy, identity } of copies) {
    verify(source, copy, identity);
    flush(copy);
    flush(dirname(copy));
  }
  return copies.map(({ copy }) => ({ file: relative(folder, copy), bytes: statSync(copy).size }));
}

/** Waits for the lock without blocking signals. */
async function lock({ path }: Source): Promise<Database.Database> {
  const db = open(path, { timeout: 0 });
  const deadlineMs = performance.now() + LOCK_TIMEOUT_MS;
  try {
    while (!hasBegun(db, path)) {
      if (performance.now() > deadlineMs) {
        throw new StoreError(`${path} is locked by another program for ${LOCK_TIMEOUT_MS / 1_000} s; try again`);
      }
      await sleep(LOCK_POLL_MS);
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

function hasBegun(db: Database.Database, path: string): boolean {
  try {
    db.exec('BEGIN IMMEDIATE');
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('SQLITE_BUSY')) return false;
    throw unusable(path, error);
  }
}

/** @returns the identity of the source, for the copy */
async function copyFile({ path, name }: Source, copy: string): Promise<Identity> {
  const db = open(path, { readonly: true });
  try {
    const identity = identityOf(db, path, name);
    await db.backup(copy, { progress: () => PAGES_PER_STEP });
    return identity;
  } finally {
    db.close();
  }
}

function open(path: string, options: Database.Options): Database.Database {
  try {
    return connect(path, { timeout: LOCK_TIMEOUT_MS, fileMustExist: true, ...options });
  } catch (error) {
    throw unusable(path, error);
  }
}

function unusable(path: string, error: unknown): Error {
  if (error instanceof AppError) return error;
  const readOnly = readOnlySentence(error, [path]);
  if (readOnly !== null) return new StoreError(`DATA_DIR: ${path} cannot be copied: ${readOnly}`);
  return new StoreError(`DATA_DIR: ${path} cannot be used: ${error instanceof Error ? error.message : error}`);
}

/** @throws StoreError where the file has no data of the function `name` */
function identityOf(db: Database.Database, path: string, name: string | null): Identity {
  const rows = (sql: string) => db.prepare(sql).raw().all();
  try {
    const tables = rows('SELECT name, sql FROM sqlite_master ORDER BY name, type');
    const ends = rows('SELECT name, seq FROM sqlite_sequence ORDER BY name');
    const migrations = name === null ? [] : rows('SELECT scope, number, hash FROM migration ORDER BY scope, number');
    const scopes = new Set(migrations.map((row) => (Array.isArray(row) ? row[0] : null)));
    if (name === null || (scopes.has('runtime') && scopes.has(name))) return JSON.stringify([tables, ends, migrations]);
  } catch (error) {
    const isOther = error instanceof Error && /no such table/.test(error.message);
    if (!isOther) throw unusable(path, error);
  }
  throw new StoreError(`DATA_DIR: ${path} is a database without the data of ${name ?? 'a topic'}`);
}

/** Reads the whole copy. It becomes one file, without a write-ahead log beside it. */
function verify({ path, name }: Source, copy: string, identity: Identity): void {
  const db = connect(copy, { fileMustExist: true });
  try {
    db.pragma('journal_mode = DELETE');
    const found = String(db.pragma('integrity_check(1)', { simple: true }));
    if (found !== 'ok') throw new StoreError(`The copy of ${path} is damaged (${found}). Is that file damaged too?`);
    if (identityOf(db, copy, name) !== identity) throw new StoreError(`The copy of ${path} is not what was copied`);
  } finally {
    db.close();
  }
  const left = ['-wal', '-shm', '-journal'].map((suffix) => copy + suffix).find((file) => existsSync(file));
  if (left !== undefined) throw new StoreError(`${left} was left beside the copy of ${path}: it cannot be removed`);
}
