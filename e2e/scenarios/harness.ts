/** Runs real processes of `dist/`, each store with its own data folder and ports. They end with the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, inject, onTestFailed, onTestFinished } from 'vitest';
import { type Part, parts } from '../../functions/start-store.ts';
import { shortHash } from '../../shared/core/hash.ts';
import type {} from '../engines/needs-broker.ts';
import { checksOf } from '../prove/checks.ts';
import { type Books, readBooks } from '../prove/ledger.ts';
import { freePorts } from '../tools/free-ports.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { request } from './client.ts';
import { restlessIn } from './restless.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SETTLED_MS = 120_000;

export type Env = Readonly<Record<string, string>>;

/** Whether the stores under test have their messages in Kafka: the same tests run with each log. */
export const isOnKafka = process.env['E2E_LOG'] === 'kafka';
/** A busy machine is slow at starts, above all where they make topics and join groups. */
const READY_MS = 60_000;
const STARTS = 3;
/** No request fails because the machine is slow. A test of a function that does not answer sets less. */
const PATIENT: Env = { GATEWAY_TIMEOUT_MS: '20000' };

/**
 * The settings of the log for a store with this data folder; each has topics of its own. With one partition, what a test writes
 * into a topic is read in its order; tests whose orders come over HTTP set more.
 */
export function logSettingsFor(dataDir: string | undefined): Env {
  if (!isOnKafka || dataDir === undefined) return {};
  const prefix = `${shortHash(dataDir)}.`;
  return { LOG: 'kafka', KAFKA_BROKERS: inject('kafkaBrokers'), KAFKA_TOPIC_PREFIX: prefix, KAFKA_PARTITIONS: '1' };
}

/** How a program ended: its exit code, or the signal that ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A process of the store. */
export interface Program {
  readonly pid: number;
  readonly exit: Promise<Exit>;
  hasEnded(): boolean;
  /** Whether it has ended, and no test told it to. */
  hasEndedByItself(): boolean;
  stdout(): string;
  stderr(): string;
  signal(name: NodeJS.Signals): void;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program of `dist/` without waiting for it. */
export function run(file: string, args: readonly string[], env: Env): Program {
  const child = spawn(process.execPath, [file, ...args], {
    cwd: ROOT,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOST: '127.0.0.1',
      LOG_LEVEL: 'warn',
      ...logSettingsFor(env['DATA_DIR']),
      ...env,
    },
  });
  running.add(child);
  const texts = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
    });
  }
  const exit = new Promise<Exit>((resolve) => {
    child.once('close', (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
    });
  });
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  let wasTold = false;
  return {
    pid: child.pid ?? 0,
    exit,
    hasEnded,
    hasEndedByItself: () => hasEnded() && !wasTold,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    signal: (name) => {
      wasTold ||= !hasEnded() && name !== 'SIGSTOP' && name !== 'SIGCONT';
      child.kill(name);
    },
  };
}

export function runStore(args: readonly string[], env: Env): Program {
  return run('dist/functions/main.js', args, env);
}

/** Registers a cleanup for the end of the test; a store that several tests share passes its own. */
export type OnFinished = (clean: () => void | Promise<void>) => void;

/** To be called beside tests that share something: cleans up after the last of them, the newest first, also after a failed start. */
export function afterAllTests(): OnFinished {
  const cleanings: (() => void | Promise<void>)[] = [];
  afterAll(async () => {
    for (const clean of cleanings) await clean();
  });
  return (clean) => void cleanings.unshift(clean);
}

/** A folder that is removed after the test. */
export function temporaryFolder(onFinished: OnFinished = onTestFinished): string {
  const folder = mkdtempSync(join(tmpdir(), 'saga-store-e2e-'));
  onFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** How the store runs: all in one process, in one thread (on Kafka as by default) or in two, or one process for each part. */
export type Host = 'one process' | 'two threads' | 'a process each';
export const hosts: readonly Host[] = ['one process', 'a process each'];
/** For what differs between threads: starts, stops, and how a gateway reaches functions. */
export const hostsAndThreads: readonly Host[] = [...hosts, 'two threads'];

/** A store under test. */
export class TestStore {
  readonly dataDir: string;
  readonly env: Env;
  readonly #host: Host;
  readonly #urls: ReadonlyMap<Part, string>;
  readonly #programs = new Map<Part, Program>();

  private constructor(host: Host, dataDir: string, ports: ReadonlyMap<Part, number>, env: Env) {
    this.#host = host;
    this.dataDir = dataDir;
    const settings = [...ports].map(([part, port]) => [`${part.toUpperCase()}_PORT`, String(port)]);
    const threads: Env = host === 'two threads' ? { THREADS: '2' } : isOnKafka ? {} : { THREADS: '1' };
    const shared: Env = { DATA_DIR: dataDir, ENABLE_AUTOMATION: 'true', ...threads, ...logSettingsFor(dataDir) };
    this.env = { ...Object.fromEntries(settings), ...PATIENT, ...shared, ...env };
    this.#urls = new Map([...ports].map(([part, port]) => [part, `http://127.0.0.1:${port}`]));
  }

  /**
   * A store that is not started yet. After the test it is stopped, and its data removed unless `env` says where they are.
   */
  static async create(host: Host, env: Env = {}, onFinished: OnFinished = onTestFinished): Promise<TestStore> {
    const free = await freePorts(parts.length);
    const ports = new Map(parts.map((part, n) => [part, free[n] ?? 0]));
    const store = new TestStore(host, env['DATA_DIR'] ?? temporaryFolder(onFinished), ports, env);
    onFinished(() => store.end());
    if (onFinished === onTestFinished) onTestFailed(() => store.#sayWhatEnded());
    return store;
  }

  /** A store that is started, on other ports where another program has taken one of them since they were found free. */
  static async start(host: Host, env: Env = {}): Promise<TestStore> {
    for (let left = STARTS; ; left -= 1) {
      const store = await TestStore.create(host, env);
      try {
        await store.start();
        return store;
      } catch (error) {
        if (left === 1 || !String(error).includes('EADDRINUSE')) throw error;
        console.warn(`the store under test is started on other ports: ${error}`);
        await store.end();
      }
    }
  }

  url(path: string, part: Part = 'gateway'): string {
    return this.#urls.get(part) + path;
  }

  /** Starts these parts and waits until they are ready. In one process all parts start. */
  async start(wanted: readonly Part[] = parts): Promise<void> {
    this.launch(wanted);
    await Promise.all(wanted.map((part) => this.#ready(part)));
    for (const part of wanted) this.#assertRuns(part);
  }

  /** Starts these parts without waiting. */
  launch(wanted: readonly Part[] = parts): void {
    if (this.#host !== 'a process each') {
      const program = runStore([], this.env);
      for (const part of parts) this.#programs.set(part, program);
    } else {
      for (const part of wanted) this.#programs.set(part, runStore([part], this.env));
    }
  }

  program(part: Part): Program {
    const program = this.#programs.get(part);
    if (program === undefined) throw new Error(`${part} was not started`);
    return program;
  }

  /** Kills a part, as a power cut would. */
  async kill(part: Part): Promise<void> {
    this.program(part).signal('SIGKILL');
    await this.program(part).exit;
  }

  /** Stops a part as an operator would. */
  async stop(part: Part): Promise<Exit> {
    this.program(part).signal('SIGTERM');
    return this.program(part).exit;
  }

  /** Stops every process, each with one signal. */
  async stopAll(): Promise<readonly Exit[]> {
    const programs = [...new Set(this.#programs.values())];
    for (const program of programs) program.signal('SIGTERM');
    return Promise.all(programs.map(({ exit }) => exit));
  }

  ledger(): Books {
    return readBooks(this.dataDir);
  }

  /** Waits until every message is read and every notice is sent, then expects every ledger invariant to hold. */
  async settle(): Promise<Books> {
    let restless: readonly string[] = [];
    const isSettled = () => {
      restless = restlessIn(this.ledger());
      return restless.length === 0;
    };
    try {
      await waitUntil(isSettled, { timeoutMs: SETTLED_MS, what: 'the store to come to rest' });
    } catch (error) {
      const states = await Promise.all([...this.#programs.keys()].map((part) => this.#stateOf(part)));
      const said = [...new Set(this.#programs.values())].map((program) => program.stderr() + program.stdout());
      const what = `the store does not come to rest: ${restless.join(', ')}; ${states.join('; ')}`;
      throw new Error(`${what}\n${said.join('')}`, { cause: error });
    }
    return this.prove();
  }

  /** Expects every ledger invariant to hold, also while messages are in flight. */
  prove(): Books {
    const ledger = this.ledger();
    expect(checksOf(ledger).flatMap(({ differences }) => differences)).toEqual([]);
    return ledger;
  }

  async end(): Promise<void> {
    const programs = [...new Set(this.#programs.values())];
    for (const program of programs) program.signal('SIGKILL');
    await Promise.all(programs.map(({ exit }) => exit));
  }

  /** For a test that has failed: which processes ended though no test told them to. @throws where there are any */
  async #sayWhatEnded(): Promise<void> {
    const ended = [...this.#programs].filter(([, program]) => program.hasEndedByItself());
    if (ended.length === 0) return;
    const states = await Promise.all(ended.map(([part]) => this.#stateOf(part)));
    throw new Error(`${states.join('; ')}\n${ended.map(([, program]) => program.stderr()).join('')}`);
  }

  /** Whether a part is ready, as a sentence. */
  async #stateOf(part: Part): Promise<string> {
    if (this.program(part).hasEnded()) return `${part} ended with ${JSON.stringify(await this.program(part).exit)}`;
    return request('GET', this.url('/readyz', part)).then(
      ({ status, text }) => (status === 200 ? `${part} is ready` : `${part} is not ready: ${text}`),
      (error: unknown) => `${part} does not answer: ${error}`,
    );
  }

  async #ready(part: Part): Promise<void> {
    let answer = 'no answer yet';
    const isReady = async () => {
      const program = this.program(part);
      if (program.hasEnded()) return true;
      // Before that, another program may answer at this port.
      if (!program.stdout().includes('saga-store is up')) return false;
      const { status, text } = await request('GET', this.url('/readyz', part));
      answer = `${status} ${text}`;
      return status === 200;
    };
    try {
      await waitUntil(isReady, { timeoutMs: READY_MS, what: `${part} to be ready` });
    } catch (error) {
      throw new Error(`${part} is not ready: ${answer}\n${this.program(part).stderr()}`, { cause: error });
    }
    this.#assertRuns(part);
  }

  #assertRuns(part: Part): void {
    if (this.program(part).hasEnded()) throw new Error(`${part} ended: ${this.program(part).stderr()}`);
  }
}
