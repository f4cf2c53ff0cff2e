import { AppError } from '../core/errors.ts';
import type { Message } from '../core/message.ts';
import type { Clock } from '../ports/clock.ts';
import type { LogRecord, MessageLog, Subscription } from '../ports/message-log.ts';
import type { DeadLetter, Position, Store } from '../ports/store.ts';
import type { FunctionContext, StoreFunction } from './function.ts';
import {
  type Batch,
  type CommandOutcome,
  type Delivery,
  describeError,
  type Handled,
  handle,
  type Outcome,
} from './handle.ts';
import type { Logger } from './log.ts';
import { runLoop } from './loop.ts';
import type { FunctionMetrics } from './metrics.ts';
import { receive } from './receive.ts';
import { Signal } from './signal.ts';

/** Messages in one commit, at most, from each of the two ways in. */
export const BATCH_MAX = 256;
/** Commands that may wait for their turn; one more is told to come again later. */
export const QUEUE_MAX = 10_000;

const EMPTY: Taken = { deliveries: [], positions: [], deadLetters: [], records: 0 };

interface PendingCommand {
  readonly delivery: Delivery;
  readonly resolve: (outcome: CommandOutcome) => void;
  readonly reject: (error: unknown) => void;
}

interface Taken extends Batch {
  readonly records: number;
}

export interface RunnerOptions {
  readonly fn: StoreFunction;
  readonly store: Store;
  readonly log: MessageLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly metrics: FunctionMetrics;
}

/**
 * The one writer of a function in this process: takes whatever waits (commands, records of its topics), handles it as one
 * batch with one commit, then answers everybody. A batch of one is not delayed.
 */
export class Runner implements FunctionContext {
  readonly store: Store;
  readonly clock: Clock;
  readonly #options: RunnerOptions;
  readonly #commands: PendingCommand[] = [];
  readonly #clearing: (() => Promise<void>)[] = [];
  readonly #listeners = new Set<(outcomes: readonly Outcome[]) => void>();
  readonly #wake = new Signal();
  readonly #stopping = new AbortController();
  #subscription: Subscription | null = null;
  #running: Promise<void> | null = null;
  #trouble: string | null = 'not started yet';

  constructor(options: RunnerOptions) {
    this.#options = options;
    this.store = options.store;
    this.clock = options.clock;
  }

  /** Subscribes; after that `step` can be called. */
  async open(): Promise<void> {
    const { fn, store, log } = this.#options;
    const positions = await store.positions();
    this.#subscription = await log.subscribe({
      group: fn.name,
      topics: fn.consumes,
      positions,
      wake: () => this.#wake.raise(),
    });
    this.#trouble = null;
  }

  /** Calls `step` until `stop`. */
  start(): void {
    const { fn, logger } = this.#options;
    this.#running = runLoop({
      step: () => this.step(),
      wake: this.#wake,
      waiting: () => this.#commands.length,
      signal: this.#stopping.signal,
      onError: (error) => {
        this.#trouble = error instanceof Error ? error.message : String(error);
        logger.error({ error: describeError(error) }, `${fn.name} cannot commit; it tries again`);
      },
    });
  }

  /** Takes no more, finishes the batch in hand, gives up the subscription. Commands that still wait are refused. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake.raise();
    await this.#running;
    for (const clear of this.#clearing.splice(0)) await clear();
    for (const { reject } of this.#commands.splice(0)) reject(this.#unavailable('is stopping'));
    await this.#subscription?.close();
  }

  /** Why the function cannot work now, as a sentence; null when it can. Asks the store. */
  async trouble(): Promise<string | null> {
    const known = this.#trouble ?? this.#subscription?.trouble();
    if (known !== null && known !== undefined) return known;
    try {
      await this.store.check();
      return null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  submit(message: Message, options: { deduplicate?: boolean } = {}): Promise<CommandOutcome> {
    if (this.#stopping.signal.aborted) return Promise.reject(this.#unavailable('is stopping'));
    if (this.#commands.length >= QUEUE_MAX) return Promise.reject(this.#unavailable('has too much to do'));
    return new Promise((resolve, reject) => {
      const delivery = { message, deduplicate: options.deduplicate ?? false, record: null };
      this.#commands.push({ delivery, resolve, reject });
      this.#wake.raise();
    });
  }

  onCommit(listener: (outcomes: readonly Outcome[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Starts from nothing, between two batches: removes the function's data and skips what lies in its topics now.
   * Only while the loop runs.
   */
  clear(): Promise<void> {
    if (this.#stopping.signal.aborted) return Promise.reject(this.#unavailable('is stopping'));
    return new Promise((resolve, reject) => {
      this.#clearing.push(() => this.#clearNow().then(resolve, reject));
      this.#wake.raise();
    });
  }

  async #clearNow(): Promise<void> {
    const ends = (await this.#subscription?.ends()) ?? [];
    await this.store.clear(ends);
    await this.#subscription?.acknowledge(ends);
  }

  /** Handles at most two times `BATCH_MAX` messages. Gives whether there was anything to do. */
  async step(): Promise<boolean> {
    for (const clear of this.#clearing.splice(0)) await clear();
    const commands = this.#commands.splice(0, BATCH_MAX);
    const [read] = await Promise.allSettled([this.#take()]);
    const worked = await this.#handleTogether(commands, read.status === 'fulfilled' ? read.value : EMPTY);
    // Thrown late: a topic that cannot be read must not keep commands waiting.
    if (read.status === 'rejected') throw read.reason;
    // Also where there was nothing to commit: a topic that could not be read can be read again.
    this.#trouble = null;
    return worked;
  }

  async #handleTogether(commands: readonly PendingCommand[], taken: Taken): Promise<boolean> {
    if (commands.length === 0 && taken.records === 0) return false;
    try {
      const deliveries = [...commands.map(({ delivery }) => delivery), ...taken.deliveries];
      const handled = await this.#commit({ ...taken, deliveries });
      commands.forEach((command, index) => {
        settle(command, handled.outcomes[index]);
      });
      await this.#subscription?.acknowledge(taken.positions);
      this.#announce(handled);
      return true;
    } catch (error) {
      for (const { reject } of commands) reject(error);
      throw error;
    }
  }

  async #commit(batch: Batch): Promise<Handled> {
    const { clock, metrics } = this.#options;
    const stop = metrics.commitTimer();
    const handled = await this.#handleOrSplit(batch, clock.nowMs());
    stop();
    metrics.count(handled.outcomes);
    this.#trouble = null;
    return handled;
  }

  /**
   * A batch that the store refuses for a reason that will not pass (a CHECK that fails: a bug of ours) is handled one by
   * one, so that only the message at fault is set aside.
   */
  async #handleOrSplit(batch: Batch, nowMs: number): Promise<Handled> {
    const { fn, store } = this.#options;
    try {
      return await handle(fn, store, batch, nowMs);
    } catch (error) {
      if (error instanceof AppError) throw error;
      return await this.#oneByOne(batch, nowMs);
    }
  }

  async #oneByOne(batch: Batch, nowMs: number): Promise<Handled> {
    const { fn, store, log } = this.#options;
    const outcomes: Outcome[] = [];
    const outbox: Handled['outbox'][number][] = [];
    const letters: DeadLetter[] = [...batch.deadLetters];
    for (const delivery of batch.deliveries) {
      try {
        const alone = await handle(fn, store, { deliveries: [delivery], positions: [], deadLetters: [] }, nowMs);
        outcomes.push(...alone.outcomes);
        outbox.push(...alone.outbox);
      } catch (error) {
        if (error instanceof AppError) {
          // The batch comes again; what is committed already must not wait for that.
          if (outbox.length > 0 && fn.publishes !== null) log.announce(fn.publishes);
          for (const listener of this.#listeners) listener(outcomes);
          throw error;
        }
        outcomes.push({ kind: 'failed', message: delivery.message, error });
        if (delivery.record !== null) {
          letters.push({ ...delivery.record, code: 'failed', detail: describeError(error) });
        }
      }
    }
    const rest = await handle(fn, store, { deliveries: [], positions: batch.positions, deadLetters: letters }, nowMs);
    return { ...rest, outcomes, outbox };
  }

  async #take(): Promise<Taken> {
    const records = (await this.#subscription?.poll(BATCH_MAX)) ?? [];
    if (records.length === 0) return EMPTY;
    const { fn, logger, log } = this.#options;
    const deliveries: Delivery[] = [];
    const deadLetters: DeadLetter[] = [];
    for (const record of records) {
      const received = receive(record, fn);
      if (received.kind === 'delivery') deliveries.push(received.delivery);
      if (received.kind === 'dead') {
        deadLetters.push(received.letter);
        logger.warn({ topic: record.topic, position: record.position }, `set aside: ${received.letter.detail}`);
      }
    }
    const positions = log.features.keepsPositions ? [] : lastPositions(records);
    return { deliveries, deadLetters, positions, records: records.length };
  }

  #announce({ outcomes, outbox }: Handled): void {
    const { fn, log, logger } = this.#options;
    if (outbox.length > 0 && fn.publishes !== null) log.announce(fn.publishes);
    for (const outcome of outcomes) {
      if (outcome.kind === 'failed') {
        const { id, type, correlationid } = outcome.message;
        logger.error(
          { id, type, correlationid, error: describeError(outcome.error) },
          `${fn.name} failed on a message`,
        );
      }
    }
    for (const listener of this.#listeners) listener(outcomes);
  }

  #unavailable(why: string): AppError {
    return new AppError('unavailable', `${this.#options.fn.name} ${why}`, { retryAfterS: 1 });
  }
}

function settle({ resolve, reject }: PendingCommand, outcome: Outcome | undefined): void {
  if (outcome === undefined || outcome.kind === 'failed') reject(outcome?.error ?? new Error('no outcome'));
  else resolve(outcome);
}

function lastPositions(records: readonly LogRecord[]): readonly Position[] {
  const last = new Map<string, Position>();
  for (const { topic, partition, position } of records) {
    last.set(`${topic} ${partition}`, { topic, partition, position });
  }
  return [...last.values()];
}
