import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { LockFile } from './lock-file.ts';
import { describeHolder, noteHolder } from './lock-holder.ts';

function newLock(): string {
  const folder = mkdtempSync(join(tmpdir(), 'saga-store-holder-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return join(folder, 'shelf.db.lock');
}

/** A process that does nothing; it stands in for a store. */
async function otherProcess(): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000); console.log("up")'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  return child as typeof child & { readonly pid: number };
}

/** The note of this process, with other values in it. */
function note(lock: string, changes: Readonly<Record<string, unknown>>): void {
  noteHolder(lock);
  const own: object = JSON.parse(readFileSync(`${lock}.pid`, 'utf8'));
  writeFileSync(`${lock}.pid`, JSON.stringify({ ...own, ...changes }));
}

describe('the holder of a lock', () => {
  it('is noted beside the lock as long as it is held', () => {
    const file = newLock();
    const lock = new LockFile(file);

    expect(JSON.parse(readFileSync(`${file}.pid`, 'utf8'))).toMatchObject({ pid: process.pid });

    lock.close();
    expect(existsSync(`${file}.pid`)).toBe(false);
  });

  it('is named with the command that stops it', async () => {
    const file = newLock();
    const { pid } = await otherProcess();
    note(file, { pid, started: null });

    expect(describeHolder(file)).toEqual({ subject: `process ${pid}`, advice: `stop it first: kill ${pid}` });
  });

  it.runIf(process.platform === 'linux')('that is frozen is told to go on or to end', async () => {
    const file = newLock();
    const child = await otherProcess();
    note(file, { pid: child.pid, started: null });
    child.kill('SIGSTOP');

    await expect
      .poll(() => describeHolder(file))
      .toEqual({
        subject: `process ${child.pid}, which is frozen,`,
        advice: `let it go on (kill -CONT ${child.pid}) or end it (kill -KILL ${child.pid}) first`,
      });
  });

  it('that has ended is not told to stop', async () => {
    const file = newLock();
    const child = await otherProcess();
    child.kill('SIGKILL');
    await once(child, 'exit');
    note(file, { pid: child.pid, started: null });

    expect(describeHolder(file).subject).toBe(`a process (process ${child.pid}, which held it before, has ended)`);
    expect(describeHolder(file).advice).not.toContain(`kill ${child.pid}`);
  });

  it.runIf(process.platform === 'linux')('whose number another process has now is not that process', async () => {
    const file = newLock();
    const { pid } = await otherProcess();
    note(file, { pid, started: '1' });

    expect(describeHolder(file).subject).toContain('has ended');
  });

  it('on another machine or in another container is named with its host, and its number is not looked up here', async () => {
    const file = newLock();
    const { pid } = await otherProcess();
    note(file, { pid, host: 'web-2', space: 'elsewhere' });

    expect(describeHolder(file)).toEqual({
      subject: `process ${pid} on web-2, which is another machine or container,`,
      advice: 'stop it there first',
    });
  });

  it.each([
    ['there is no note', null],
    ['the note is empty', ''],
    ['the note is not that of a store', '[]'],
    ['the note is a number', '12'],
    ['the note has no number', '{"pid":"x"}'],
  ])('is unknown where %s', (_, text) => {
    const file = newLock();
    if (text !== null) writeFileSync(`${file}.pid`, text);

    expect(describeHolder(file)).toEqual({
      subject: 'a process',
      advice: `stop it first; "fuser ${file}" shows it`,
    });
  });
});
