import { closeSync, openSync, readSync, statSync } from 'node:fs';
import { AppError } from '../../../core/errors.ts';

/** What became of the files: nothing, another program has written into the database, or they are not those any more. */
export type Sight =
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'written' }
  /** The write-ahead log has no header: it is empty, or was cut off. */
  | { readonly kind: 'headless'; readonly isWritten: boolean }
  | { readonly kind: 'moved'; readonly sentence: string };

const UNCHANGED: Sight = { kind: 'unchanged' };

/** Of a write-ahead log; it begins with a number that SQLite gives all its logs. */
const HEADER_BYTES = 32;

interface Identity {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
}

/**
 * Tells whether the files that a process has opened are still those at their paths. A file that was moved, removed or
 * replaced stays open, and what is written into it is in no file of that name. Looking costs some microseconds.
 */
export class WatchedFiles {
  readonly #file: string;
  readonly #known: readonly Identity[];
  readonly #log: string;
  readonly #index: Identity;
  #size: number;
  #writtenMs: number;
  #openLog: number | null;
  readonly #header = Buffer.alloc(HEADER_BYTES);

  /** Call it when both the database and its write-ahead log exist. */
  constructor(file: string) {
    this.#file = file;
    this.#log = `${file}-wal`;
    this.#known = [file, this.#log].map(identityOf);
    this.#index = identityOf(`${file}-shm`);
    // SQLite locks the index and not the log, so that another descriptor of the log does no harm.
    this.#openLog = openSync(this.#log, 'r');
    const { size, mtimeMs } = statSync(file);
    this.#size = size;
    this.#writtenMs = mtimeMs;
  }

  /** `withIndex`: looks at the index of the log, too, by which other processes know what is in it. */
  look(withIndex: boolean): Sight {
    let isWritten = false;
    let logSize = 0;
    for (const { path, dev, ino } of withIndex ? [...this.#known, this.#index] : this.#known) {
      const found = statSync(path, { throwIfNoEntry: false });
      if (found === undefined) return { kind: 'moved', sentence: goneSentence(path) };
      if (found.ino !== ino || found.dev !== dev) return { kind: 'moved', sentence: replacedSentence(path) };
      if (path === this.#file) isWritten = found.size !== this.#size || found.mtimeMs !== this.#writtenMs;
      if (path === this.#log) logSize = found.size;
    }
    if (!this.#hasHeader(logSize)) return { kind: 'headless', isWritten };
    return isWritten ? { kind: 'written' } : UNCHANGED;
  }

  /** The first bytes of a log are never zero. @throws {AppError} when they cannot be read, which says nothing of them. */
  #hasHeader(size: number): boolean {
    if (this.#openLog === null) return true;
    if (size < HEADER_BYTES) return false;
    if (readSync(this.#openLog, this.#header, 0, HEADER_BYTES, 0) < HEADER_BYTES) {
      throw new AppError(
        'unavailable',
        `${this.#log} cannot be read now: a read ended early (SQLITE_IOERR_SHORT_READ)`,
        { retryAfterS: 1 },
      );
    }
    return this.#header[0] !== 0;
  }

  close(): void {
    if (this.#openLog !== null) closeSync(this.#openLog);
    this.#openLog = null;
  }

  /** Takes the database's size and time of writing as they are now. */
  accept(): void {
    const found = statSync(this.#file, { throwIfNoEntry: false });
    this.#size = found?.size ?? this.#size;
    this.#writtenMs = found?.mtimeMs ?? this.#writtenMs;
  }
}

function identityOf(path: string): Identity {
  const { dev, ino } = statSync(path);
  return { path, dev, ino };
}

function goneSentence(path: string): string {
  return `${path} is gone: it was moved or removed while the store runs; put it back, or restart the store`;
}

function replacedSentence(path: string): string {
  return `${path} was replaced by another file while the store runs; restart the store to go on with the new one`;
}
