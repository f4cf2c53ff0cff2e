import { accessSync, closeSync, constants, lstatSync, openSync, readSync, type Stats, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { damagedSentence } from './inspection.ts';

/** What keeps a database from being opened at its path, as a sentence. `isFolder`: a folder is at fault, not a file in it. */
export interface PlaceProblem {
  readonly sentence: string;
  readonly isFolder: boolean;
}

const HEADER = Buffer.from('SQLite format 3\0');
const { R_OK, W_OK, X_OK } = constants;

/**
 * Looks, before anything is opened or created, whether a database can be at this path: folders are folders, files are files,
 * and this process may read and write them. SQLite tells these cases apart badly.
 * @returns null where nothing speaks against it, also where that cannot be found out
 */
export function placeProblem(file: string): PlaceProblem | null {
  const path = resolve(file);
  const inFolder = folderProblem(dirname(path));
  if (inFolder !== null) return { sentence: inFolder, isFolder: true };
  const lock = `${path}.lock`;
  const inFiles =
    [path, `${path}-wal`, `${path}-shm`, lock].map(fileProblem).find((problem) => problem !== null) ??
    (hasOtherContent(lock) ? `${lock} is not the lock of a store, but another file: move it away` : null) ??
    // With a log or a journal SQLite may have the first page there.
    (['-wal', '-journal'].every((end) => sizeOf(path + end) === 0) && hasOtherContent(path)
      ? damagedSentence(path, 'file is not a database')
      : null);
  return inFiles === null ? null : { sentence: inFiles, isFolder: false };
}

function folderProblem(folder: string): string | null {
  const found = look(folder);
  if (found === 'unknown') return null;
  if (found === 'no path') return `${folder} is too long a path, or its links lead in a circle: name another folder`;
  if (found === 'below a file') return folderProblem(dirname(folder));
  if (found === 'below a closed folder') {
    return folderProblem(dirname(folder)) ?? `${folder} cannot be reached: ${user()} may not open a folder above it`;
  }
  if (found === null) {
    if (isLink(folder))
      return `${folder} is a link to a folder that is not there: create that one, or name another folder`;
    const parent = dirname(folder);
    return parent === folder ? null : folderProblem(parent);
  }
  if (!found.isDirectory())
    return `${folder} is a file, and a folder must be there: move it away, or name another folder`;
  const denied = deniedAccess(folder, R_OK | W_OK | X_OK);
  if (denied === null) return null;
  if (denied === 'EROFS') return `${folder} lies on a file system that is read-only: mount it for writing`;
  return `${folder} may not be written by ${user()} (${denied}): change its owner or its rights`;
}

function fileProblem(path: string): string | null {
  const found = look(path);
  if (found === null || typeof found === 'string') return null;
  if (found.isDirectory()) return `${path} is a folder, and a file must be there: move it away`;
  if (!found.isFile()) return `${path} is not a regular file: move it away`;
  const denied = deniedAccess(path, R_OK | W_OK);
  if (denied === null) return null;
  if (denied === 'EROFS') return `${path} lies on a file system that is read-only: mount it for writing`;
  return `${path} may not be read and written by ${user()} (${denied}): change its owner or its rights`;
}

function look(path: string): Stats | null | 'below a file' | 'below a closed folder' | 'no path' | 'unknown' {
  try {
    return statSync(path);
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT') return null;
    if (code === 'ENOTDIR') return 'below a file';
    if (code === 'ENAMETOOLONG' || code === 'ELOOP') return 'no path';
    return code === 'EACCES' || code === 'EPERM' ? 'below a closed folder' : 'unknown';
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

/** Why this process may not use a path; null where it may. */
function deniedAccess(path: string, mode: number): string | null {
  try {
    accessSync(path, mode);
    return null;
  } catch (error) {
    const code = codeOf(error);
    return ['EACCES', 'EPERM', 'EROFS'].includes(code) ? code : null;
  }
}

/** Whether a file begins as none of SQLite's does; an empty one is a new database. */
function hasOtherContent(path: string): boolean {
  try {
    const descriptor = openSync(path, 'r');
    try {
      const buffer = Buffer.alloc(HEADER.length);
      const read = readSync(descriptor, buffer, 0, buffer.length, 0);
      return read > 0 && !buffer.equals(HEADER);
    } finally {
      closeSync(descriptor);
    }
  } catch {
    return false;
  }
}

function sizeOf(path: string): number {
  const found = look(path);
  return found === null || typeof found === 'string' ? 0 : found.size;
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

function user(): string {
  const id = process.getuid?.();
  return id === undefined ? 'this user' : `this user (uid ${id})`;
}
