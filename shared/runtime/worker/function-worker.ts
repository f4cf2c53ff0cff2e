import { AppError } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { MessageCatalog } from '../../core/message-catalog.ts';
import type { RetryPolicy } from '../../core/retry-policy.ts';
import type { Clock } from '../../ports/clock.ts';
import type { MessageLog } from '../../ports/message-log.ts';
import type { Store } from '../../ports/store.ts';
import type { StoreFunction } from '../function.ts';
import { type Batch, dryRunBatch, type Handled, handleBatch } from '../handle/handle-batch.ts';
import { handleOneByOne } from '../handle/handle-one-by-one.ts';
import type { Incoming } from '../handle/incoming.ts';
import type { CommandOutcome, Outcome } from '../handle/outcome.ts';
import { describeError } from '../observe/error-report.ts';
import type { Logger } from '../observe/logger.ts';
import { BATCH_MAX, BatchSource } from './batch-source.ts';
import type { FunctionContext } from './function-context.ts';
import { Linger } from './linger.ts';
import { type PendingCommand, settle } from './pending-command.ts';
import { runLoop } from './run-loop.ts';
import { WakeSignal } from './wake-signal.ts';
import type { Watermarks } from './watermarks.ts';
import type { FunctionMetrics } from './worker-metrics.ts';

/** The most commands that may wait; further ones are refused as unavailable. */
export const QUEUE_MAX = 10_000;

export interface FunctionWorkerOptions {
  readonly fn: StoreFunction;
  readonly store: Store;
  readonly log: MessageLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: FunctionMetrics;
  readonly policy: RetryPolicy;
  /** The most messages that may be parked, in all and of one key. */
  readonly parkedMax: number;
  readonly parkedPerKeyMax: number;
}

/**
 * The only writer of a function in this process. It takes what waits (commands, records of its topics), handles it as
 * one batch with one commit, then answers all callers. A batch of one is not delayed, unless its message is deferrable.
 */
export class FunctionWorker implements FunctionContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly catalog: MessageCatalog;
  readonly #options: FunctionWorkerOptions;
  readonly #commands: PendingCommand[] = [];
  readonly #clearing: (() => Promise<void>)[] = [];
  readonly #listeners = new Set<(outcomes: readonly Outcome[]) => void>();
  readonly #wake = new WakeSignal();
  readonly #stopping = new AbortController();
  readonly #source: BatchSource;
  readonly #linger: Linger;
  #running: Promise<void> | null = null;
  #unavailableReason: string | null = 'not started yet';

  constructor(options: FunctionWorkerOptions) {
    this.#options = options;
    this.#source = new BatchSource(options);
    this.#linger = new Linger(options.fn);
    this.store = options.store;
    this.clock = options.clock;
    this.catalog = options.fn.catalog;
  }

  /** Subscribes to the topics; to be called before `step`. */
  async open(): Promise<void> {
    await this.#source.open(() => this.#wake.raise());
    this.#unavailableReason = null;
  }

  /** Calls `step` until `stop`. */
  start(): void {
    const { fn, logger } = this.#options;
    this.#running = runLoop({
      step: () => this.step({ mayLinger: true }),
      wake: this.#wake,
      sleepMs: () => {
        return Math.min(
          this.#source.sleepMs(this.clock.nowMs()),
          Math.max(0, this.#linger.untilMs - performance.now()),
        );
      },
      waiting: () => this.#commands.length,
      signal: this.#stopping.signal,
      onError: (error) => {
        this.#unavailableReason = error instanceof Error ? error.message : String(error);
        logger.error({ error: describeError(error) }, `${fn.name} cannot commit; it is tried again`);
      },
    });
  }

  /**
   * Takes no more messages, finishes the current batch, closes the subscription. Commands that still wait are refused.
   */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.raise();
    await this.#running;
    for (const clear of this.#clearing.splice(0)) await clear();
    for (const { reject } of this.#commands.splice(0)) reject(this.#unavailable('is stopping'));
    await this.#source.close();
  }

  /** Why the function cannot work now, as a sentence; null when it can. Checks the store. */
  async unavailableReason(): Promise<string | null> {
    const known = this.#unavailableReason ?? this.#source.unavailableReason();
    if (known !== null) return known;
    try {
      await this.store.check();
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  submit(message: Message, options: { deduplicate?: boolean } = {}): Promise<CommandOutcome> {
    if (this.#stopping.signal.aborted) return Promise.reject(this.#unavailable('is stopping'));
    if (this.#commands.length >= QUEUE_MAX) return Promise.reject(this.#unavailable('has too many commands waiting'));
    return new Promise((resolve, reject) => {
      const item = { from: 'command', message, deduplicate: options.deduplicate ?? false } as const;
      this.#commands.push({ item, resolve, reject });
      this.#wake.raise();
    });
  }

  onCommit(listener: (outcomes: readonly Outcome[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Removes the function's data and skips what lies in its topics now, between two batches. Works only while the loop
   * runs.
   */
  clear(): Promise<void> {
    if (this.#stopping.signal.aborted) return Promise.reject(this.#unavailable('is stopping'));
    return new Promise((resolve, reject) => {
      this.#clearing.push(() => this.#clearNow().then(resolve, reject));
      this.#wake.raise();
    });
  }

  async #clearNow(): Promise<void> {
    const ends = await this.#source.ends();
    await this.store.clear(ends);
    await this.#source.acknowledge(ends);
    this.#source.invalidateParked();
  }

  dryRun(incoming: readonly Incoming[]): Promise<Handled> {
    return dryRunBatch(this.#options.fn, this.store, this.#batchOf(incoming));
  }

  async invalidateParked(): Promise<void> {
    this.#source.invalidateParked();
    this.#wake.raise();
  }

  /** Up to which position the records of its topics are handled for good. */
  get watermarks(): Watermarks {
    return this.#source.watermarks;
  }

  /** The number of parked messages, and the topics that are paused because too much is parked. */
  waiting(): { readonly parked: number; readonly paused: readonly string[] } {
    return { parked: this.#source.parked, paused: this.#source.paused };
  }

  /**
   * Handles at most `BATCH_MAX` messages from each kind of source. Returns whether there was anything to do. With
   * `mayLinger`, messages that may wait a moment for others are left for a later step.
   */
  async step({ mayLinger = false } = {}): Promise<boolean> {
    for (const clear of this.#clearing.splice(0)) await clear();
    const commands = this.#commands.splice(0, BATCH_MAX);
    const { incoming, failure } = await this.#source.take(this.clock.nowMs());
    if (mayLinger && this.#mayWait(commands, incoming)) return false;
    const worked = await this.#handleTogether(commands, incoming);
    if (worked) this.#linger.handled(commands.length + incoming.length);
    // Thrown last, so that a topic that cannot be read does not block other messages.
    if (failure !== null) throw failure.error;
    // Also when there was nothing to commit: a topic that could not be read can be read again.
    this.#unavailableReason = null;
    return worked;
  }

  #mayWait(commands: readonly PendingCommand[], incoming: readonly Incoming[]): boolean {
    if (commands.length > 0 || incoming.length >= BATCH_MAX) return false;
    return this.#linger.mayWait(incoming, performance.now());
  }

  async #handleTogether(commands: readonly PendingCommand[], taken: readonly Incoming[]): Promise<boolean> {
    if (commands.length === 0 && taken.length === 0) return false;
    const tookParked = taken.some(({ from }) => from === 'parked');
    /**
     * Runs after a commit of all messages, or of the first ones only. Readers are notified first: some have to be
     * woken.
     */
    const committed = async (handled: Handled) => {
      this.#announce(handled);
      commands.slice(0, handled.outcomes.length).forEach((command, index) => {
        settle(command, handled.outcomes[index]);
      });
      await this.#source.committed(handled, tookParked);
      this.#report(handled);
    };
    try {
      const handled = await this.#commit([...commands.map(({ item }) => item), ...taken], committed);
      for (const item of taken) this.#warnOfRejected(item);
      for (const outcome of handled.outcomes.slice(commands.length)) this.#warnOfOutcome(outcome);
      await committed(handled);
      return true;
    } catch (error) {
      for (const { reject } of commands) reject(error);
      throw error;
    }
  }

  async #commit(incoming: readonly Incoming[], interrupted: (handled: Handled) => Promise<void>): Promise<Handled> {
    const { metrics } = this.#options;
    const stop = metrics.commitTimer();
    const handled = await this.#handleOrOneByOne(this.#batchOf(incoming), interrupted);
    stop();
    metrics.count(handled.outcomes);
    this.#unavailableReason = null;
    return handled;
  }

  #batchOf(incoming: readonly Incoming[]): Batch {
    const { limits, watermarks } = this.#source;
    const isBelowWatermark: Batch['isBelowWatermark'] = (record) => watermarks.has(record);
    return { incoming, nowMs: this.clock.nowMs(), policy: this.#options.policy, limits, isBelowWatermark };
  }

  /**
   * Handles a batch one by one when the store refuses it for a permanent reason (a CHECK that fails, which is a bug),
   * or when `needs` throws on one of its messages, so that only the faulty message fails.
   */
  async #handleOrOneByOne(batch: Batch, interrupted: (handled: Handled) => Promise<void>): Promise<Handled> {
    const { fn, store } = this.#options;
    try {
      return await handleBatch(fn, store, batch);
    } catch (error) {
      if (error instanceof AppError) throw error;
      return await handleOneByOne(fn, store, batch, interrupted);
    }
  }

  #announce({ outbox }: Handled): void {
    const { fn, log } = this.#options;
    if (outbox.length > 0 && fn.publishes !== null) log.announce(fn.publishes, outbox);
  }

  #report({ outcomes }: Handled): void {
    const { fn, logger } = this.#options;
    for (const outcome of outcomes) {
      if (outcome.kind !== 'failed' && outcome.kind !== 'parked' && outcome.kind !== 'dead') continue;
      if (outcome.error === undefined) continue;
      const { id, type, correlationid } = outcome.message;
      const error = describeError(outcome.error);
      logger.error({ id, type, correlationid, error }, `${fn.name} failed on a message: ${outcome.kind}`);
    }
    for (const listener of this.#listeners) listener(outcomes);
  }

  #warnOfRejected(item: Incoming): void {
    if (item.from !== 'log' || item.parsed.kind !== 'rejected') return;
    const { topic, position } = item.record;
    this.#options.logger.warn({ topic, position }, `dead-lettered: ${item.parsed.detail}`);
  }

  /** No caller waits for the outcome of this message, so the log says why it is dead-lettered. */
  #warnOfOutcome(outcome: Outcome): void {
    if (outcome.kind !== 'id_reused' && outcome.kind !== 'refused') return;
    const { id, source, type } = outcome.message;
    const why = outcome.kind === 'refused' ? outcome.detail : `${id} was seen before with another payload`;
    this.#options.logger.warn({ id, source, type }, `dead-lettered: ${why}`);
  }

  #unavailable(why: string): AppError {
    return new AppError('unavailable', `${this.#options.fn.name} ${why}`, { retryAfterS: 1 });
  }
}
