/** One process of the store: starts, stops and freezes it, and reports when it ends by itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultyDisk } from '../faults/disk-fault.ts';
import type { TargetProcess } from './faults.ts';
import type { PartState } from './flight-record.ts';
import { send } from './http.ts';
import type { Target } from './plan.ts';

const READY_MAX_MS = 30_000;
const READY_POLL_MS = 40;
const STOP_MAX_MS = 20_000;
const ANSWER_MAX_MS = 1_000;
const LAST_OUTPUT_MAX = 600;

/**
 * Loaded by each process before the store: the process ends with its parent, also when the parent is killed. The stream
 * is unreferenced, so it does not keep the process alive.
 */
const LEASH = "process.stdin.on('close', () => process.exit(137)).on('error', () => {}).resume().unref();";

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ProcessOptions {
  readonly target: Target;
  /** The program; it is started with the function's name as its argument. */
  readonly entry: string;
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  /** The disk as this process sees it; null where its calls cannot be made to fail. */
  readonly disk: FaultyDisk | null;
  /** Receives the output of all runs. */
  readonly logFile: string;
  onChange(state: PartState): void;
  /** Called when a run ends without a request, or not as requested. */
  onWrongEnd(sentence: string): void;
}

interface Run {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  isReady: boolean;
  isFrozen: boolean;
  /** How the run was ended; null while it should go on. */
  ending: 'killed' | 'stopped' | null;
  wasReadyAtStop: boolean;
}

export class StoreProcess implements TargetProcess {
  readonly target: Target;
  readonly url: string;
  readonly disk: FaultyDisk | null;
  /** The number of starts after the first one. */
  restarts = -1;
  readonly #options: ProcessOptions;
  #run: Run | null = null;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.target = options.target;
    this.url = options.url;
    this.disk = options.disk;
  }

  /** Identifies the current run, so that a fault is not cleared in a later one; -1 while no process runs. */
  get runNumber(): number {
    return this.#run === null ? -1 : this.restarts;
  }

  get isReady(): boolean {
    return this.#run?.isReady === true;
  }

  /** Starts the process if it does not run, and waits until it is ready or has ended. */
  async start(): Promise<void> {
    const run = this.#run ?? this.#launch();
    const deadlineMs = performance.now() + READY_MAX_MS;
    while (this.#run === run && !run.isReady && run.ending === null) {
      if (performance.now() > deadlineMs) {
        this.#options.onWrongEnd(`${this.target} was not ready ${READY_MAX_MS / 1000} s after its start`);
        return;
      }
      const answer = run.isFrozen ? null : await send('GET', `${this.url}/readyz`, { timeoutMs: ANSWER_MAX_MS });
      if (answer?.status === 200 && this.#run === run) {
        run.isReady = true;
        this.#reportState();
      } else await sleep(READY_POLL_MS);
    }
  }

  /** Kills the process, like a power cut. @returns a promise of its end; null when no process runs */
  kill(): Promise<void> | null {
    const run = this.#run;
    if (run === null) return null;
    run.ending = 'killed';
    run.child.kill('SIGKILL');
    return run.ended;
  }

  /** Stops the process, like an operator. @returns a promise of its end; null when no process runs or it is ending */
  stop(): Promise<void> | null {
    const run = this.#run;
    if (run === null || run.ending !== null) return null;
    run.ending = 'stopped';
    run.wasReadyAtStop = run.isReady;
    run.child.kill('SIGTERM');
    this.#reportState();
    return this.#stopped(run);
  }

  async #stopped(run: Run): Promise<void> {
    const isEnded = await Promise.race([run.ended.then(() => true), sleep(STOP_MAX_MS, false, { ref: false })]);
    if (!isEnded) {
      this.#options.onWrongEnd(`${this.target} did not end within ${STOP_MAX_MS / 1000} s of SIGTERM`);
      await this.kill();
    }
  }

  /** @returns false when no process runs, or it is frozen or killed already */
  freeze(): boolean {
    const run = this.#run;
    if (run === null || run.isFrozen || run.ending === 'killed') return false;
    run.isFrozen = true;
    run.child.kill('SIGSTOP');
    this.#reportState();
    return true;
  }

  thaw(): void {
    const run = this.#run;
    if (run === null || !run.isFrozen) return;
    run.isFrozen = false;
    run.child.kill('SIGCONT');
    this.#reportState();
  }

  #launch(): Run {
    const { target, entry, env, disk, logFile } = this.#options;
    // As with the faults that a process is told of: a new one has none.
    disk?.clear();
    const log = openSync(logFile, 'a');
    const leash = `data:text/javascript,${encodeURIComponent(LEASH)}`;
    const child = spawn(process.execPath, ['--import', leash, entry, target], {
      stdio: ['pipe', log, log],
      env: { PATH: process.env['PATH'] ?? '', ...env, ...disk?.env },
      // A process group of its own, so that Ctrl-C in the terminal does not reach it.
      detached: true,
    });
    closeSync(log);
    running.add(child);
    child.stdin?.on('error', () => undefined);
    const ended = new Promise<void>((resolve) => {
      const end = () => {
        running.delete(child);
        resolve();
      };
      child.once('exit', (code, signal) => {
        this.#ended(run, code, signal);
        end();
      });
      child.once('error', end);
    });
    const run: Run = { child, ended, isReady: false, isFrozen: false, ending: null, wasReadyAtStop: false };
    this.#run = run;
    this.restarts += 1;
    this.#reportState();
    return run;
  }

  #ended(run: Run, code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#run !== run) return;
    this.#run = null;
    this.#reportState();
    const how = code === null ? `by ${signal}` : `with exit code ${code}`;
    // A process that was stopped before it was ready may not have handled SIGTERM yet.
    const isWrongStop = run.ending === 'stopped' && code !== 0 && run.wasReadyAtStop;
    if (run.ending === null) this.#options.onWrongEnd(`${this.target} ended by itself ${how}${this.#lastOutput()}`);
    else if (isWrongStop) this.#options.onWrongEnd(`${this.target} ended ${how} on SIGTERM${this.#lastOutput()}`);
  }

  #lastOutput(): string {
    const output = readFileSync(this.#options.logFile, 'utf8').slice(-LAST_OUTPUT_MAX).trim();
    return output === '' ? '' : `; its last output: ${output}`;
  }

  #reportState(): void {
    this.#options.onChange(this.#state());
  }

  #state(): PartState {
    if (this.#run === null) return 'down';
    if (this.#run.isFrozen) return 'frozen';
    if (this.#run.ending !== null) return 'stopping';
    return this.#run.isReady ? 'up' : 'starting';
  }
}
