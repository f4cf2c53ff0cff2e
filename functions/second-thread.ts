import type { MessagePort, Worker } from 'node:worker_threads';
import { type FunctionName, functionNames } from '../saga/choreography.ts';
import { AppError } from '../shared/core/errors.ts';
import { sharesRecords } from './engine.ts';
import { moduleOf } from './registry.ts';
import type { Config } from './settings.ts';
import type { Part } from './start-store.ts';

/**
 * The functions in the second thread, where one process runs the whole store: flushes and rules then use two cores. The
 * gateway, and what each function module wants beside it, run in the main one.
 */
export function inSecondThread(config: Pick<Config, 'LOG'>): readonly FunctionName[] {
  const log = { sharesRecords: sharesRecords(config) };
  return functionNames.filter((name) => !moduleOf(name).besideGateway(log));
}

/** The first message to the second thread: its settings, and the port over which its functions are called. */
export interface Begin {
  readonly env: NodeJS.ProcessEnv;
  readonly port: MessagePort;
}

/** What the main thread tells the second one then. `open`: its ports. `answer`: the requests that wait at them. */
export type Order = 'open' | 'answer' | 'stop';

/**
 * What the second thread tells the main one: its functions work, its ports are open, or it has failed and ends. `isExpected`:
 * the error is a message for the operator, not a bug. `isCrash`: a test asks for the end of the process.
 */
export type FromThread =
  | { readonly isPrepared: true }
  | { readonly isCrash: true }
  | { readonly urls: readonly (readonly [Part, string])[] }
  | { readonly error: string; readonly isExpected: boolean };

type Told = Exclude<FromThread, { readonly error: string } | { readonly isCrash: true }>;

/** The second thread of a store, seen from the main one. It is told to stop once, and has ended when that resolves. */
export class SecondThread {
  readonly #worker: Worker;
  readonly #ended: Promise<void>;
  readonly #onFailure: (error: unknown) => void;
  #told: Promise<Told>;
  #isStopping = false;

  /**
   * Lets the thread begin. `onFailure`: it fails, or ends without having been told to.
   * @param port what calls of its functions come over
   */
  constructor(worker: Worker, env: NodeJS.ProcessEnv, port: MessagePort, onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure;
    this.#worker = worker;
    this.#worker.on('error', onFailure);
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', (code) => {
        resolve();
        if (!this.#isStopping) onFailure(new Error(`the second thread has ended with code ${code}`));
      });
    });
    this.#told = this.#next();
    this.#worker.postMessage({ env: { ...env }, port } satisfies Begin, [port]);
  }

  /** Resolves when its functions work. @throws {Error} when it fails. */
  async prepared(): Promise<void> {
    await this.#told;
  }

  /** Opens its ports, and returns the addresses. @throws {Error} when it fails. */
  async openPorts(): Promise<readonly (readonly [Part, string])[]> {
    this.#told = this.#next();
    this.#order('open');
    const told = await this.#told;
    return 'urls' in told ? told.urls : [];
  }

  /** `crash` is called when a test crashes one of its functions: only the main thread can end the process. */
  onCrash(crash: () => void): void {
    this.#worker.on('message', (message: FromThread) => {
      if ('isCrash' in message) crash();
    });
  }

  answer(): void {
    this.#order('answer');
  }

  async stop(): Promise<void> {
    if (!this.#isStopping) this.#order('stop');
    this.#isStopping = true;
    await this.#ended;
  }

  #order(order: Order): void {
    this.#worker.postMessage(order);
  }

  /** The next message of the thread; rejected when it says that it failed, or ends. */
  #next(): Promise<Told> {
    const next = new Promise<Told>((resolve, reject) => {
      const fail = (error: unknown) => {
        reject(error);
        this.#onFailure(error);
      };
      this.#worker.once('message', (message: FromThread) => {
        if ('isCrash' in message) return;
        if (!('error' in message)) resolve(message);
        else fail(message.isExpected ? new AppError('unavailable', message.error) : new Error(message.error));
      });
      void this.#ended.then(() => reject(new Error('the second thread has ended')));
    });
    next.catch(() => undefined);
    return next;
  }
}
