/** Starts and stops the measured programs, each in its own process with its own data folder. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { functionNames } from '../../saga/choreography.ts';
import { rootOf } from '../tools/root.ts';
import { scriptFor } from '../tools/store-client.ts';
import { orderRequest } from './client.ts';
import { requestOnce, requestText } from './http-connection.ts';

const READY_TIMEOUT_MS = 60_000;
const READY_POLL_MS = 20;
const FIRST_ORDER_POLL_MS = 2;
const STOP_TIMEOUT_MS = 20_000;
const MICROS_PER_TICK = 10_000;

const ROOT = rootOf(import.meta.dirname);

/** A program that can be measured. */
export interface Program {
  readonly name: string;
  readonly file: string;
  /** More of its settings, for one start. */
  readonly settings?: () => Readonly<Record<string, string>>;
}

export const OURS: Program = { name: 'ours', file: join(ROOT, 'dist/functions/main.js') };
export const REFERENCE: Program = { name: 'reference', file: join(import.meta.dirname, 'reference.js') };
export const REFERENCE_ON_KAFKA: Program = {
  name: REFERENCE.name,
  file: join(import.meta.dirname, 'reference-kafka.js'),
};

/** The store as another checkout has built it. */
export function builtIn(folder: string): Program {
  return { name: 'before', file: join(resolve(folder), 'dist/functions/main.js') };
}

export interface Server {
  /** The port of the gateway. */
  readonly port: number;
  readonly inventoryPort: number;
  readonly dataDir: string;
  /** The processor time that all its processes have used, in microseconds; null when the system does not report it. */
  cpuMicros(): number | null;
  stop(): Promise<void>;
}

let madeDir: string | null = null;
const children = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
  // A process that was just killed may still be writing.
  if (madeDir !== null) rmSync(madeDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
});
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(130));

/** The folder for everything this run writes; removed at the end and on Ctrl-C. */
export function workDir(): string {
  madeDir ??= mkdtempSync(join(tmpdir(), 'saga-store-bench-'));
  return madeDir;
}

let started = 0;

export function newDataDir(): string {
  const dataDir = join(workDir(), `data-${++started}`);
  mkdirSync(dataDir);
  return dataDir;
}

/** Starts a program and waits until it is ready. Its process loads the library `preload` first. */
export async function startServer(program: Program, dataDir: string, preload: string | null = null): Promise<Server> {
  const { child, port, inventoryPort, log } = await spawnServer(program, dataDir, preload);
  const deadlineMs = performance.now() + READY_TIMEOUT_MS;
  while (!(await answers(port, requestText('GET', '/readyz', [], ''), 200))) {
    if (child.exitCode !== null || performance.now() > deadlineMs) {
      throw new Error(
        `${program.name} did not become ready; its last output:\n${readFileSync(log, 'utf8').slice(-2000)}`,
      );
    }
    await sleep(READY_POLL_MS);
  }
  return {
    port,
    inventoryPort,
    dataDir,
    cpuMicros: () => cpuMicros(child.pid ?? 0),
    stop: () => stopChild(child),
  };
}

/** Milliseconds from the start of the process, with an empty data folder, until an order is accepted. */
export async function timeToFirstOrder(program: Program): Promise<number> {
  const dataDir = newDataDir();
  const request = orderRequest('BENCH-FIRST', false);
  const startMs = performance.now();
  const { child, port, log } = await spawnServer(program, dataDir, null);
  try {
    while (!(await answers(port, request, 202))) {
      if (child.exitCode !== null || performance.now() - startMs > READY_TIMEOUT_MS) {
        throw new Error(
          `${program.name} accepted no order; its last output:\n${readFileSync(log, 'utf8').slice(-2000)}`,
        );
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
  const library = join(workDir(), 'slow-flush.so');
  if (process.platform !== 'linux') return null;
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl'], { stdio: 'pipe' });
    return library;
  } catch {
    return null;
  }
}

async function spawnServer({ file, settings }: Program, dataDir: string, preload: string | null) {
  if (!existsSync(file)) throw new Error(`${file} is not there: build it first (${scriptFor(process.env, 'build')})`);
  const parts = ['gateway', ...functionNames];
  const free = await freePorts(parts.length);
  const ports = new Map(parts.map((part, n) => [part, free[n] ?? 0]));
  const log = `${dataDir}.log`;
  const output = openSync(log, 'a');
  const child = spawn(process.execPath, [file], {
    cwd: dataDir,
    stdio: ['ignore', output, output],
    env: {
      PATH: process.env['PATH'],
      HOST: '127.0.0.1',
      DATA_DIR: dataDir,
      ENABLE_AUTOMATION: 'true',
      ...Object.fromEntries([...ports].map(([part, port]) => [`${part.toUpperCase()}_PORT`, String(port)])),
      ...settings?.(),
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

/** Of a process and all that it has started, also those that have ended and were waited for. */
function cpuMicros(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean),
    );
    return children.reduce((sum, child) => sum + (cpuMicros(Number(child)) ?? 0), ticks * MICROS_PER_TICK);
  } catch {
    return null;
  }
}
