import { closeSync, openSync, readSync } from 'node:fs';
import type Database from 'better-sqlite3';

/** Where in the header of a write-ahead log the number of its run stands, which SQLite calls the first salt. */
const RUN_AT = 16;
const HEADER_BYTES = 32;

/** How much of the write-ahead log is in the database. The log starts anew, in another run, once all of it is. */
export interface CheckpointMark {
  /** Counts up by one with each run. */
  readonly run: number;
  /** Pages of this run that are in the database. */
  readonly copied: number;
  /** Pages of this run. */
  readonly pages: number;
}

/** The mark as it is now; writes nothing and waits for nothing. `former`: the last one that was seen, null for the first. */
export function checkpointMark(db: Database.Database, former: CheckpointMark | null): CheckpointMark {
  // A read, so that the connection knows of what others have copied.
  db.pragma('schema_version');
  const [row] = db.pragma('wal_checkpoint(NOOP)') as { readonly log: number; readonly checkpointed: number }[];
  const { log = 0, checkpointed: copied = 0 } = row ?? {};
  return { run: runOf(`${db.name}-wal`) ?? former?.run ?? 0, copied, pages: log };
}

/** Copies what SQLite would copy now. Returns whether all of the log is in the database then. */
export function copyRest(db: Database.Database): boolean {
  const [row] = db.pragma('wal_checkpoint(PASSIVE)') as { readonly log: number; readonly checkpointed: number }[];
  return row !== undefined && row.checkpointed === row.log;
}

/** Whether a commit may have begun to copy the log: it is as long as it may get. Such copying can be interrupted by the disk. */
export function mayBeInterrupted(db: Database.Database, { pages, copied }: CheckpointMark): boolean {
  return copied < pages && pages >= Number(db.pragma('wal_autocheckpoint', { simple: true }));
}

/** Whether all pages of the log are in the database. */
export function isComplete({ copied, pages }: CheckpointMark): boolean {
  return copied === pages;
}

/**
 * Whether pages were copied between the two, so that the database was written by SQLite. `hasCommitted`: whether there were
 * commits between them; when all is copied now, so are they.
 */
export function hasCopied(former: CheckpointMark, now: CheckpointMark, hasCommitted: boolean): boolean {
  if (hasCommitted && isComplete(now)) return true;
  if (now.run === former.run) return now.copied !== former.copied || isComplete(now) !== isComplete(former);
  const isNextRun = isComplete(former) && now.run === (former.run + 1) >>> 0;
  return now.copied > 0 || !isNextRun;
}

/** Null where the log is empty. SQLite does not lock this file, so that it may be opened beside it. */
function runOf(wal: string): number | null {
  const header = Buffer.alloc(HEADER_BYTES);
  const descriptor = openSync(wal, 'r');
  try {
    const read = readSync(descriptor, header, 0, HEADER_BYTES, 0);
    return read < HEADER_BYTES ? null : header.readUInt32BE(RUN_AT);
  } finally {
    closeSync(descriptor);
  }
}
