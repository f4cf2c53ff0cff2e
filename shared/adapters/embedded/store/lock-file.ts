import { rmSync, statSync } from 'node:fs';
import type Database from 'better-sqlite3';
import { connect } from '../connect.ts';
import { isLocked } from '../store-error.ts';
import { forgetHolder, noteHolder } from './lock-holder.ts';

const TRIES_MAX = 10;
/** Two processes that try in the same instant may both fail: each is in the other's way. */
const TURNS = 5;
const PAUSE_MS = 10;

/** A lock that this process holds until `close` or its own end, however it ends. A note beside it says which process it is. */
export class LockFile {
  readonly #file: string;
  #held: Held;

  /**
   * Locks a file; creates it where it is missing. `pause` blocks for a moment, before each further try.
   * @throws {SqliteError} `SQLITE_BUSY` when another process, alive or frozen, has locked it.
   */
  constructor(file: string, pause: () => void = pauseShortly) {
    this.#file = file;
    this.#held = holdInTurn(file, pause);
    noteHolder(file);
  }

  /** Locks the file at the path again, where it was removed or replaced; false where it was not. @throws {SqliteError} as the constructor does. */
  renew(): boolean {
    if (inodeOf(this.#file) === this.#held.inode) return false;
    const former = this.#held;
    this.#held = hold(this.#file);
    noteHolder(this.#file);
    former.db.close();
    return true;
  }

  close(): void {
    if (this.#isInPlace()) forgetHolder(this.#file);
    this.#held.db.close();
  }

  /** Removes the file and closes it. Who has opened it before finds that it is gone, and takes its successor. */
  remove(): void {
    if (this.#isInPlace()) {
      forgetHolder(this.#file);
      rmSync(this.#file);
    }
    this.close();
  }

  /** Whether the file at the path is the one that is held; where that cannot be looked up, it is not. */
  #isInPlace(): boolean {
    try {
      return inodeOf(this.#file) === this.#held.inode;
    } catch {
      return false;
    }
  }
}

interface Held {
  readonly db: Database.Database;
  readonly inode: number;
}

function holdInTurn(file: string, pause: () => void): Held {
  for (let turn = 1; ; turn++) {
    try {
      return hold(file);
    } catch (error) {
      if (!isLocked(error) || turn === TURNS) throw error;
      pause();
    }
  }
}

/** For a random time: who tried in the same instant tries again in another one. */
function pauseShortly(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.random() * PAUSE_MS);
}

function hold(file: string): Held {
  for (let tries = 1; ; tries++) {
    const db = connect(file, { timeout: 0 });
    try {
      const before = inodeOf(file);
      db.pragma('journal_mode = MEMORY');
      db.exec('BEGIN EXCLUSIVE');
      // The one who held it before may have removed it, and another may hold its successor.
      if (before !== null && before === inodeOf(file)) return { db, inode: before };
      if (tries === TRIES_MAX) throw new Error(`${file} is removed again and again while it is locked`);
    } catch (error) {
      db.close();
      throw error;
    }
    db.close();
  }
}

function inodeOf(file: string): number | null {
  return statSync(file, { throwIfNoEntry: false })?.ino ?? null;
}
