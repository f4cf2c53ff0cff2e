import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Message } from '../../../core/message.ts';
import type { MessageLog } from '../../../ports/message-log.ts';
import { passing } from '../../../testing/clock.ts';
import { logConformance } from '../../../testing/log.conformance.ts';
import type { LogSubject } from '../../../testing/log-examples.ts';
import { count } from '../../../testing/probe.ts';
import { commitOf } from '../../../testing/shelf.ts';
import { OUTBOX_COLUMNS, outboxValues } from '../outbox-schema.ts';
import { SqliteStore } from '../store/sqlite-store.ts';
import { EmbeddedLog } from './embedded-log.ts';

const INSERT = `INSERT INTO outbox (${OUTBOX_COLUMNS.join(', ')}) VALUES (?, ?, ?, ?)`;

const POLL_MS = 2;

function writerOf(file: string): SqliteStore {
  return SqliteStore.open({ name: 'writer', file, tables: [], migrations: [] });
}

function commit(store: SqliteStore, topic: string, messages: readonly Message[]) {
  return store.transact({}, () => commitOf({ outbox: messages.map((message) => ({ topic, message })) }));
}

logConformance('the embedded log behind a SQLite store', () => subject({ broadcasts: false }));
logConformance('the embedded log with a store that broadcasts its commits', () => subject({ broadcasts: true }));

async function subject({ broadcasts }: { readonly broadcasts: boolean }): Promise<LogSubject> {
  const folder = mkdtempSync(join(tmpdir(), 'saga-log-'));
  const file = join(folder, 'writer.db');
  const store = writerOf(file);
  const readerFile = join(folder, 'reader.db');
  return {
    written: 'events',
    publicTopic: 'commands',
    open: async () =>
      new EmbeddedLog({
        topics: {
          events: { file, writtenHere: true, isPublic: false },
          commands: { file: join(folder, 'topics', 'commands.db'), writtenHere: false, isPublic: true },
        },
        readers: [{ group: 'known', file: readerFile, topics: ['events'] }],
        pollMs: POLL_MS,
      }),
    async publish(log: MessageLog, messages) {
      const { outbox } = await commit(store, 'events', messages);
      if (broadcasts) log.announce('events', outbox);
      else log.announce('events');
    },
    notesReceipt: false,
    group: 'known',
    async commitPositions(_log, positions) {
      const reader = SqliteStore.open({ name: 'known', file: readerFile, tables: [], migrations: [] });
      await reader.transact({}, () => commitOf({ positions }));
      await reader.close();
    },
    async remove() {
      await store.close();
      rmSync(folder, { recursive: true });
    },
  };
}

describe('the embedded log', () => {
  let folder: string;
  let file: string;
  let log: EmbeddedLog;
  const stores: SqliteStore[] = [];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'saga-log-'));
    file = join(folder, 'far', 'writer.db');
    log = new EmbeddedLog({ topics: { events: { file, writtenHere: false, isPublic: true } }, pollMs: POLL_MS });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await log.close();
    for (const store of stores.splice(0)) await store.close();
    rmSync(folder, { recursive: true });
  });

  function startWriter(): SqliteStore {
    const store = writerOf(file);
    stores.push(store);
    return store;
  }

  function subscribe(wake: () => void = () => undefined) {
    return log.subscribe({ group: 'readers', topics: ['events'], positions: async () => [], wake });
  }

  const quantities = (records: readonly { value: string }[]) => records.map(({ value }) => JSON.parse(value).quantity);

  it('finds an unannounced commit of another process', async () => {
    const store = startWriter();
    const wake = vi.fn();
    const subscription = await subscribe(wake);
    await vi.waitFor(() => expect(wake).toHaveBeenCalled());
    expect(await subscription.poll(10)).toEqual([]);
    wake.mockClear();

    await commit(store, 'events', [count('a', 1)]);

    await vi.waitFor(() => expect(wake).toHaveBeenCalled());
    expect(quantities(await subscription.poll(10))).toEqual([1]);
  });

  it('shows an empty topic for a writer that never started, and reads it when it starts', async () => {
    const wake = vi.fn();
    const subscription = await subscribe(wake);
    const before = [await subscription.poll(10), await subscription.ends(), subscription.unavailableReason()];

    await commit(startWriter(), 'events', [count('a', 1)]);
    await vi.waitFor(() => expect(wake).toHaveBeenCalled());

    expect(before).toEqual([[], [{ topic: 'events', partition: 0, position: 0, epoch: '' }], null]);
    expect(quantities(await subscription.poll(10))).toEqual([1]);
  });

  it('shows an empty topic for a file that its writer has just created', async () => {
    mkdirSync(join(folder, 'far'));
    new Database(file).exec('CREATE TABLE other (id TEXT)').close();
    const subscription = await subscribe();
    const before = await subscription.poll(10);

    await commit(startWriter(), 'events', [count('a', 1)]);
    await vi.waitFor(async () => expect(quantities(await subscription.poll(10))).toEqual([1]));

    expect(before).toEqual([]);
  });

  it('reads no uncommitted messages, and none of other topics', async () => {
    const store = startWriter();
    await commit(store, 'other-events', [count('a', 1)]);
    const subscription = await subscribe();
    store.database.exec('BEGIN IMMEDIATE');
    store.database.prepare(INSERT).run(...outboxValues('events', count('a', 1)));
    const seen = await subscription.poll(10);
    store.database.exec('ROLLBACK');

    expect(seen).toEqual([]);
  });

  it('reads on after a clear, because positions are never reused', async () => {
    const store = startWriter();
    await commit(store, 'events', [count('a', 1), count('a', 2)]);
    const subscription = await subscribe();
    const ends = await subscription.ends();
    await store.clear([]);
    await subscription.acknowledge(ends);
    await commit(store, 'events', [count('a', 3)]);

    await vi.waitFor(async () => expect(quantities(await subscription.poll(10))).toEqual([3]));
  });

  it('reports a file that cannot be read for a moment, and reads on when it can', async () => {
    await startWriter().close();
    stores.splice(0);
    const other = new Database(file);
    other.pragma('journal_mode = DELETE');
    const wake = vi.fn();
    const subscription = await subscribe(wake);
    await subscription.poll(10);

    other.exec('BEGIN EXCLUSIVE');
    log.announce('events');
    await expect(subscription.poll(10)).rejects.toThrow('locked');
    expect(subscription.unavailableReason()).toBe('events cannot be read: database is locked');
    await vi.waitFor(() => expect(wake).toHaveBeenCalled());
    wake.mockClear();
    other.exec('COMMIT');
    other.close();
    await vi.waitFor(() => expect(wake).toHaveBeenCalled());

    expect([await subscription.poll(10), subscription.unavailableReason()]).toEqual([[], null]);
  });

  it('reports a file that is no database, and does not show an empty topic', async () => {
    mkdirSync(join(folder, 'far'));
    writeFileSync(file, 'no database, and long enough to be taken for one '.repeat(100));
    const subscription = await subscribe();

    await expect(subscription.poll(10)).rejects.toThrow('file is not a database');
    expect(subscription.unavailableReason()).toBe('events cannot be read: file is not a database');
  });

  it('appends with synchronous = FULL, and fails when it is not set', async () => {
    await log.append('events', [count('a', 1)]);
    const { pragma } = Database.prototype;
    vi.spyOn(Database.prototype, 'pragma').mockImplementation(function (this: Database.Database, source, options) {
      return source === 'synchronous = FULL' ? undefined : pragma.call(this, source, options);
    });

    await expect(log.append('events', [count('a', 2)])).rejects.toThrow(
      `${file} must be written with synchronous = FULL`,
    );
  });

  it.each(['no JSON', 'null', '[1]', '7'])(
    'passes on attributes that are no object: %s does not stop a topic',
    async (bad) => {
      await log.append('events', [count('a', 1)]);
      const other = new Database(file);
      other.prepare(INSERT).run('events', 'a', bad, '{}');
      other.close();
      await log.append('events', [count('a', 2)]);
      const records = await (await subscribe()).poll(10);

      expect(records.map(({ attributes }) => attributes['raw'] ?? attributes['subject'])).toEqual(['a', bad, 'a']);
    },
  );

  it('returns the records after its own position to a reader far ahead of another', async () => {
    await log.append(
      'events',
      Array.from({ length: 600 }, (_, n) => count('a', n + 1)),
    );
    const ends = await (await subscribe()).ends();
    const at = (position: number) => ends.map((end) => ({ ...end, position }));
    const options = { topics: ['events'], wake: () => undefined };
    const behind = await log.subscribe({ ...options, group: 'behind', positions: async () => [] });
    const ahead = await log.subscribe({ ...options, group: 'ahead', positions: async () => at(590) });

    const first = await behind.poll(256);
    const last = await ahead.poll(256);

    expect([first.length, last.map(({ position }) => position)]).toEqual([
      256,
      Array.from({ length: 10 }, (_, n) => 591 + n),
    ]);
  });

  it('treats a reader whose file has no tables yet as one that never read', async () => {
    const readerFile = join(folder, 'reader.db');
    new Database(readerFile).exec('CREATE TABLE other (id TEXT)').close();
    const topics = { events: { file, writtenHere: false, isPublic: true } };
    const readers = [{ group: 'new', file: readerFile, topics: ['events'] }];
    const other = new EmbeddedLog({ topics, readers, pollMs: POLL_MS });
    await other.append('events', [count('a', 1)]);

    expect(await other.progress('events')).toMatchObject([{ group: 'new', position: 0, lag: 1 }]);
    await other.close();
  });

  it('reports and prunes a message from outside by when it was received, whatever its time', async () => {
    let nowMs = Date.parse('2026-03-01T10:00:00.000Z');
    const topics = { events: { file, writtenHere: false, isPublic: true } };
    const readerFile = join(folder, 'reader.db');
    const readers = [{ group: 'known', file: readerFile, topics: ['events'] }];
    const other = new EmbeddedLog({ topics, readers, pollMs: POLL_MS, clock: passing(() => nowMs) });
    const { time: _, ...untimed } = count('b', 2);
    await other.append('events', [{ ...count('a', 1), time: '1970-01-01T00:00:00Z' }, untimed]);
    const [unread] = await other.progress('events');
    nowMs += 2_000;
    await other.append('events', [{ ...count('c', 3), time: '9999-12-31T23:59:59Z' }, count('d', 4)]);
    const reader = SqliteStore.open({ name: 'known', file: readerFile, tables: [], migrations: [] });
    stores.push(reader);
    const positions = await (await subscribe()).ends();
    await reader.transact({}, () => commitOf({ positions }));
    const prune = (cutoffMs: number) => other.prune('events', { cutoffMs, nowMs, limit: 10 });

    expect(unread).toMatchObject({ lag: 2, oldestUnreadAt: '2026-03-01T10:00:00.000Z' });
    expect([await prune(nowMs - 3_000), await prune(nowMs - 1_000), await prune(nowMs)]).toEqual([0, 2, 1]);
    await other.close();
  });

  it('wakes up for no file until a topic of another process is read here', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const topics = {
      own: { file: join(folder, 'own.db'), writtenHere: true, isPublic: false },
      events: { file, writtenHere: false, isPublic: true },
    };
    const other = new EmbeddedLog({ topics, pollMs: POLL_MS });
    const read = (topic: string) =>
      other.subscribe({ group: 'readers', topics: [topic], positions: async () => [], wake: () => {} });
    await read('own');
    const before = vi.getTimerCount();
    await read('events');
    await read('events');

    expect([before, vi.getTimerCount()]).toEqual([0, 1]);
    await other.close();
    vi.useRealTimers();
  });

  it('refuses an unknown topic', async () => {
    await expect(
      log.subscribe({ group: 'g', topics: ['nowhere'], positions: async () => [], wake: () => {} }),
    ).rejects.toThrow('there is no topic nowhere');
  });
});
