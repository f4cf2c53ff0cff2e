import { copyFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Subscription } from '../../../ports/message-log.ts';
import { count } from '../../../testing/probe.ts';
import { commitOf } from '../../../testing/shelf.ts';
import { SqliteStore } from '../store/sqlite-store.ts';
import { EmbeddedLog } from './embedded-log.ts';

const POLL_MS = 2;

let folder: string;
let file: string;
let log: EmbeddedLog;
let subscription: Subscription;
let woken = 0;

/** A topic of another process, with one record that was read. */
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'saga-moved-file-'));
  file = join(folder, 'writer', 'writer.db');
  await write(file, 1);
  const topics = {
    events: { file, writtenHere: false, isPublic: false },
    commands: { file: join(folder, 'topics', 'commands.db'), writtenHere: false, isPublic: true },
  };
  log = new EmbeddedLog({ topics, readers: [{ group: 'own', file, topics: ['events'] }], pollMs: POLL_MS });
  woken = 0;
  const wake = () => {
    woken += 1;
  };
  subscription = await log.subscribe({
    group: 'readers',
    topics: ['events', 'commands'],
    positions: async () => [],
    wake,
  });
  await subscription.acknowledge(await subscription.poll(10));
});
afterEach(async () => {
  await subscription.close();
  await log.close();
  rmSync(folder, { recursive: true });
});

async function write(path: string, quantity: number): Promise<void> {
  const store = SqliteStore.open({ name: 'writer', file: path, tables: [], migrations: [] });
  await store.transact({}, () => commitOf({ outbox: [{ topic: 'events', message: count('a', quantity) }] }));
  await store.close();
}

const poll = () => subscription.poll(10);
/** Waits until the topic is unavailable, and returns why. */
async function reason(): Promise<string | null> {
  await vi.waitFor(() => expect(poll()).rejects.toMatchObject({ code: 'unavailable' }));
  return subscription.unavailableReason();
}
const quantities = async () => (await poll()).map(({ value }) => JSON.parse(value).quantity);

describe('the file of a topic that', () => {
  it('is moved away is unavailable, not empty, and is read on when it is back', async () => {
    renameSync(join(folder, 'writer'), join(folder, 'away'));
    expect(await reason()).toBe(`events cannot be read: ${file} is gone: it was moved or removed`);
    await expect(log.progress('events')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(subscription.ends()).rejects.toMatchObject({ code: 'unavailable' });
    renameSync(join(folder, 'away'), join(folder, 'writer'));
    expect(await poll()).toEqual([]);
    await write(file, 2);

    await vi.waitFor(async () => expect(await quantities()).toEqual([2]));
    expect(subscription.unavailableReason()).toBeNull();
  });

  it('is missing does not wake its readers with each look', async () => {
    renameSync(join(folder, 'writer'), join(folder, 'away'));
    await reason();
    const before = woken;
    await new Promise((resolve) => setTimeout(resolve, 50 * POLL_MS));

    expect(woken - before).toBeLessThan(3);
  });

  it('is replaced is read, and not the former one', async () => {
    copyFileSync(file, join(folder, 'copy.db'));
    await write(join(folder, 'copy.db'), 7);
    renameSync(join(folder, 'copy.db'), file);

    await vi.waitFor(async () => expect(await quantities()).toEqual([7]));
  });

  it('is cut off is unavailable', async () => {
    truncateSync(file, 0);

    expect(await reason()).toContain(`${file} is empty, and it was not before`);
  });

  it('is no database any more is named, with the way to restore it', async () => {
    renameSync(file, join(folder, 'away.db'));
    writeFileSync(file, 'no database, and long enough to be taken for one '.repeat(100));
    await reason();

    await expect(poll()).rejects.toThrow(
      `${file} cannot be read now: file is not a database (SQLITE_NOTADB). If that lasts, it is damaged: stop the store, ` +
        'and put the writer.db of a copy made by "npm run backup" in its place',
    );
  });
});

describe('a topic that no function writes', () => {
  it('begins another epoch where its file was replaced since the last record', async () => {
    await log.append('commands', [count('a', 1)]);
    const [first] = await poll();
    renameSync(join(folder, 'topics'), join(folder, 'away'));
    await log.append('commands', [count('a', 2)]);

    await vi.waitFor(async () => {
      const last = (await poll()).at(-1);
      expect(JSON.parse(last?.value ?? '{}')).toMatchObject({ quantity: 2 });
      expect(last?.epoch).not.toBe(first?.epoch);
    });
  });

  it('is not acknowledged where its folder is a file', async () => {
    writeFileSync(join(folder, 'topics'), '');

    await expect(log.append('commands', [count('a', 1)])).rejects.toMatchObject({ code: 'unavailable' });
  });
});
