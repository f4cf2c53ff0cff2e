import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { makeDurableFolder } from './durable-folder.ts';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'saga-folder-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

it('creates a folder with those above it, and leaves one that is there', () => {
  const folder = join(temporaryFolder(), 'a', 'b', 'c');
  makeDurableFolder(folder);
  writeFileSync(join(folder, 'file'), '');
  makeDurableFolder(folder);

  expect(existsSync(join(folder, 'file'))).toBe(true);
});

it('says where a file is in the place of the folder, or of one above it', () => {
  const file = join(temporaryFolder(), 'file');
  writeFileSync(file, '');

  expect(() => makeDurableFolder(file)).toThrow(`ENOTDIR: not a directory, mkdir '${file}'`);
  expect(() => makeDurableFolder(join(file, 'below'))).toThrow('ENOTDIR');
});

it.runIf(process.platform === 'linux')('ends where no folder can be created', () => {
  expect(() => makeDurableFolder('/proc/nowhere/data')).toThrow(
    "ENOENT: no such file or directory, mkdir '/proc/nowhere'",
  );
});
