import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { connect } from '../connect.ts';
import { LockFile } from './lock-file.ts';

/** A lock that is held, and how to give it back. */
function heldLock(): { readonly file: string; readonly release: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'saga-store-lock-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'shelf.db.lock');
  const db = connect(file, {});
  db.exec('BEGIN EXCLUSIVE');
  onTestFinished(() => void db.close());
  return { file, release: () => db.close() };
}

it('takes a lock that another try was in the way of', () => {
  const { file, release } = heldLock();
  const pause = vi.fn(release);

  const lock = new LockFile(file, pause);

  expect(pause).toHaveBeenCalledOnce();
  expect(() => new LockFile(file)).toThrow(expect.objectContaining({ code: 'SQLITE_BUSY' }));
  lock.close();
});

it('waits for no other failure', () => {
  const { file } = heldLock();
  const pause = vi.fn();

  expect(() => new LockFile(join(file, 'x.lock'), pause)).toThrow();

  expect(pause).not.toHaveBeenCalled();
});

it('gives up a lock that stays held after some tries', () => {
  const { file } = heldLock();
  const pause = vi.fn();

  expect(() => new LockFile(file, pause)).toThrow(expect.objectContaining({ code: 'SQLITE_BUSY' }));

  expect(pause).toHaveBeenCalledTimes(4);
});
