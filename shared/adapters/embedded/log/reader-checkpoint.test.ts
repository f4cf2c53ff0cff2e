import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { commitOf } from '../../../testing/shelf.ts';
import { SqliteStore } from '../store/sqlite-store.ts';
import { ReaderCheckpoint } from './reader-checkpoint.ts';

let folder: string;
let file: string;
let checkpoint: ReaderCheckpoint;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'saga-reader-checkpoint-'));
  file = join(folder, 'reader.db');
  checkpoint = new ReaderCheckpoint(file);
});
afterEach(() => {
  checkpoint.close();
  rmSync(folder, { recursive: true });
});

async function readTo(position: number, path = file): Promise<void> {
  const reader = SqliteStore.open({ name: 'reader', file: path, tables: [], migrations: [] });
  const positions = [{ topic: 'events', partition: 0, epoch: 'one', position }];
  await reader.transact({}, () => commitOf({ positions }));
  await reader.close();
}

const known = () => [...checkpoint.knownOf('events')];

describe('how far a reader has read', () => {
  it('is nothing before it starts, and is followed from then on', async () => {
    expect(known()).toEqual([]);
    for (const position of [1, 2]) {
      await readTo(position);
      expect(known()).toEqual([['one', position]]);
    }
  });

  it('is that of the file at its path, also after another took its place or none did', async () => {
    await readTo(2);
    expect(known()).toEqual([['one', 2]]);
    const restored = join(folder, 'restored.db');
    await readTo(1, restored);
    for (const suffix of ['-wal', '-shm']) rmSync(file + suffix, { force: true });
    renameSync(restored, file);
    expect(known()).toEqual([['one', 1]]);
    rmSync(file);
    expect(known()).toEqual([]);
  });

  it('is found in the file of an older program, before and after it is migrated', async () => {
    const older = new Database(file);
    older.exec("CREATE TABLE position (topic TEXT, position INTEGER); INSERT INTO position VALUES ('events', 3)");
    expect(known()).toEqual([['', 3]]);
    older.exec(`ALTER TABLE position ADD COLUMN epoch TEXT NOT NULL DEFAULT 'one';
      CREATE TABLE inbox_fold (topic TEXT, epoch TEXT, position INTEGER);
      INSERT INTO inbox_fold VALUES ('events', 'zero', 9)`);
    older.close();
    expect(known()).toEqual([
      ['one', 3],
      ['zero', 9],
    ]);
  });

  it('is refused with a reason where the file cannot be read, and known again when it can', async () => {
    await readTo(1);
    expect(known()).toEqual([['one', 1]]);
    const away = join(folder, 'away.db');
    renameSync(file, away);
    const other = new Database(file);
    other.exec('CREATE TABLE position (other TEXT); CREATE TABLE inbox_fold (other TEXT)');
    other.close();
    expect(known).toThrow('no such column');
    renameSync(away, file);
    expect(known()).toEqual([['one', 1]]);
  });
});
