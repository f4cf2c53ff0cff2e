import Database from 'better-sqlite3';
import type { Position } from '../../../ports/store.ts';
import type { GuardedSession } from './guarded-session.ts';

const LOCK_TIMEOUT_MS = 5_000;
/** The log that needs no relay: the outboxes themselves. */
export const EMBEDDED = 'embedded';

/**
 * Which log the messages of a function are in. The positions of its topics belong to that log; those that it had in another
 * one are stored, for the way back.
 */
export class LogHome {
  readonly #guarded: GuardedSession;

  constructor(guarded: GuardedSession) {
    this.#guarded = guarded;
  }

  get log(): string {
    return this.#guarded.use(({ db }) => logOf(db));
  }

  /** Tells these data from those of any other store; a copy, which may be restored, has the same. */
  get owner(): string {
    return this.#guarded.use(({ db }) => String(db.prepare('SELECT owner FROM identity').pluck().get()));
  }

  /** Notes the log, so that processes with other settings see it before there is any message. */
  settle(): void {
    if (this.#guarded.use(({ db }) => db.prepare('SELECT 1 FROM relay').get()) !== undefined) return;
    const sql = 'INSERT INTO relay (id, log, token, position) VALUES (1, ?, 0, 0)';
    this.#guarded.commit(({ db }) => db.prepare(sql).run(EMBEDDED));
  }

  /**
   * Moves the function to the log `to`, with nothing left to send and the positions that it had there, or with these. To be
   * called while every reader of its messages has read them, before any loop runs.
   */
  move(to: string, positions: readonly Position[] = []): void {
    this.#guarded.commit(({ db }) => db.transaction(() => move(db, to, positions)).immediate());
  }
}

/**
 * The log of the data in the file at this path; the embedded one where an older program wrote it last. Null where it has no
 * messages yet, or cannot be read: opening it as a store says why.
 */
export function logInFile(file: string): string | null {
  try {
    const db = new Database(file, { readonly: true, fileMustExist: true, timeout: LOCK_TIMEOUT_MS });
    try {
      const isOld = db.prepare("SELECT 1 FROM sqlite_master WHERE name = 'relay'").get() === undefined;
      const log = isOld ? null : db.prepare('SELECT log FROM relay').pluck().get();
      if (typeof log === 'string') return log;
      return db.prepare('SELECT 1 FROM outbox UNION SELECT 1 FROM position').get() === undefined ? null : EMBEDDED;
    } finally {
      db.close();
    }
  } catch (error) {
    if (error instanceof Database.SqliteError) return null;
    throw error;
  }
}

/** The log of the data in this database, or in one that is attached under this name. */
export function logOf(db: Database.Database, schema = 'main'): string {
  return String(db.prepare(`SELECT log FROM "${schema}".relay`).pluck().get() ?? EMBEDDED);
}

function move(db: Database.Database, to: string, positions: readonly Position[]): void {
  const columns = 'topic, partition, position, epoch, proof';
  db.prepare(`INSERT OR REPLACE INTO position_elsewhere (log, ${columns}) SELECT ?, ${columns} FROM position`).run(
    logOf(db),
  );
  db.exec('DELETE FROM position');
  // It was read by all, so nothing of it is sent again, whatever the topics have when the data come back to this log.
  db.exec('DELETE FROM sent');
  db.prepare(`INSERT INTO position (${columns}) SELECT ${columns} FROM position_elsewhere WHERE log = ?`).run(to);
  const insert = db.prepare(`INSERT OR REPLACE INTO position (${columns}) VALUES (?, ?, ?, ?, ?)`);
  for (const { topic, partition, position, epoch = '', proof = null } of positions) {
    insert.run(topic, partition, position, epoch, proof);
  }
  db.prepare(
    `INSERT INTO relay (id, log, token, position)
       VALUES (1, ?, 0, coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'outbox'), 0))
     ON CONFLICT (id) DO UPDATE SET log = excluded.log, position = excluded.position`,
  ).run(to);
}
