import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../scenarios/harness.ts';

interface ServiceProcesses {
  freePort(): Promise<number>;
  asOnlyStarter<Result>(dataDir: string, work: () => Promise<Result>): Promise<Result>;
}

const tool = new URL('../../shared/tools/service-process.mjs', import.meta.url).href;
const { freePort, asOnlyStarter } = (await import(tool)) as ServiceProcesses;

afterEach(() => void vi.restoreAllMocks());

it('a free port is given out once, although no program listens there yet', async () => {
  vi.spyOn(Math, 'random').mockReturnValueOnce(0.5).mockReturnValueOnce(0.5);

  const [first, second] = [await freePort(), await freePort()];

  expect(second).not.toBe(first);
});

describe('the only starter of a server', () => {
  const noteIn = (folder: string) => join(folder, 'starter.json');

  it('holds off another one until it has ended', async () => {
    const folder = temporaryFolder();
    const second = () => asOnlyStarter(folder, async () => 'second');
    const refused = asOnlyStarter(folder, () => second());

    await expect(refused).rejects.toThrow(`Process ${process.pid} starts a server on ${folder} already: wait for it.`);
    expect(existsSync(noteIn(folder))).toBe(false);
    expect(await second()).toBe('second');
  });

  it('holds off nothing when it was killed', async () => {
    const folder = temporaryFolder();
    const work = `await import(${JSON.stringify(tool)}).then(({ asOnlyStarter }) => asOnlyStarter(${JSON.stringify(folder)}, () => {
      process.send('begun');
      return new Promise(() => setInterval(() => {}, 1000));
    }))`;
    const starter = spawn(process.execPath, ['--input-type=module', '-e', work], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    await once(starter, 'message');
    await expect(asOnlyStarter(folder, async () => 'too early')).rejects.toThrow(`Process ${starter.pid} starts`);
    starter.kill('SIGKILL');
    await once(starter, 'exit');

    expect(existsSync(noteIn(folder))).toBe(true);
    expect(await asOnlyStarter(folder, async () => 'next')).toBe('next');
  });

  it.each([
    ['the number of another process now', (note: object) => JSON.stringify({ ...note, started: 'before' })],
    ['no number', () => '{}'],
    ['half of its note', (note: object) => JSON.stringify(note).slice(0, -5)],
  ])('holds off nothing where it has left %s', async (_, left) => {
    const folder = temporaryFolder();
    const note = await asOnlyStarter(folder, async () => JSON.parse(readFileSync(noteIn(folder), 'utf8')) as object);
    writeFileSync(noteIn(folder), left(note));

    expect(await asOnlyStarter(folder, async () => 'next')).toBe('next');
  });

  it('holds off another one while its note is being written, and no longer', async () => {
    const folder = temporaryFolder();
    const next = () => asOnlyStarter(folder, async () => 'next');
    writeFileSync(noteIn(folder), '');
    await expect(next()).rejects.toThrow(`Another process starts a server on ${folder} already: wait for it.`);
    const before = Date.now() / 1_000 - 6;
    utimesSync(noteIn(folder), before, before);

    expect(await next()).toBe('next');
  });
});
