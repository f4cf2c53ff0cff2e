import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../shared/core/errors.ts';
import type { LoadClient } from './load-client.ts';
import { LoadOutcomes } from './load-outcomes.ts';
import type { LoadBody, LoadRequest } from './load-representation.ts';

/** Orders under way at most. What is due beyond it is skipped, so that a slow store slows no one else down. */
const UNDER_WAY_MAX = 256;
const TICK_MS = 20;
/** How often the stock is looked at: a test may have removed all data. */
const STOCK_LOOK_MS = 5_000;

export interface LoadRunOptions {
  /** The beginning of its order ids. */
  readonly name: string;
  /** From 0 to below 1. */
  readonly random: () => number;
  /** Ends it with the gateway. */
  readonly stopping: AbortSignal;
}

/**
 * Orders at a fixed rate, whether the store keeps up or not (an open loop), for a time. Afterwards it follows them until each has
 * its outcome.
 */
export class LoadRun {
  readonly #client: LoadClient;
  readonly #request: LoadRequest;
  readonly #options: LoadRunOptions;
  readonly #outcomes: LoadOutcomes;
  readonly #sending = new AbortController();
  readonly #following = new AbortController();
  readonly #startedMs = Date.now();
  #endsMs: number;
  #isRunning = true;
  #underWay = 0;
  readonly #counts = { sent: 0, acknowledged: 0, failed: 0, skipped: 0, duplicates: 0 };
  #lastFailure: string | null = null;

  constructor(client: LoadClient, request: LoadRequest, options: LoadRunOptions) {
    this.#client = client;
    this.#request = request;
    this.#options = options;
    this.#outcomes = new LoadOutcomes(client);
    this.#endsMs = this.#startedMs + request.forS * 1000;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Sends all orders and follows them. Resolves when each has its outcome, or all of it is stopped. */
  async run(): Promise<void> {
    const { stopping } = this.#options;
    const isOver = () => !this.#isRunning && this.#underWay === 0;
    const following = this.#outcomes.follow(isOver, AbortSignal.any([this.#following.signal, stopping]));
    await this.#send(AbortSignal.any([this.#sending.signal, stopping]));
    this.#isRunning = false;
    await following;
  }

  /** Sends no further order. What is sent is still followed. */
  stop(): void {
    if (!this.#isRunning) return;
    this.#isRunning = false;
    this.#endsMs = Date.now();
    this.#sending.abort();
  }

  /** Forgets the orders that wait. */
  abandon(): void {
    this.stop();
    this.#following.abort();
  }

  get body(): LoadBody {
    const { ordersPerSecond, forS, mix } = this.#request;
    return {
      running: this.#isRunning,
      ordersPerSecond,
      forS,
      mix,
      startedAt: new Date(this.#startedMs).toISOString(),
      endsAt: new Date(this.#endsMs).toISOString(),
      ...this.#counts,
      outcomes: { ...this.#outcomes.counts, waiting: this.#waiting() },
      lastFailure: this.#lastFailure,
    };
  }

  #waiting(): number {
    const { confirmed, rejected, cancelled, removed } = this.#outcomes.counts;
    return this.#counts.acknowledged - confirmed - rejected - cancelled - removed;
  }

  async #send(signal: AbortSignal): Promise<void> {
    const { ordersPerSecond, forS } = this.#request;
    const total = ordersPerSecond * forS;
    const startMs = performance.now();
    let stockLookMs = startMs + STOCK_LOOK_MS;
    for (let next = 0; next < total && !signal.aborted; ) {
      const nowMs = performance.now();
      const due = Math.min(total, Math.floor(((nowMs - startMs) / 1000) * ordersPerSecond) + 1);
      for (; next < due; next++) {
        if (this.#underWay < UNDER_WAY_MAX) void this.#sendOne(next);
        else this.#counts.skipped += 1;
      }
      if (nowMs >= stockLookMs) {
        stockLookMs = nowMs + STOCK_LOOK_MS;
        void this.#client.ensureStock(total - next + this.#waiting()).catch((error) => this.#noteFailure(error));
      }
      if (next < total) await sleep(TICK_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Never rejects. */
  async #sendOne(number: number): Promise<void> {
    const { mix } = this.#request;
    const { name, random } = this.#options;
    const orderId = `${name}-${number}`;
    const isShort = random() < mix.short;
    const isRepeated = random() < mix.duplicate;
    const isTakenBack = random() < mix.cancel;
    this.#underWay += 1;
    this.#counts.sent += 1;
    let isCancelled = false;
    try {
      await this.#client.place(orderId, isShort);
      this.#counts.acknowledged += 1;
    } catch (error) {
      this.#counts.failed += 1;
      this.#noteFailure(error);
      this.#underWay -= 1;
      return;
    }
    try {
      if (isRepeated) {
        await this.#client.place(orderId, isShort);
        this.#counts.duplicates += 1;
      }
      if (isTakenBack) isCancelled = await this.#client.cancel(orderId);
    } catch (error) {
      this.#noteFailure(error);
    }
    this.#outcomes.add(orderId, isCancelled);
    this.#underWay -= 1;
  }

  #noteFailure(error: unknown): void {
    this.#lastFailure = error instanceof AppError ? error.message : String(error);
  }
}
