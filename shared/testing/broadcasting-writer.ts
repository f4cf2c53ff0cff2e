import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { EmbeddedLog } from '../adapters/embedded/log/embedded-log.ts';
import { SqliteStore } from '../adapters/embedded/store/sqlite-store.ts';
import type { LogRecord, Subscription } from '../ports/message-log.ts';
import type { OutboxRow } from '../ports/store.ts';
import { placeOf } from './log-examples.ts';
import { count } from './probe.ts';
import { commitOf } from './shelf.ts';

/** A writer that hands over what it commits, and somebody who reads it in the same thread: he has dealt with one message. */
export class BroadcastingWriter {
  readonly folder = mkdtempSync(join(tmpdir(), 'saga-handed-'));
  readonly file = join(this.folder, 'writer.db');
  readonly log = this.#open();
  /** Of another thread. */
  readonly other = this.#open();
  store = this.#start();
  subscription!: Subscription;

  static async create(): Promise<BroadcastingWriter> {
    const writer = new BroadcastingWriter();
    await writer.commit(1);
    writer.subscription = await writer.subscribe();
    await writer.taken();
    return writer;
  }

  async remove(): Promise<void> {
    await this.log.close();
    await this.other.close();
    await this.store.close();
    rmSync(this.folder, { recursive: true });
  }

  subscribe(on: EmbeddedLog = this.log, wake: () => void = () => undefined): Promise<Subscription> {
    return on.subscribe({ group: 'readers', topics: ['events'], positions: [], wake });
  }

  /** A new life; `restoredTo`: what lies behind that position is lost, as in a file that was restored from a copy. */
  async restart({ restoredTo }: { readonly restoredTo?: number } = {}): Promise<void> {
    await this.store.close();
    if (restoredTo !== undefined) {
      const db = new Database(this.file);
      db.prepare('DELETE FROM outbox WHERE position > ?').run(restoredTo);
      db.prepare("UPDATE sqlite_sequence SET seq = ? WHERE name = 'outbox'").run(restoredTo);
      db.close();
    }
    this.store = this.#start();
  }

  /** Commits messages with these quantities, and tells nobody. */
  commit(...quantities: readonly number[]): Promise<readonly OutboxRow[]> {
    return this.commitRows(quantities.map((quantity) => ({ topic: 'events', message: count('a', quantity) })));
  }

  async commitRows(outbox: readonly OutboxRow[]): Promise<readonly OutboxRow[]> {
    return (await this.store.transact([], [], () => commitOf({ outbox }))).outbox;
  }

  /** Hands these over, with a hundred more of everything than in the file: so it shows where a record was found. */
  tell(rows: readonly OutboxRow[]): void {
    this.log.announce('events', rows.map(marked));
  }

  /** What a poll gives, and is dealt with then. */
  async taken(max = 10, by: Subscription = this.subscription): Promise<readonly number[]> {
    const records = await by.poll(max);
    await by.acknowledge(records.slice(-1).map(placeOf));
    return quantities(records);
  }

  /** What is read now, and what is handed over after that. */
  async readOn(): Promise<readonly number[]> {
    const here = await this.taken();
    this.tell(await this.commit(50));
    return [...here, ...(await this.taken())];
  }

  /** As a function does that starts from nothing. */
  async skip(): Promise<void> {
    await this.subscription.acknowledge(await this.subscription.ends());
  }

  #open(): EmbeddedLog {
    const events = { file: this.file, writtenHere: true, isPublic: false };
    return new EmbeddedLog({ topics: { events }, pollMs: 1_000 });
  }

  #start(): SqliteStore {
    return SqliteStore.open({ name: 'writer', file: this.file, tables: [], migrations: [] });
  }
}

function marked({ written, ...row }: OutboxRow): OutboxRow {
  if (written === undefined) return row;
  const { quantity, ...data } = JSON.parse(written.value);
  return { ...row, written: { ...written, value: JSON.stringify({ ...data, quantity: quantity + 100 }) } };
}

export function quantities(records: readonly LogRecord[]): readonly number[] {
  return records.map(({ value }) => JSON.parse(value).quantity);
}
