import { AppError } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { MessageCatalog } from '../../core/message-catalog.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Store } from '../../ports/store.ts';
import { type Batch, dryRunBatch, type Handled, handleBatch } from '../handle/handle-batch.ts';
import { handleOneByOne } from '../handle/handle-one-by-one.ts';
import type { Incoming } from '../handle/incoming.ts';
import type { CommandOutcome, Outcome } from '../handle/outcome.ts';
import type { Logger } from '../observe/logger.ts';
import { BATCH_MAX, BatchSource, type BatchSourceOptions } from './batch-source.ts';
import { BelievedTime } from './believed-time.ts';
import type { FunctionContext, SubmitOptions } from './function-context.ts';
import { Linger } from './linger.ts';
import { logDeadLettered, logFailures, logRejected } from './outcome-log.ts';
import { type PendingCommand, settle } from './pending-command.ts';
import { runLoop } from './run-loop.ts';
import { StoreWatch } from './store-watch.ts';
import { WakeSignal } from './wake-signal.ts';
import type { Watermarks } from './watermarks.ts';
import type { FunctionMetrics } from './worker-metrics.ts';

/** The most commands that may wait; further ones are refused as unavailable. */
export const QUEUE_MAX = 10_000;

/** The messages of a function that are committed and not sent yet. */
interface Backlog {
  /** A commit put so many messages into the outbox. */
  noteCommitted(messages: number): void;
  /** Why no further command is taken, as a sentence; null while there is room in the outbox. */
  refusal(): string | null;
  /** Why messages are not sent, as a sentence; null while they are. */
  unavailableReason(): string | null;
}

export interface FunctionWorkerOptions extends BatchSourceOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: FunctionMetrics;
  /** What waits to be sent to a log elsewhere; null where the outbox is the log. */
  readonly backlog?: Backlog | null;
}

/**
 * The only writer of a function in its process. It takes what waits (commands, records of its topics), handles it as
 * one batch with one commit, then answers all callers. A batch of one is not delayed, unless its message is deferrable.
 */
export class FunctionWorker implements FunctionContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly believed: BelievedTime;
  readonly catalog: MessageCatalog;
  readonly #options: FunctionWorkerOptions;
  readonly #commands: PendingCommand[] = [];
  readonly #clearing: (() => Promise<void>)[] = [];
  readonly #listeners = new Set<(outcomes: readonly Outcome[]) => void>();
  readonly #wake = new WakeSignal();
  readonly #stopping = new AbortController();
  readonly #source: BatchSource;
  readonly #linger: Linger;
  readonly #watch: StoreWatch;
  #running: Promise<void> | null = null;
  #unavailableReason: string | null = 'not started yet';
  #away: string | null = null;

  constructor(options: FunctionWorkerOptions) {
    this.#options = options;
    this.#source = new BatchSource(options);
    this.#linger = new Linger(options.fn, options.log.features);
    this.#watch = new StoreWatch({ name: options.fn.name, store: options.store, logger: options.logger });
    this.store = options.store;
    this.clock = options.clock;
    this.believed = new BelievedTime(options.store, options.clock);
    this.catalog = options.fn.catalog;
  }

  /** Subscribes to the topics; to be called before `step`. */
  async open(): Promise<void> {
    await this.believed.load();
    await this.#source.open(() => this.#wake.raise());
    this.#unavailableReason = null;
  }

  /** Calls `step` until `stop`. */
  start(): void {
    this.#watch.start(() => this.#wake.raise());
    this.#running = runLoop({
      step: () => this.step({ mayLinger: true }),
      wake: this.#wake,
      sleepMs: () => {
        if (this.#away !== null) return undefined;
        return Math.min(
          this.#source.sleepMs(this.clock.nowMs()),
          Math.max(0, this.#linger.untilMs - performance.now()),
        );
      },
      waiting: () => this.#commands.length,
      signal: this.#stopping.signal,
      onError: (error) => {
        this.#unavailableReason = error instanceof Error ? error.message : String(error);
        this.#watch.failed(error);
      },
    });
  }

  /** Until it is called with null, no message is handled and commands are refused: `why` says so, as a sentence. */
  setAway(why: string | null): void {
    this.#away = why;
    if (why !== null) for (const { reject } of this.#commands.splice(0)) reject(this.#unavailable('is away'));
    this.#wake.raise();
  }

  /** Takes no more messages, finishes the current batch, closes the subscription. Commands that wait are refused. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#watch.stop();
    this.#wake.raise();
    await this.#running;
    for (const clear of this.#clearing.splice(0)) await clear();
    for (const { reject } of this.#commands.splice(0)) reject(this.#unavailable('is stopping'));
    await this.#source.close();
  }

  /** Why the function cannot work now, as a sentence; null when it can. Checks the store. */
  async unavailableReason(): Promise<string | null> {
    const known =
      this.#away ??
      this.store.unavailableReason() ??
      this.#unavailableReason ??
      this.#source.unavailableReason() ??
      this.#options.backlog?.unavailableReason() ??
      null;
    if (known !== null) return known;
    try {
      await this.store.check();
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  submit(message: Message, { deduplicate = false, precondition }: SubmitOptions = {}): Promise<CommandOutcome> {
    if (this.#stopping.signal.aborted) return Promise.reject(this.#unavailable('is stopping'));
    if (this.#away !== null) return Promise.reject(this.#unavailable('is away'));
    if (this.#commands.length >= QUEUE_MAX) return Promise.reject(this.#unavailable('has too many commands waiting'));
    const refusal = this.#options.backlog?.refusal() ?? null;
    if (refusal !== null) return Promise.reject(this.#unavailable(refusal));
    return new Promise((resolve, reject) => {
      const item = { from: 'command', message, deduplicate, precondition } as const;
      this.#commands.push({ item, resolve, reject });
      this.#wake.raise();
    });
  }

  onCommit(listener: (outcomes: readonly Outcome[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Removes the function's data and skips what lies in its topics now. Works only while the loop runs. */
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
    for (const listener of this.#listeners) listener([]);
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
    if (this.#away !== null) return false;
    for (const clear of this.#clearing.splice(0)) await clear();
    const commands = this.#commands.splice(0, BATCH_MAX);
    const { incoming, failure } = await this.#source.take(this.clock.nowMs());
    if (mayLinger && this.#mayWait(commands, incoming)) return false;
    const startedMs = performance.now();
    const worked = await this.#handleTogether(commands, incoming);
    if (worked) this.#linger.handled(commands.length + incoming.length, performance.now() - startedMs);
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
      const { logger } = this.#options;
      for (const item of taken) logRejected(logger, item);
      for (const outcome of handled.outcomes.slice(commands.length)) logDeadLettered(logger, outcome);
      await committed(handled);
      return true;
    } catch (error) {
      for (const { reject } of commands) reject(error);
      // A commit that was refused because its data were moved away during it may be there when they come back.
      this.#source.invalidateParked();
      throw error;
    }
  }

  async #commit(incoming: readonly Incoming[], interrupted: (handled: Handled) => Promise<void>): Promise<Handled> {
    const { metrics } = this.#options;
    const stop = metrics.commitTimer();
    const batch = this.#batchOf(incoming);
    await this.believed.note(batch.nowMs);
    const handled = await this.#handleOrOneByOne(batch, interrupted);
    stop();
    metrics.count(handled.outcomes);
    this.#unavailableReason = null;
    return handled;
  }

  #batchOf(incoming: readonly Incoming[]): Batch {
    const { limits, watermarks } = this.#source;
    const isBelowWatermark: Batch['isBelowWatermark'] = (record) => watermarks.has(record);
    const nowMs = this.clock.nowMs();
    const stampMs = this.believed.stampMs(nowMs);
    return { incoming, nowMs, stampMs, policy: this.#options.policy, limits, isBelowWatermark };
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
    if (outbox.length === 0 || fn.publishes === null) return;
    this.#options.backlog?.noteCommitted(outbox.length);
    log.announce(fn.publishes, outbox);
  }

  #report({ outcomes }: Handled): void {
    logFailures(this.#options.fn.name, this.#options.logger, outcomes);
    for (const listener of this.#listeners) listener(outcomes);
  }

  #unavailable(why: string): AppError {
    return new AppError('unavailable', `${this.#options.fn.name} ${why}`, { retryAfterS: 1 });
  }
}
