import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  /** Where the program runs. */
  readonly folder: string;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** What the program does beside starting another one. */
interface Acts {
  /** How it starts that, as options of `spawn`. */
  readonly how?: string;
  readonly first?: string;
  readonly last?: string;
  /** Whether what runs it is run by a program that looks like npm. */
  readonly isManaged?: boolean;
}

/** Lets the tool run a program that starts another one, and waits until both were started. */
async function start(
  options: string,
  { how = '{}', first = '', last = 'setInterval(() => {}, 1000)', isManaged = false }: Acts = {},
): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'saga-store-child-'));
  const note = join(folder, 'pids');
  const program = `
    ${first};
    const below = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], ${how});
    require('node:fs').writeFileSync(${JSON.stringify(note)}, [process.pid, below.pid, process.ppid].join(' ') + '\\n');
    ${last};`;
  const script = `
    const { run } = await import(${JSON.stringify(tool)});
    const line = ['node', '-e', ${JSON.stringify(program)}];
    console.log(await run(line, { cwd: ${JSON.stringify(folder)}, env: process.env, ${options} }));`;
  const npm = join(folder, 'npm-cli.js');
  writeFileSync(
    npm,
    "require('node:child_process').spawn(process.execPath, process.argv.slice(2), { stdio: 'inherit' });",
  );
  const args = ['--input-type=module', '-e', script];
  const starter = spawn(process.execPath, isManaged ? [npm, ...args] : args, { stdio: ['ignore', 'pipe', 'inherit'] });
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
  return { starter, ended, output: () => output, pids, folder };
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
      last: 'process.exit(7)',
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

describe.runIf(process.platform === 'linux')('a signal that comes again after a while', () => {
  const first = `for (const signal of ['SIGINT', 'SIGTERM'])
    process.on(signal, () => require('node:fs').appendFileSync('signals', signal + ' '))`;

  /** Sends it twice, and another one then. Returns the first `count` that the program gets, in alphabetical order. */
  async function sentTwice(isManaged: boolean, count: number): Promise<readonly string[]> {
    const { pids, folder } = await start('hasChannel: true', { first, isManaged });
    const file = join(folder, 'signals');
    const got = () => (existsSync(file) ? readFileSync(file, 'utf8').trim().split(' ') : []);
    const [, , starter = 0] = pids;
    process.kill(starter, 'SIGINT');
    await waitUntil(() => got().length > 0, { what: 'the first signal to come' });
    const fromMs = performance.now();
    await waitUntil(() => performance.now() - fromMs > 600, { what: 'more than half a second to pass' });

    process.kill(starter, 'SIGINT');
    process.kill(starter, 'SIGTERM');

    await waitUntil(() => got().length >= count, { what: `${count} signals to come` });
    return got().sort();
  }

  it('is passed on again', async () => {
    expect(await sentTwice(false, 3)).toEqual(['SIGINT', 'SIGINT', 'SIGTERM']);
  });

  it('is passed on once where npm sends on what it gets', async () => {
    expect(await sentTwice(true, 2)).toEqual(['SIGINT', 'SIGTERM']);
  });
});
