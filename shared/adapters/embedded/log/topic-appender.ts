import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { assert } from '../../../core/assert.ts';
import type { Message } from '../../../core/message.ts';
import {
  BEGIN_EPOCH_SQL,
  EPOCH_SQL,
  OUTBOX_COLUMNS,
  OUTBOX_SQL,
  OUTBOX_VIEW_SQL,
  outboxValues,
} from '../outbox-schema.ts';

const BUSY_TIMEOUT_MS = 5_000;

/** Appends to the file of a topic that no function writes. `begin`: begins a new epoch first. */
export function appendTo(
  file: string,
  topic: string,
  messages: readonly Message[],
  { begin }: { readonly begin: boolean },
): void {
  mkdirSync(dirname(file), { recursive: true });
  write(file, (db) => {
    db.exec(OUTBOX_SQL.replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'));
    db.exec(OUTBOX_VIEW_SQL.replace('CREATE VIEW', 'CREATE VIEW IF NOT EXISTS'));
    db.exec(EPOCH_SQL.replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'));
    if (begin) db.exec(BEGIN_EPOCH_SQL);
    const insert = db.prepare(`INSERT INTO outbox (${OUTBOX_COLUMNS.join(', ')}) VALUES (?, ?, ?, ?)`);
    for (const message of messages) insert.run(...outboxValues(topic, message));
  });
}

/** Removes the records up to `position`, and the epochs that then have no records left. */
export function removeFrom(file: string, position: number): void {
  write(file, (db) => {
    db.prepare('DELETE FROM outbox WHERE position <= ?').run(position);
    db.exec(EPOCH_SQL.replace('CREATE TABLE', 'CREATE TABLE IF NOT EXISTS'));
    db.prepare(
      `DELETE FROM topic_epoch WHERE number < (SELECT max(number) FROM topic_epoch WHERE from_position <= ?)`,
    ).run(position);
  });
}

/** Runs `work` in one durable transaction. */
function write(file: string, work: (db: Database.Database) => void): void {
  const db = new Database(file, { timeout: BUSY_TIMEOUT_MS });
  try {
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = FULL');
    db.transaction(() => work(db)).immediate();
    assert(db.pragma('synchronous', { simple: true }) === 2, `${file} must be written with synchronous = FULL`);
  } finally {
    db.close();
  }
}
