/** Whether a database is damaged is not decided by a disk that errs. */
import { mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { inspectFileNow } from '../../shared/adapters/embedded/store/inspect-file.ts';
import { temporaryFolder } from '../scenarios/harness.ts';
import { type DiskFailure, FaultyDisk, libraryForTests } from './disk-fault.ts';

const library = libraryForTests();
/** They are all read once, and then some of them by SQLite. */
const READS_MAX = 100;
const TABLES = 40;

/** A database that lies in its write-ahead log, with a schema of several pages; another connection has it open. */
function databaseOn() {
  const folder = realpathSync(temporaryFolder());
  const root = join(folder, 'disk');
  mkdirSync(root);
  const file = join(root, 'shop.db');
  const db = new Database(file);
  onTestFinished(() => void db.close());
  db.pragma('journal_mode = WAL');
  const columns = Array.from({ length: 20 }, (_, n) => `a_column_with_a_long_name_${n} TEXT NOT NULL`).join(', ');
  const tables = Array.from({ length: TABLES }, (_, n) => `CREATE TABLE shelf_${n} (id TEXT, ${columns}) STRICT`);
  db.transaction(() => db.exec(tables.join(';')))();
  return { file, disk: new FaultyDisk(library ?? '', root, join(folder, 'faults'), { records: false }) };
}

/** Checks the file in a process whose disk errs. */
function inspectOn({ file, disk }: Pick<ReturnType<typeof databaseOn>, 'file' | 'disk'>) {
  const former = { ...process.env };
  Object.assign(process.env, disk.env);
  try {
    return inspectFileNow(file);
  } finally {
    for (const name of Object.keys(disk.env)) delete process.env[name];
    Object.assign(process.env, former);
  }
}

describe.skipIf(library === null)('a sound database on a disk that errs', () => {
  const failures: readonly DiskFailure[] = ['EIO', 'end'];

  it.each(failures.flatMap((failure) => [1, 1_000].map((count) => [failure, count] as const)))(
    'is never found damaged: reads with %s, %i of them, from each read on',
    (failure, count) => {
      const on = databaseOn();
      const kinds = Array.from({ length: READS_MAX }, (_, skip) => {
        on.disk.set([{ operation: 'read', failure, skip, count }]);
        return inspectOn(on).kind;
      });

      expect(kinds.flatMap((kind, skip) => (kind === 'damaged' ? skip : []))).toEqual([]);
      expect(kinds).toContain('unreadable');
    },
  );

  it('is found sound when it errs no more, and damaged when it is', () => {
    const on = databaseOn();
    expect(inspectOn(on).kind).toBe('sound');
    writeFileSync(`${on.file}-wal`, '');
    writeFileSync(on.file, Buffer.alloc(8_192, 'garbage '));

    expect(inspectOn(on).kind).toBe('damaged');
  });
});
