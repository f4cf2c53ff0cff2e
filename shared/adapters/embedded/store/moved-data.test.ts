import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { shelf, shelfMigrations, shelfTables, shelves, writesOf } from '../../../testing/shelf.ts';
import { SqliteStore } from './sqlite-store.ts';

/** Longer than the inspections of a file take. */
const LONG_MS = 15_000;

let root: string;
let data: string;
let file: string;
const stores: SqliteStore[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'saga-moved-'));
  data = join(root, 'data');
  file = join(data, 'shelf', 'shelf.db');
});
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  rmSync(root, { recursive: true });
});

function open(path = file, onWarning: (sentence: string) => void = () => undefined): SqliteStore {
  const { sqlite } = shelfMigrations;
  const store = SqliteStore.open({ name: 'shelf', file: path, tables: shelfTables, migrations: sqlite, onWarning });
  stores.push(store);
  return store;
}

let number = 0;
const commit = (store: SqliteStore) => store.transact({}, () => writesOf(shelf(`${number++}`, 1)));
const idsIn = (path: string) => {
  const db = new Database(path, { readonly: true });
  const count = db.prepare('SELECT count(*) FROM shelf').pluck().get();
  db.close();
  return count;
};

/** Everything that takes the data away from their path, and what is said. */
const ways: readonly (readonly [how: string, move: () => void, sentence: string])[] = [
  ['the data folder is moved', () => renameSync(data, `${data}.old`), 'is gone'],
  ['the data folder is removed', () => rmSync(data, { recursive: true }), 'is gone'],
  ['its own folder is moved', () => renameSync(join(data, 'shelf'), join(data, 'old')), 'is gone'],
  ['the database is removed', () => unlinkSync(file), 'is gone'],
  ['the write-ahead log is removed', () => unlinkSync(`${file}-wal`), 'shelf.db-wal is gone'],
  ['the data folder is moved and copied back', () => moveAndCopy(), 'was replaced'],
  ['another file is put over the database', () => replaceFile(), 'was replaced'],
  ['the write-ahead log is replaced', () => renameOver(`${file}-wal`), 'shelf.db-wal was replaced'],
  ['a file takes the place of its folder', () => fileForFolder(), 'ENOTDIR'],
];

function moveAndCopy(): void {
  renameSync(data, `${data}.old`);
  cpSync(`${data}.old`, data, { recursive: true });
}

function replaceFile(): void {
  copyFileSync(file, join(root, 'copy'));
  renameSync(join(root, 'copy'), file);
}

function renameOver(path: string): void {
  copyFileSync(path, join(root, 'copy'));
  renameSync(join(root, 'copy'), path);
}

function fileForFolder(): void {
  renameSync(join(data, 'shelf'), join(data, 'old'));
  writeFileSync(join(data, 'shelf'), '');
}

describe('data that are moved away', () => {
  it.each(ways)('are missed before anything is acknowledged when %s', async (_how, move, sentence) => {
    const store = open();
    await commit(store);
    move();

    const refused = { code: 'unavailable', message: expect.stringContaining(sentence) };
    await expect(commit(store)).rejects.toMatchObject(refused);
    await expect(store.check()).rejects.toMatchObject(refused);
    await expect(store.find({ table: shelves, limit: 1 })).rejects.toMatchObject(refused);
    expect(store.unavailableReason()).toContain(file);
  });

  it('during a commit are missed before it is acknowledged', async () => {
    const store = open();
    const committed = store.transact({}, () => {
      renameSync(data, `${data}.old`);
      return writesOf(shelf('moved', 1));
    });

    await expect(committed).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('are used again when they come back, with everything that was acknowledged', async () => {
    const store = open();
    await commit(store);
    renameSync(data, `${data}.old`);
    expect(store.unavailableReason()).toContain('is gone');
    await expect(commit(store)).rejects.toMatchObject({ code: 'unavailable' });
    renameSync(`${data}.old`, data);
    await commit(store);

    expect([await store.count(shelves), store.unavailableReason()]).toEqual([2, null]);
  });

  it('do not let another store start on their path, which is named, and nothing is created there', () => {
    open();
    renameSync(data, `${data}.old`);

    expect(() => open()).toThrow(`process ${process.pid} writes ${file}, which was moved or removed meanwhile`);
    expect(existsSync(data)).toBe(false);
  });

  it('let another store start on their path once the first has ended', async () => {
    await open().close();
    renameSync(data, `${data}.old`);

    await expect(commit(open())).resolves.toBeDefined();
  });

  it('behind a symbolic link are missed when it points elsewhere, and no other store starts on its name', async () => {
    mkdirSync(join(root, 'one'));
    mkdirSync(join(root, 'two'));
    symlinkSync(join(root, 'one'), data);
    const store = open();
    await commit(store);
    unlinkSync(data);
    symlinkSync(join(root, 'two'), data);

    await expect(commit(store)).rejects.toMatchObject({ code: 'unavailable' });
    expect(() => open()).toThrow('another process already runs shelf on this data');
    expect(() => open(join(root, 'one', 'shelf', 'shelf.db'))).toThrow('another process already runs shelf');
  });

  it('leave a copy at their path whole when the store is closed: its log is not removed', async () => {
    const store = open();
    await commit(store);
    await commit(store);
    moveAndCopy();
    await store.close();

    expect([existsSync(`${file}-wal`), idsIn(file)]).toEqual([true, 2]);
    expect(await open().count(shelves)).toBe(2);
  });
});

describe('a lock whose file is removed', () => {
  it('is taken again, and another store does not start', () => {
    const store = open();
    unlinkSync(`${file}.lock`);
    expect(store.unavailableReason()).toBeNull();

    expect(() => open()).toThrow('another process already runs shelf on this data');
    expect(existsSync(`${file}.lock`)).toBe(true);
  });

  it('and was taken by another store refuses all work', async () => {
    const store = open();
    unlinkSync(`${file}.lock`);
    const other = new Database(`${file}.lock`);
    other.exec('BEGIN EXCLUSIVE');

    expect(store.unavailableReason()).toContain('another process runs on');
    await expect(commit(store)).rejects.toMatchObject({ code: 'unavailable' });
    other.close();
    expect(store.unavailableReason()).toBeNull();
    await expect(commit(store)).resolves.toBeDefined();
  });
});

describe('the lock of a path', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('is done without where there is no folder for it, and that is said', async () => {
    vi.stubEnv('TMPDIR', join(root, 'no', 'file'));
    writeFileSync(join(root, 'no'), '');
    const warnings: string[] = [];
    const store = open(file, (sentence) => warnings.push(sentence));

    await expect(commit(store)).resolves.toBeDefined();
    expect(warnings).toEqual([expect.stringContaining(`the path ${file} is not locked`)]);
    expect(() => open()).toThrow(`process ${process.pid} holds ${file}.lock`);
  });

  it('is not put into a folder that others can write to', () => {
    vi.stubEnv('TMPDIR', root);
    mkdirSync(join(root, `saga-store-${process.getuid?.()}`), { mode: 0o777 });
    const warnings: string[] = [];
    open(file, (sentence) => warnings.push(sentence));

    expect(warnings).toEqual([expect.stringContaining('is not a folder of this user alone')]);
  });
});

describe('a database that another program writes', { timeout: 2 * LONG_MS }, () => {
  const overwritten =
    'shelf.db was overwritten by another program while the store ran. Stop the store, remove shelf.db';

  it('past SQLite with a copy of it stops the store, which says so and leaves the copy as it is', async () => {
    const store = open();
    await commit(store);
    store.database.prepare('VACUUM INTO ?').run(join(root, 'copy'));
    await commit(store);
    writeFileSync(file, readFileSync(join(root, 'copy')));

    await expect(commit(store)).rejects.toMatchObject({ code: 'unavailable' });
    await vi.waitFor(() => expect(store.unavailableReason()).toMatch(/overwritten|damaged/), LONG_MS);
    expect(store.unavailableReason()).toContain('Stop the store, remove shelf.db');
    await store.close();
    expect(readFileSync(file)).toEqual(readFileSync(join(root, 'copy')));
  });

  it('past SQLite without changing it stops the store too', async () => {
    const store = open();
    await commit(store);
    utimesSync(file, 1, 1);

    await expect(commit(store)).rejects.toThrow('was written by another program while the store runs');
    await vi.waitFor(() => expect(store.unavailableReason()).toContain(overwritten), LONG_MS);
  });

  it('by cutting it off stops the store, and no message is to blame', async () => {
    const store = open();
    await commit(store);
    store.database.pragma('wal_checkpoint');
    store.unavailableReason();
    truncateSync(file, 0);

    await expect(commit(store)).rejects.toMatchObject({ code: 'unavailable' });
    await vi.waitFor(() => expect(store.unavailableReason()).toContain('Stop the store'), LONG_MS);
  });

  it('by cutting it off is not started, and what is in its log is left', async () => {
    const store = open();
    await commit(store);
    truncateSync(file, 0);
    await store.close();
    const log = readFileSync(`${file}-wal`);

    expect(() => open()).toThrow('shelf.db is damaged (the file is empty, and its write-ahead log is not)');
    expect(readFileSync(`${file}-wal`)).toEqual(log);
  });

  it('is not suspected while the store copies its own log, again and again at the same length', async () => {
    const store = open();
    store.database.pragma('wal_autocheckpoint = 8');
    for (let n = 0; n < 400; n++) await store.transact({}, () => writesOf(shelf(`own-${n}`, 1)));

    expect([await store.count(shelves), store.unavailableReason()]).toEqual([400, null]);
  });

  it('through SQLite is no harm, also when that copies the log into it', async () => {
    const store = open();
    await commit(store);
    const other = new Database(file);
    other.exec("INSERT INTO shelf (shelf_id, room, places) VALUES ('b', 'attic', 1)");
    other.pragma('wal_checkpoint');
    await commit(store);
    other.pragma('wal_checkpoint(TRUNCATE)');
    other.close();
    await commit(store);

    expect([await store.count(shelves), store.unavailableReason()]).toEqual([4, null]);
  });
});
