/** A store ends with what started it, and only with that: npm, the program that npm runs, or neither. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { parts } from '../../functions/start-store.ts';
import { freePorts } from '../tools/free-ports.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { temporaryFolder } from './harness.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
/** Some looks of the program that watches npm. */
const GOES_ON_MS = 2_000;

interface Started {
  readonly child: ChildProcess;
  /** Processes of the chain: what was spawned, what runs the store, the store. */
  readonly pids: { readonly starter: number; readonly wrapper: number; readonly store: number };
  readonly note: string;
  accepts(): Promise<boolean>;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return statOf(pid)[0] !== 'Z';
  } catch {
    return false;
  }
}

/** From the state of a process on: its parent is the second field. */
function statOf(pid: number): readonly string[] {
  return readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
}

/** Starts a store by this command line of a shell. */
async function spawnLine(line: string): Promise<Pick<Started, 'child' | 'note' | 'accepts'>> {
  const dataDir = temporaryFolder();
  const ports = await freePorts(parts.length);
  const settings = parts.map((part, n) => [`${part.toUpperCase()}_PORT`, String(ports[n])] as const);
  const env = {
    ...process.env,
    ...Object.fromEntries(settings),
    HOST: '127.0.0.1',
    DATA_DIR: dataDir,
    LOG_LEVEL: 'warn',
  };
  // A group of its own, as a terminal gives it to a job.
  const child = spawn('sh', ['-c', line], { cwd: ROOT, env, detached: true, stdio: 'ignore' });
  const note = join(dataDir, 'order', 'order.db.lock.pid');
  const accepts = () =>
    new Promise<boolean>((resolve) => {
      const socket = connect(ports[parts.indexOf('gateway')] ?? 0, '127.0.0.1');
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  return { child, note, accepts };
}

/** Starts a store by this command line of a shell, and waits until the gateway's port is open. */
async function start(line: string): Promise<Started> {
  const { child, note, accepts } = await spawnLine(line);
  await waitUntil(accepts, { timeoutMs: 60_000, what: 'the store to be up' });
  const { pid: store } = JSON.parse(readFileSync(note, 'utf8')) as { readonly pid: number };
  const wrapper = Number(statOf(store)[1]);
  onTestFinished(() => {
    for (const pid of [child.pid ?? 0, wrapper, store]) {
      if (pid > 1 && isAlive(pid)) process.kill(pid, 'SIGKILL');
    }
  });
  return { child, pids: { starter: child.pid ?? 0, wrapper, store }, note, accepts };
}

/** The store has ended, and has closed its files itself. */
async function expectCleanEnd({ pids, note, accepts }: Started): Promise<void> {
  await waitUntil(() => !isAlive(pids.store), { what: 'the store to end' });
  await waitUntil(() => !isAlive(pids.wrapper), { what: 'what runs the store to end' });
  expect(existsSync(note)).toBe(false);
  expect(await accepts()).toBe(false);
}

/** The process that `pid` has started, as soon as there is one. */
async function firstChildOf(pid: number): Promise<number> {
  let found = '';
  const look = () => {
    found = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return found !== '';
  };
  await waitUntil(look, { what: 'npm to run the script' });
  return Number(found.split(' ')[0]);
}

describe.runIf(process.platform === 'linux')('a store that npm has started', () => {
  it.each([0, 50, 150, 300, 600])('ends when npm is killed %i ms after it has run the script', async (afterMs) => {
    const { child, note, accepts } = await spawnLine('exec npm start');
    const first = await firstChildOf(child.pid ?? 0);
    onTestFinished(() => {
      if (isAlive(first)) process.kill(first, 'SIGTERM');
    });
    await sleep(afterMs);

    process.kill(child.pid ?? 0, 'SIGKILL');

    // It ends after the store does.
    await waitUntil(() => !isAlive(first), { what: 'what npm has run to end' });
    expect(existsSync(note)).toBe(false);
    expect(await accepts()).toBe(false);
  });

  // npm's shell keeps a SIGINT for itself while it waits; a terminal sends one to all.
  it.each(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)('ends in order when npm alone gets %s', async (signal) => {
    const started = await start('exec npm start');

    process.kill(started.pids.starter, signal);

    await expectCleanEnd(started);
  });

  it.each(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
    'ends in order when the program that npm runs alone gets %s',
    async (signal) => {
      const started = await start('exec npm start');

      process.kill(started.pids.wrapper, signal);

      await expectCleanEnd(started);
    },
  );

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGKILL'] as const)(
    'ends in order when the whole group of npm gets %s, as from a terminal',
    async (signal) => {
      const started = await start('exec npm start');

      process.kill(-started.pids.starter, signal);

      await expectCleanEnd(started);
    },
  );
});

describe.runIf(process.platform === 'linux')('a store goes on when the shell ends that started it', () => {
  it.each([
    ['by nohup npm start', 'nohup npm start >/dev/null 2>&1 & sleep 0'],
    ['without npm', 'node shared/tools/run.mjs start >/dev/null 2>&1 & sleep 0'],
    ['as node alone', 'node dist/functions/main.js >/dev/null 2>&1 & sleep 0'],
  ])('%s', async (_, line) => {
    const started = await start(line);
    await waitUntil(() => started.child.exitCode !== null, { what: 'the shell to end' });

    const untilMs = performance.now() + GOES_ON_MS;
    while (performance.now() < untilMs) {
      expect(isAlive(started.pids.store)).toBe(true);
      expect(await started.accepts()).toBe(true);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    process.kill(started.pids.store, 'SIGTERM');
    await waitUntil(() => !isAlive(started.pids.store), { what: 'the store to end' });
    expect(existsSync(started.note)).toBe(false);
  });
});
