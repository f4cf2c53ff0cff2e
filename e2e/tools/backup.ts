/**
 * `npm run backup -- <folder>`: copies the data of a store, also while it runs, as of one moment.
 *
 * Each file alone could be copied at any time, but the files refer to one another. So the write locks of all files are
 * held during the copy: writes of the store wait for some seconds at most, then callers are told to try again. The
 * locks are released however the process ends.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import { dataFile, topicFile } from '../../functions/engine.ts';
import { functionModules } from '../../functions/registry.ts';
import { publicTopics } from '../../saga/choreography.ts';

const LOCK_TIMEOUT_MS = 5_000;

/** @returns the copied files, relative to both folders. @throws {Error} when `target` already contains a store. */
export function backUp(dataDir: string, target: string): readonly string[] {
  const topicFiles = publicTopics.map((topic) => topicFile(dataDir, topic));
  const functionFiles = functionModules.map(({ name }) => dataFile(dataDir, name));
  const files = [...functionFiles, ...topicFiles].filter((file) => existsSync(file));
  const names = files.map((file) => relative(resolve(dataDir), file));
  const taken = names.find((name) => existsSync(join(target, name)));
  if (taken !== undefined) throw new Error(`${join(target, taken)} already exists; copy into an empty folder`);
  const locked: Database.Database[] = [];
  try {
    for (const file of files) {
      const db = new Database(file, { timeout: LOCK_TIMEOUT_MS });
      locked.push(db);
      db.exec('BEGIN IMMEDIATE');
    }
    for (const name of names) copy(join(dataDir, name), join(target, name));
  } finally {
    for (const db of locked) db.close();
  }
  return names;
}

function copy(file: string, target: string): void {
  mkdirSync(dirname(target), { recursive: true });
  const db = new Database(file, { readonly: true, timeout: LOCK_TIMEOUT_MS });
  try {
    db.prepare('VACUUM INTO ?').run(target);
  } finally {
    db.close();
  }
}

const [, file, target] = process.argv;
if (file !== undefined && pathToFileURL(file).href === import.meta.url) {
  if (target === undefined) {
    console.error('Usage: npm run backup -- <folder>\nCopies the data of DATA_DIR, else ./data, into an empty folder.');
    process.exitCode = 2;
  } else {
    for (const name of backUp(process.env['DATA_DIR'] || './data', target)) console.log(join(target, name));
  }
}
