/** One process of the store: starts, ends and freezes as it is told, and notices when it ends by itself. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Victim } from './faults.ts';
import type { PartState } from './flight-record.ts';
import { send } from './http.ts';
import type { Target } from './plan.ts';

const READY_MAX_MS = 30_000;
const READY_POLL_MS = 40;
const STOP_MAX_MS = 20_000;
const ANSWER_MAX_MS = 1_000;
const LAST_WORDS_MAX = 600;

/**
 * Loaded by each process before the store: it ends with whoever started it, also where that one was killed. It holds
 * nothing up, because a stream that is unreferenced keeps no process alive.
 */
const LEASH = "process.stdin.on('close', () => process.exit(137)).on('error', () => {}).resume().unref();";

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ProcessOptions {
  readonly target: Target;
  /** The program that is started with the function's name. */
  readonly entry: string;
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  /** Its output, of all its lives. */
  readonly logFile: string;
  onChange(state: PartState): void;
  /** Told when it ends although nobody asked it to, or not as it was asked. */
  onWrongEnd(sentence: string): void;
}

interface Life {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  isReady: boolean;
  isFrozen: boolean;
  /** What we did to it; null while it should live. */
  ending: 'killed' | 'stopped' | null;
  wasReadyAtStop: boolean;
}

export class StoreProcess implements Victim {
  readonly target: Target;
  readonly url: string;
  /** How often it was started after the first time. */
  restarts = -1;
  readonly #options: ProcessOptions;
  #life: Life | null = null;

  constructor(options: ProcessOptions) {
    this.#options = options;
    this.target = options.target;
    this.url = options.url;
  }

  /** One number for each process that was: what was done to one of them is not done to the next. */
  get life(): number {
    return this.#life === null ? -1 : this.restarts;
  }

  /** Starts it where it does not run, and waits until it is ready or has ended. */
  async start(): Promise<void> {
    const life = this.#life ?? this.#launch();
    const deadlineMs = performance.now() + READY_MAX_MS;
    while (this.#life === life && !life.isReady && life.ending === null) {
      if (performance.now() > deadlineMs) {
        this.#options.onWrongEnd(`${this.target} was not ready ${READY_MAX_MS / 1000} s after its start`);
        return;
      }
      const answer = life.isFrozen ? null : await send('GET', `${this.url}/readyz`, { timeoutMs: ANSWER_MAX_MS });
      if (answer?.status === 200 && this.#life === life) {
        life.isReady = true;
        this.#tell();
      } else await sleep(READY_POLL_MS);
    }
  }

  /** As a power cut ends it. @returns when it has ended; null where there is nothing to kill */
  kill(): Promise<void> | null {
    const life = this.#life;
    if (life === null) return null;
    life.ending = 'killed';
    life.child.kill('SIGKILL');
    return life.ended;
  }

  /** As an operator ends it. @returns when it has ended; null where nothing runs, or it ends already */
  stop(): Promise<void> | null {
    const life = this.#life;
    if (life === null || life.ending !== null) return null;
    life.ending = 'stopped';
    life.wasReadyAtStop = life.isReady;
    life.child.kill('SIGTERM');
    this.#tell();
    return this.#stopped(life);
  }

  async #stopped(life: Life): Promise<void> {
    const isEnded = await Promise.race([life.ended.then(() => true), sleep(STOP_MAX_MS, false, { ref: false })]);
    if (!isEnded) {
      this.#options.onWrongEnd(`${this.target} did not end within ${STOP_MAX_MS / 1000} s of SIGTERM`);
      await this.kill();
    }
  }

  /** @returns false where nothing runs, or it is frozen already */
  freeze(): boolean {
    const life = this.#life;
    if (life === null || life.isFrozen || life.ending === 'killed') return false;
    life.isFrozen = true;
    life.child.kill('SIGSTOP');
    this.#tell();
    return true;
  }

  thaw(): void {
    const life = this.#life;
    if (life === null || !life.isFrozen) return;
    life.isFrozen = false;
    life.child.kill('SIGCONT');
    this.#tell();
  }

  #launch(): Life {
    const { target, entry, env, logFile } = this.#options;
    const log = openSync(logFile, 'a');
    const leash = `data:text/javascript,${encodeURIComponent(LEASH)}`;
    const child = spawn(process.execPath, ['--enable-source-maps', '--import', leash, entry, target], {
      stdio: ['pipe', log, log],
      env: { PATH: process.env['PATH'] ?? '', ...env },
      // A group of its own: Ctrl-C in the terminal is for whoever watches.
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
        this.#ended(life, code, signal);
        end();
      });
      child.once('error', end);
    });
    const life: Life = { child, ended, isReady: false, isFrozen: false, ending: null, wasReadyAtStop: false };
    this.#life = life;
    this.restarts += 1;
    this.#tell();
    return life;
  }

  #ended(life: Life, code: number | null, signal: NodeJS.Signals | null): void {
    if (this.#life !== life) return;
    this.#life = null;
    this.#tell();
    const how = code === null ? `by ${signal}` : `with exit code ${code}`;
    // Asked to end before it was ready, it may not have listened yet.
    const isWrongStop = life.ending === 'stopped' && code !== 0 && life.wasReadyAtStop;
    if (life.ending === null) this.#options.onWrongEnd(`${this.target} ended by itself ${how}${this.#lastWords()}`);
    else if (isWrongStop) this.#options.onWrongEnd(`${this.target} ended ${how} on SIGTERM${this.#lastWords()}`);
  }

  #lastWords(): string {
    const words = readFileSync(this.#options.logFile, 'utf8').slice(-LAST_WORDS_MAX).trim();
    return words === '' ? '' : `; its last words: ${words}`;
  }

  #tell(): void {
    this.#options.onChange(this.#state());
  }

  #state(): PartState {
    if (this.#life === null) return 'down';
    if (this.#life.isFrozen) return 'frozen';
    if (this.#life.ending !== null) return 'stopping';
    return this.#life.isReady ? 'up' : 'starting';
  }
}
