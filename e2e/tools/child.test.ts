import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { waitUntil } from './wait-until.ts';

const tool = new URL('../../shared/tools/child.mjs', import.meta.url).href;

interface Running {
  /** What collects the output of the program, or lends it its own. */
  readonly starter: ChildProcess;
  /** Resolves when it has ended, and its output is read. */
  readonly ended: Promise<unknown>;
  readonly output: () => string;
  /** The program, another one that it has started, and what runs the program. */
  readonly pids: readonly number[];
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/**
 * Lets the tool run a program that starts another one, and waits until both were started. `how`: as options of `spawn`; the program
 * goes on where `goesOn` says so.
 */
async function start(options: string, { how = '{}', goesOn = 'setInterval(() => {}, 1000)' } = {}): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'saga-store-child-'));
  const note = join(folder, 'pids');
  const program = `
    const below = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], ${how});
    require('node:fs').writeFileSync(${JSON.stringify(note)}, [process.pid, below.pid, process.ppid].join(' ') + '\\n');
    ${goesOn};`;
  const script = `
    const { run } = await import(${JSON.stringify(tool)});
    const line = ['node', '-e', ${JSON.stringify(program)}];
    console.log(await run(line, { cwd: ${JSON.stringify(folder)}, env: process.env, ${options} }));`;
  const starter = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(starter, 'close');
  let output = '';
  starter.stdout?.on('data', (chunk) => {
    output += String(chunk);
  });
  await waitUntil(() => existsSync(note) && readFileSync(note, 'utf8').endsWith('\n'), { what: 'all to run' });
  const pids = readFileSync(note, 'utf8').split(' ').map(Number);
  onTestFinished(() => {
    for (const pid of [starter.pid ?? 0, ...pids]) if (pid > 1 && isAlive(pid)) process.kill(pid, 'SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  return { starter, ended, output: () => output, pids };
}

describe.runIf(process.platform === 'linux').each([
  ['whose output is collected', 'onOutput: () => undefined'],
  ['that has the terminal', ''],
])('a program %s', (_, options) => {
  it('ends, with what it has started, when what runs it is killed', async () => {
    const { starter, pids } = await start(options);

    starter.kill('SIGKILL');

    await waitUntil(() => !pids.some(isAlive), { what: 'all to end' });
  });

  it('gets the signals of what runs it, with what it has started, and its end is told', async () => {
    const { starter, ended, pids, output } = await start(options);

    starter.kill('SIGTERM');

    await ended;
    expect(output()).toBe('143\n');
    await waitUntil(() => !pids.some(isAlive), { what: 'all to end' });
  });
});

it.runIf(process.platform === 'linux')(
  'a signal that comes when the program has ended, and not yet all that has its output, harms nothing',
  async () => {
    const how = "{ detached: true, stdio: ['ignore', 'inherit', 'ignore'] }";
    const { starter, ended, pids, output } = await start('onOutput: () => undefined', {
      how,
      goesOn: 'process.exit(7)',
    });
    const [, below = 0, captive = 0] = pids;
    await waitUntil(() => !existsSync(`/proc/${captive}`), { what: 'what runs the program to be gone' });

    starter.kill('SIGTERM');
    starter.kill('SIGINT');
    process.kill(below, 'SIGKILL');

    await ended;
    expect([starter.exitCode, output()]).toEqual([0, '7\n']);
  },
);
