import { type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import { assert } from '../../../core/assert.ts';
import { AppError } from '../../../core/errors.ts';
import type { OutsideMessage } from '../../../core/message.ts';
import { connect } from '../connect.ts';
import {
  BEGIN_EPOCH_SQL,
  EPOCH_SQL,
  OUTBOX_COLUMNS,
  OUTBOX_SQL,
  OUTBOX_VIEW_SQL,
  receivedValues,
} from '../outbox-schema.ts';
import { flush, makeDurableFolder } from '../store/durable-folder.ts';
import { mapErrors } from '../store-error.ts';

const BUSY_TIMEOUT_MS = 5_000;

/** A file to which this process has appended: its epoch there has begun. */
export type BegunFile = Pick<Stats, 'dev' | 'ino'>;

/**
 * Appends to the file of a topic that no function writes, and begins a new epoch first where the file is not `begun`.
 * `received`: when the messages were received, ISO 8601; null: not noted. Returns the file. @throws {AppError} when the records are not in the file at this path.
 */
export function appendTo(
  file: string,
  topic: string,
  messages: readonly OutsideMessage[],
  { begun, received }: { readonly begun: BegunFile | undefined; readonly received: string | null },
): BegunFile {
  return mapErrors(file, () => {
    const before = statSync(file, { throwIfNoEntry: false });
    const isNew = begun === undefined || !isSame(begun, before);
    if (isNew) makeDurableFolder(dirname(file));
    write(file, (db) => {
      db.exec(OUTBOX_SQL.replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'));
      db.exec(OUTBOX_VIEW_SQL.replace('CREATE VIEW', 'CREATE VIEW IF NOT EXISTS'));
      db.exec(EPOCH_SQL.replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'));
      if (isNew) db.exec(BEGIN_EPOCH_SQL);
      const insert = db.prepare(`INSERT INTO outbox (${OUTBOX_COLUMNS.join(', ')}) VALUES (?, ?, ?, ?)`);
      for (const message of messages) insert.run(...receivedValues(topic, message, received));
    });
    if (isNew) flush(dirname(file));
    return statSync(file);
  });
}

/** Removes the records up to `position`, and the epochs that then have no records left. */
export function removeFrom(file: string, position: number): void {
  mapErrors(file, () =>
    write(
      file,
      (db) => {
        db.prepare('DELETE FROM outbox WHERE position <= ?').run(position);
        db.exec(EPOCH_SQL.replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'));
        db.prepare(
          `DELETE FROM topic_epoch WHERE number < (SELECT max(number) FROM topic_epoch WHERE from_position <= ?)`,
        ).run(position);
      },
      { mustExist: true },
    ),
  );
}

/** Runs `work` in one durable transaction. @throws {AppError} when the file was moved away meanwhile. */
function write(file: string, work: (db: Database.Database) => void, { mustExist = false } = {}): void {
  const db = connect(file, { timeout: BUSY_TIMEOUT_MS, fileMustExist: mustExist });
  try {
    const opened = statSync(file, { throwIfNoEntry: false });
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.transaction(() => work(db)).immediate();
    assert(db.pragma('synchronous', { simple: true }) === 2, `${file} must be written with synchronous = FULL`);
    if (opened === undefined || !isSame(opened, statSync(file, { throwIfNoEntry: false }))) {
      throw new AppError('unavailable', `${file} was moved or replaced while it was written`, { retryAfterS: 1 });
    }
  } finally {
    db.close();
  }
}

function isSame(one: BegunFile, other: BegunFile | undefined): boolean {
  return one.ino === other?.ino && one.dev === other.dev;
}
