import { createHash } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, realpathSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { AppError } from '../../../core/errors.ts';
import { isLocked } from '../store-error.ts';
import { LockFile } from './lock-file.ts';
import { describeHolder } from './lock-holder.ts';

/** Locks of this process. `renew` takes them again where their files were removed, as old temporary files are. */
export interface Held {
  renew(): unknown;
  close(): void;
}

/**
 * Holds the path of a database for this process, until `close` or the end of the process, however it ends. The lock in
 * the folder of the data moves with them; this one stays, so that no second store starts on a path whose data were moved
 * away. It lies in a folder of the user's in the system's folder for temporary files: other users, containers and hosts
 * do not see it, and meet the lock beside the data.
 *
 * The path counts as it is written and with its symbolic links followed.
 *
 * @throws {AppError} `conflict` when another process holds it; another error when the lock's folder cannot be used.
 */
export function holdPath(file: string, owner: string): Held {
  const folder = lockFolder();
  const held: LockFile[] = [];
  const release = () => {
    for (const lock of held) lock.remove();
  };
  try {
    for (const path of new Set([resolve(file), realPath(resolve(file))])) {
      const lock = join(folder, `${createHash('sha256').update(path).digest('hex').slice(0, 32)}.lock`);
      held.push(takeLock(lock, file, owner));
    }
  } catch (error) {
    release();
    throw error;
  }
  return {
    renew() {
      lockFolder();
      for (const lock of held) lock.renew();
    },
    close: release,
  };
}

/** A folder that no other user can write to. @throws when there is none. */
function lockFolder(): string {
  const user = process.getuid?.() ?? 'user';
  const folder = join(tmpdir(), `saga-store-${user}`);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = lstatSync(folder);
  const isOurs = process.platform === 'win32' || (found.uid === user && (found.mode & 0o77) === 0);
  if (!isOurs || !found.isDirectory()) throw new Error(`${folder} is not a folder of this user alone`);
  return folder;
}

function takeLock(lock: string, file: string, owner: string): LockFile {
  try {
    return new LockFile(lock);
  } catch (error) {
    if (!isLocked(error)) throw error;
    throw heldError(owner, lock, file);
  }
}

/** `lock`: the one that is held; `file`: the database. */
export function heldError(owner: string, lock: string, file: string): AppError {
  const { subject, advice } = describeHolder(lock);
  const what = existsSync(`${file}.lock`)
    ? `${subject} holds ${file}.lock`
    : `${subject} writes ${file}, which was moved or removed meanwhile`;
  return new AppError('conflict', `another process already runs ${owner} on this data (${what}); ${advice}`);
}

/** With symbolic links followed, as far as the path exists. */
function realPath(path: string): string {
  const parent = dirname(path);
  if (parent === path) return path;
  return statSync(path, { throwIfNoEntry: false }) === undefined
    ? join(realPath(parent), basename(path))
    : realpathSync(path);
}
