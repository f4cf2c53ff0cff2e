import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

/** A folder that may not be opened, or a file system without this call: nothing can be done. */
const CANNOT_FLUSH = ['EACCES', 'EPERM', 'EINVAL', 'ENOTSUP'];
/** The data folder, and a function's folder in it. */
const LEVELS = 2;

/**
 * Creates a folder and those above it that are missing, and flushes their entries, so that a power cut does not take away
 * a folder with acknowledged data in it. Folders that are there already are flushed too: an earlier run may have ended
 * before it could.
 */
export function makeDurableFolder(folder: string): void {
  const path = resolve(folder);
  const created = createMissing(path);
  let at = path;
  for (let level = 0; at !== dirname(at) && (level < LEVELS || isWithin(at, created)); level++) {
    at = dirname(at);
    flush(at);
  }
}

/**
 * Returns the first folder that it created. One level at a time: `mkdir` with `recursive` never ends where a file system lets no
 * folder be created in one that is there.
 */
function createMissing(path: string): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found !== undefined && !found.isDirectory()) throw notAFolder(path);
  if (found !== undefined) return undefined;
  const above = createMissing(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    // Another process was first.
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) throw error;
  }
  return above ?? path;
}

function notAFolder(path: string): Error {
  return Object.assign(new Error(`ENOTDIR: not a directory, mkdir '${path}'`), {
    code: 'ENOTDIR',
    syscall: 'mkdir',
    path,
  });
}

/**
 * Flushes the entries of a folder, or the contents of a file. A file that was created in a folder is then there after a
 * power cut. SQLite does this for its journal and its write-ahead log, but not for the database file. Windows has no such
 * call for folders.
 */
export function flush(path: string): void {
  if (process.platform === 'win32') return;
  try {
    const descriptor = openSync(path, 'r');
    try {
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && CANNOT_FLUSH.includes(String(error.code)))) throw error;
  }
}

/** Whether this folder is, or lies in, the first one that was created. */
function isWithin(folder: string, created: string | undefined): boolean {
  return created !== undefined && (folder === created || folder.startsWith(`${created}/`));
}
