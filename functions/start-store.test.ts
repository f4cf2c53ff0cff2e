/** A start that fails leaves nothing open: the same process starts the store on the same data and ports. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../e2e/tools/free-ports.ts';
import { AppError } from '../shared/core/errors.ts';
import type { MessageLog } from '../shared/ports/message-log.ts';
import { logLines } from '../shared/testing/log-lines.ts';
import { dataFile, folderError, roomError } from './engine.ts';
import { readConfig } from './settings.ts';
import { type Part, parts, type StartOptions, startStore } from './start-store.ts';

async function place() {
  const dataDir = mkdtempSync(join(tmpdir(), 'saga-store-start-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const ports = await freePorts(parts.length);
  const settings = parts.map((part, n) => [`${part.toUpperCase()}_PORT`, String(ports[n])]);
  const env = { ...Object.fromEntries(settings), DATA_DIR: dataDir, ENABLE_AUTOMATION: 'true' };
  const start = (options: StartOptions = {}, more: Readonly<Record<string, string>> = {}) =>
    startStore(parts, readConfig({ ...env, ...more }), logLines().logger, options);
  /** Starts and stops the whole store, which is refused where a lock is held or a port is open. */
  const startAgain = async () => {
    const store = await start();
    await store.stop();
  };
  return { dataDir, start, startAgain, portOf: (part: Part) => ports[parts.indexOf(part)] ?? 0 };
}

it('a store that is stopped leaves no write-ahead log behind', async () => {
  const { dataDir, startAgain } = await place();

  await startAgain();

  const files = readdirSync(dataDir, { recursive: true, encoding: 'utf8' });
  expect(files.filter((file) => file.endsWith('.db')).sort()).toEqual([
    'inventory/inventory.db',
    'notification/notification.db',
    'order/order.db',
  ]);
  expect(files.filter((file) => file.endsWith('-wal'))).toEqual([]);
});

it('a start hears that it is to stop before it goes on to a function', async () => {
  const { dataDir, start } = await place();
  const aborting = new AbortController();
  setImmediate(() => aborting.abort(new Error('stop it')));

  await expect(start({ signal: aborting.signal })).rejects.toThrow('stop it');

  expect(existsSync(dataFile(dataDir, 'order'))).toBe(false);
});

describe('a start that fails', () => {
  it.each(parts)('because the port of %s is taken closes the ports and the files', async (part) => {
    const { start, startAgain, portOf } = await place();
    const holder = createServer((socket) => socket.destroy()).listen(portOf(part), '127.0.0.1');
    await new Promise((resolve) => holder.once('listening', resolve));

    await expect(start()).rejects.toThrow(`${part.toUpperCase()}_PORT: port ${portOf(part)} of 127.0.0.1 is in use`);

    await new Promise((resolve) => holder.close(resolve));
    await expect(startAgain()).resolves.toBeUndefined();
  });

  it('because a later function has no data closes the earlier one', async () => {
    const { dataDir, start, startAgain } = await place();
    mkdirSync(dataFile(dataDir, 'notification'), { recursive: true });

    await expect(start()).rejects.toThrow('notification.db');

    rmSync(join(dataDir, 'notification'), { recursive: true });
    await expect(startAgain()).resolves.toBeUndefined();
  });

  it('after its database was opened closes the database', async () => {
    const { start, startAgain } = await place();
    const wrapLog = (log: MessageLog): MessageLog =>
      Object.assign(Object.create(log), {
        subscribe: () => Promise.reject(new Error('no subscription today')),
        close: () => log.close(),
      });

    await expect(start({ wrapLog })).rejects.toThrow('no subscription today');

    await expect(startAgain()).resolves.toBeUndefined();
  });

  it.each([
    ['no subscription today', 'before ports open'],
    ['ORDER_PORT', 'when a port is taken'],
  ])('says why (%s) also where the client of its log does not end, %s', async (why) => {
    const { start, startAgain, portOf } = await place();
    const isPort = why === 'ORDER_PORT';
    const holder = createServer();
    if (isPort) await new Promise<void>((resolve) => holder.listen(portOf('order'), '127.0.0.1', resolve));
    let end: () => void = () => undefined;
    const ended = new Promise<void>((resolve) => {
      end = resolve;
    });
    let closing: Promise<void> = Promise.resolve();
    const wrapLog = (log: MessageLog): MessageLog => {
      const close = log.close.bind(log);
      return Object.assign(log, {
        ...(isPort ? {} : { subscribe: () => Promise.reject(new Error(why)) }),
        close: () => {
          closing = ended.then(close);
          return closing;
        },
      });
    };

    await expect(start({ wrapLog, closeMs: 1 })).rejects.toThrow(why);

    holder.close();
    end();
    await closing;
    await expect.poll(() => startAgain().then(() => 'started', String), { timeout: 10_000 }).toBe('started');
  });

  it('because it was aborted gives the reason, and closes what was opened', async () => {
    const { start, startAgain } = await place();
    const aborting = new AbortController();
    const starting = start({ signal: aborting.signal });
    aborting.abort(new Error('enough'));

    await expect(starting).rejects.toThrow('enough');

    await expect(startAgain()).resolves.toBeUndefined();
  });

  it('because two parts have one port says so, before anything is opened', async () => {
    const { start, startAgain } = await place();

    await expect(start({}, { ORDER_PORT: '8123', NOTIFICATION_PORT: '8123' })).rejects.toThrow(
      'NOTIFICATION_PORT: must not be the port of ORDER_PORT; both are 8123',
    );
    await expect(startAgain()).resolves.toBeUndefined();
  });
});

it('a start on a full disk names the file, the setting and what to do', () => {
  const full = new AppError('no_room', 'there is no room left on the disk');
  const sentence =
    'DATA_DIR: there is no room left on the disk for /d/order.db: free some, or set it to a folder on another disk';

  expect(roomError(full, '/d/order.db')?.message).toBe(sentence);
  expect(roomError(Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' }), '/d/order.db')?.message).toBe(sentence);
  expect(roomError(new Error('another'), '/d/order.db')).toBeNull();
});

it('an error of the disk names the folder, also where the call has no path', () => {
  const errs = Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO', syscall: 'fsync' });
  const refused = Object.assign(new Error('ENOENT'), { code: 'ENOENT', syscall: 'mkdir', path: '/proc/d' });

  expect([folderError(errs, '/d/order.db')?.message, folderError(refused, '/d/order.db')?.message]).toEqual([
    'DATA_DIR: this cannot be used: /d (EIO): set it to a folder on a disk of this machine',
    'DATA_DIR: no folder can be created at /proc/d (ENOENT): set it to a folder on a disk of this machine',
  ]);
  expect(folderError(new Error('another'), '/d/order.db')).toBeNull();
});
