import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { count } from '../../../testing/probe.ts';
import { EmbeddedLog } from './embedded-log.ts';

let folder: string;
let log: EmbeddedLog;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saga-half-written-'));
  log = logIn(folder);
});
afterEach(async () => {
  await log.close();
  rmSync(folder, { recursive: true });
});

function fileIn(root: string): string {
  return join(root, 'topics', 'commands.db');
}

function logIn(root: string): EmbeddedLog {
  return new EmbeddedLog({
    topics: { commands: { file: fileIn(root), writtenHere: false, isPublic: true } },
    pollMs: 1_000,
  });
}

/** The files as they are when the writer is killed in the middle of `work`, after its first pages are in the database. */
function killedDuring(work: (db: Database.Database) => void): void {
  const other = join(folder, 'other');
  mkdirSync(join(folder, 'topics'), { recursive: true });
  mkdirSync(join(other, 'topics'), { recursive: true });
  const db = new Database(fileIn(other));
  db.pragma('journal_mode = DELETE');
  // Pages that have no room in the cache are written before the commit.
  db.pragma('cache_size = 1');
  db.exec('BEGIN');
  work(db);
  for (const end of ['', '-journal']) copyFileSync(fileIn(other) + end, fileIn(folder) + end);
  db.exec('ROLLBACK');
  db.close();
}

function fill(db: Database.Database): void {
  db.exec('CREATE TABLE filler (text TEXT)');
  const insert = db.prepare('INSERT INTO filler VALUES (?)');
  for (let n = 0; n < 50; n++) insert.run('x'.repeat(3_000));
}

async function values(): Promise<readonly unknown[]> {
  const subscription = await log.subscribe({
    group: 'order',
    topics: ['commands'],
    positions: async () => [],
    wake: () => {},
  });
  const records = await subscription.poll(10);
  expect(subscription.unavailableReason()).toBeNull();
  return records.map(({ value }) => JSON.parse(value).quantity);
}

describe('a topic whose writer was killed in the middle of a write to its file', () => {
  it('is empty when that was the first', async () => {
    killedDuring(fill);
    expect(statSync(`${fileIn(folder)}-journal`).size).toBeGreaterThan(0);

    expect(await values()).toEqual([]);
    await log.append('commands', [count('a', 2)]);
    expect(await values()).toEqual([2]);
  });

  it('has what was committed before', async () => {
    const earlier = logIn(join(folder, 'other'));
    await earlier.append('commands', [count('a', 1)]);
    await earlier.close();
    killedDuring(fill);

    expect(await values()).toEqual([1]);
  });
});
