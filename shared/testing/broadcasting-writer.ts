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

/** A writer that broadcasts its commits, and a reader in the same thread that has processed one message. */
export class BroadcastingWriter {
  readonly folder = mkdtempSync(join(tmpdir(), 'saga-broadcast-'));
  readonly file = join(this.folder, 'writer.db');
  readonly log = this.#open();
  /** Stands for the log of another thread. */
  readonly other = this.#open();
  store = this.#start();
  subscription!: Subscription;

  static async create(): Promise<BroadcastingWriter> {
    const writer = new BroadcastingWriter();
    await writer.commit(1);
    writer.subscription = await writer.subscribe();
    await writer.consume();
    return writer;
  }

  async remove(): Promise<void> {
    await this.log.close();
    await this.other.close();
    await this.store.close();
    rmSync(this.folder, { recursive: true });
  }

  subscribe(on: EmbeddedLog = this.log, wake: () => void = () => undefined): Promise<Subscription> {
    return on.subscribe({ group: 'readers', topics: ['events'], positions: async () => [], wake });
  }

  /** Begins a new epoch. `restoredTo`: records after this position are lost, as in a file restored from a copy. */
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

  /** Commits messages with these quantities, without an announcement. */
  commit(...quantities: readonly number[]): Promise<readonly OutboxRow[]> {
    return this.commitRows(quantities.map((quantity) => ({ topic: 'events', message: count('a', quantity) })));
  }

  async commitRows(outbox: readonly OutboxRow[]): Promise<readonly OutboxRow[]> {
    return (await this.store.transact({}, () => commitOf({ outbox }))).outbox;
  }

  /** Broadcasts these, each quantity 100 more than in the file, so that the source of a record shows. */
  broadcast(rows: readonly OutboxRow[]): void {
    this.log.announce('events', rows.map(withMarkedQuantity));
  }

  /** Polls and acknowledges; returns the quantities. */
  async consume(max = 10, by: Subscription = this.subscription): Promise<readonly number[]> {
    const records = await by.poll(max);
    await by.acknowledge(records.slice(-1).map(placeOf));
    return quantities(records);
  }

  /** The quantities consumed now, and those consumed after another commit is broadcast. */
  async consumeThenBroadcast(): Promise<readonly number[]> {
    const now = await this.consume();
    this.broadcast(await this.commit(50));
    return [...now, ...(await this.consume())];
  }

  /** As a function does after a clear. */
  async skipToEnd(): Promise<void> {
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

function withMarkedQuantity({ written, ...row }: OutboxRow): OutboxRow {
  if (written === undefined) return row;
  const { quantity, ...data } = JSON.parse(written.value);
  return { ...row, written: { ...written, value: JSON.stringify({ ...data, quantity: quantity + 100 }) } };
}

export function quantities(records: readonly LogRecord[]): readonly number[] {
  return records.map(({ value }) => JSON.parse(value).quantity);
}
