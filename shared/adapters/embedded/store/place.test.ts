import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, onTestFinished } from 'vitest';
import { placeProblem } from './place.ts';

const TEXT = 'this is a text, and no database of any kind';

function newFile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'saga-store-place-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'data', 'shelf', 'shelf.db');
}

function write(path: string, text = TEXT): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}

describe('the place of a database', () => {
  it('is free where nothing is, and is not touched', () => {
    const file = newFile();

    expect(placeProblem(file)).toBeNull();
    expect(() => rmSync(dirname(file))).toThrow('ENOENT');
  });

  it('may have a database, an empty file, a lock or a link to a folder', () => {
    const file = newFile();
    write(`${file}.lock`, '');
    new Database(file).exec('CREATE TABLE t (a)').close();
    const linked = join(dirname(dirname(file)), 'linked');
    symlinkSync(dirname(file), linked);

    expect(placeProblem(file)).toBeNull();
    expect(placeProblem(join(linked, 'shelf.db'))).toBeNull();
    writeFileSync(file, '');
    expect(placeProblem(file)).toBeNull();
  });

  it.each(['data', 'data/shelf'])('cannot be below a file: %s', (path) => {
    const file = newFile();
    const at = join(dirname(dirname(dirname(file))), path);
    write(at);

    expect(placeProblem(file)).toEqual({
      sentence: `${at} is a file, and a folder must be there: move it away, or name another folder`,
      isFolder: true,
    });
  });

  it('cannot be behind a link to nothing or to itself, nor at a path that is too long', () => {
    const data = dirname(dirname(newFile()));
    const place = (name: string) => placeProblem(join(data, name, 'shelf.db'))?.sentence;
    mkdirSync(data);
    symlinkSync(join(data, 'nothing'), join(data, 'dangling'));
    symlinkSync(join(data, 'circle'), join(data, 'circle'));
    const long = 'x'.repeat(300);

    expect(place('dangling')).toBe(
      `${join(data, 'dangling')} is a link to a folder that is not there: create that one, or name another folder`,
    );
    for (const name of ['circle', long]) {
      expect(place(name)).toBe(
        `${join(data, name)} is too long a path, or its links lead in a circle: name another folder`,
      );
    }
  });

  it.each(['', '-wal', '-shm', '.lock'])('cannot have a folder where a file must be: shelf.db%s', (suffix) => {
    const file = newFile();
    mkdirSync(file + suffix, { recursive: true });

    expect(placeProblem(file)).toEqual({
      sentence: `${file}${suffix} is a folder, and a file must be there: move it away`,
      isFolder: false,
    });
  });

  it('cannot have another file: it is named with what to do', () => {
    const file = newFile();
    write(file);

    expect(placeProblem(file)?.sentence).toMatch(`${file} is damaged (file is not a database). Stop the store, remove`);
    rmSync(file);
    write(`${file}.lock`);
    expect(placeProblem(file)?.sentence).toBe(
      `${file}.lock is not the lock of a store, but another file: move it away`,
    );
  });

  it.each([
    ['a write-ahead log', '-wal'],
    ['a journal', '-journal'],
  ])('is left to SQLite where there is %s, which may have the first page', (_, end) => {
    const file = newFile();
    write(file, '\0'.repeat(4096));
    write(file + end);

    expect(placeProblem(file)).toBeNull();
  });
});
