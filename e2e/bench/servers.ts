/** Starts and stops the measured programs, each in its own process with its own data folder. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { functionNames } from '../../saga/choreography.ts';
import { orderRequest } from './client.ts';
import { requestOnce, requestText } from './http-connection.ts';

const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 20;
const FIRST_ORDER_POLL_MS = 2;
const STOP_TIMEOUT_MS = 20_000;
const MICROS_PER_TICK = 10_000;

/** The folder with package.json, above dist/e2e/bench or e2e/bench. */
const ROOT = rootOf(import.meta.dirname);

export type Side = 'ours' | 'reference';

const PROGRAMS: Readonly<Record<Side, string>> = {
  ours: join(ROOT, 'dist/functions/main.js'),
  reference: join(import.meta.dirname, 'reference.js'),
};

export interface Server {
  readonly side: Side;
  /** The port of the gateway. */
  readonly port: number;
  readonly inventoryPort: number;
  readonly dataDir: string;
  /** The processor time used so far, in microseconds; null when the system does not report it. */
  cpuMicros(): number | null;
  stop(): Promise<void>;
}

/** The folder for everything this run writes; removed at the end and on Ctrl-C. */
const workDir = mkdtempSync(join(tmpdir(), 'saga-store-bench-'));
const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(workDir, { recursive: true, force: true });
});
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

let started = 0;

export function newDataDir(): string {
  const dataDir = join(workDir, `data-${++started}`);
  mkdirSync(dataDir);
  return dataDir;
}

/** Starts a program and waits until it is ready. Its process loads the library `preload` first. */
export async function startServer(side: Side, dataDir: string, preload: string | null = null): Promise<Server> {
  const { child, port, inventoryPort, log } = await spawnServer(side, dataDir, preload);
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  while (!(await answers(port, requestText('GET', '/readyz', [], ''), 200))) {
    if (child.exitCode !== null || performance.now() > deadlineMs) {
      throw new Error(`${side} did not become ready; its last output:\n${readFileSync(log, 'utf8').slice(-2000)}`);
    }
    await sleep(READY_POLL_MS);
  }
  return {
    side,
    port,
    inventoryPort,
    dataDir,
    cpuMicros: () => cpuMicros(child.pid ?? 0),
    stop: () => stopChild(child),
  };
}

/** Milliseconds from the start of the process, with an empty data folder, until an order is accepted. */
export async function timeToFirstOrder(side: Side): Promise<number> {
  const dataDir = newDataDir();
  const request = orderRequest('BENCH-FIRST', false);
  const startMs = performance.now();
  const { child, port, log } = await spawnServer(side, dataDir, null);
  try {
    while (!(await answers(port, request, 202))) {
      if (child.exitCode !== null || performance.now() - startMs > READY_TIMEOUT_MS) {
        throw new Error(`${side} accepted no order; its last output:\n${readFileSync(log, 'utf8').slice(-2000)}`);
      }
      await sleep(FIRST_ORDER_POLL_MS);
    }
    return performance.now() - startMs;
  } finally {
    await stopChild(child);
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Compiles the library that slows each flush down; null when that is not possible. */
export function compileSlowFlush(): string | null {
  const source = join(ROOT, 'e2e/bench/slow-flush.c');
  const library = join(workDir, 'slow-flush.so');
  if (process.platform !== 'linux') return null;
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl'], { stdio: 'pipe' });
    return library;
  } catch {
    return null;
  }
}

async function spawnServer(side: Side, dataDir: string, preload: string | null) {
  if (!existsSync(PROGRAMS[side])) throw new Error(`${PROGRAMS[side]} is not there: build first (yarn build)`);
  const parts = ['gateway', ...functionNames];
  const free = await freePorts(parts.length);
  const ports = new Map(parts.map((part, n) => [part, free[n] ?? 0]));
  const log = `${dataDir}.log`;
  const output = openSync(log, 'a');
  const child = spawn(process.execPath, ['--enable-source-maps', PROGRAMS[side]], {
    cwd: dataDir,
    stdio: ['ignore', output, output],
    env: {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      DATA_DIR: dataDir,
      ENABLE_AUTOMATION: 'true',
      ...Object.fromEntries([...ports].map(([part, port]) => [`${part.toUpperCase()}_PORT`, String(port)])),
      ...(preload === null ? {} : { LD_PRELOAD: preload }),
    },
  });
  closeSync(output);
  children.add(child);
  child.once('exit', () => children.delete(child));
  return { child, port: ports.get('gateway') ?? 0, inventoryPort: ports.get('inventory') ?? 0, log };
}

/** Free ports: all are opened at once and then closed, so that they differ. */
async function freePorts(count: number): Promise<readonly number[]> {
  const holders = await Promise.all(
    Array.from({ length: count }, () => {
      const holder = createServer();
      return new Promise<typeof holder>((resolve) => holder.listen(0, '127.0.0.1', () => resolve(holder)));
    }),
  );
  const ports = holders.map((holder) => {
    const address = holder.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(holders.map((holder) => new Promise((resolve) => holder.close(resolve))));
  return ports;
}

async function answers(port: number, request: string, status: number): Promise<boolean> {
  try {
    return (await requestOnce(port, request)).status === status;
  } catch {
    return false;
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeoutKill(child);
  await exited;
  clearTimeout(timer);
}

function setTimeoutKill(child: ChildProcess): NodeJS.Timeout {
  return setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
}

function cpuMicros(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * MICROS_PER_TICK;
  } catch {
    return null;
  }
}

function rootOf(folder: string): string {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error('no folder above the bench has a package.json');
  return rootOf(parent);
}
