import type { RetryPolicy } from '../../core/retry-policy.ts';
import type { Clock } from '../../ports/clock.ts';
import type { MessageLog, Subscription } from '../../ports/message-log.ts';
import type { Position, Store, Table } from '../../ports/store.ts';
import { topicEpochs } from '../../ports/tables/outbox.ts';
import { type ParkedKeyRow, parked, parkedKeys } from '../../ports/tables/retry.ts';
import type { StoreFunction, Timer } from '../function.ts';
import type { Handled } from '../handle/handle-batch.ts';
import type { Incoming, IncomingRetry, IncomingTimer } from '../handle/incoming.ts';
import { parseRecord, parseStored } from '../handle/parse-record.ts';
import type { RetryQueueLimits } from '../handle/retry-queue.ts';
import type { Logger } from '../observe/logger.ts';
import { CatchUp } from './catch-up.ts';
import { type Role, soleRole } from './held-lease.ts';
import { PausedLanes } from './paused-lanes.ts';
import { columnOf, dueQuery, timerMessage } from './timer-messages.ts';
import { Watermarks } from './watermarks.ts';

/** The most messages from each kind of source in one commit. */
export const BATCH_MAX = 256;
/** The most parked keys tried in one step. The number is 1 after a failure and doubles after each success. */
const DRAIN_KEYS_MAX = 64;
/** How often it looks for what is due where other instances park messages and set timers, or wait for the role of the keeper. */
const LOOK_AGAIN_MS = 1_000;
/** The longest sleep, whatever the clock says. */
const SLEEP_MAX_MS = 60_000;
/** Later than any time. */
const EVER = '9999-12-31T23:59:59.999Z';

export interface BatchSourceOptions {
  readonly fn: StoreFunction;
  readonly store: Store;
  readonly log: MessageLog;
  readonly clock: Clock;
  readonly policy: RetryPolicy;
  /** The most messages that may be parked, in all and of one key. */
  readonly parkedMax: number;
  readonly parkedPerKeyMax: number;
  /** Only its holder takes what is due; where absent, this instance is alone. */
  readonly keeper?: Role;
  /** Learns what an operator should know of the log. */
  readonly logger?: Logger;
}

/** The messages that wait at a function; `failure` says why some may be missing, null when none is. */
export interface Taken {
  readonly incoming: readonly Incoming[];
  readonly failure: { readonly error: unknown } | null;
}

/** The incoming messages that no caller submits: records of topics, parked messages that are due, timers. */
export class BatchSource {
  readonly watermarks: Watermarks;
  readonly #options: BatchSourceOptions;
  readonly #keeper: Role;
  #subscription: Subscription | null = null;
  readonly #paused = new PausedLanes();
  #parked = 0;
  /** Whether parked messages changed outside a batch since they were counted. */
  #isStale = false;
  /** The earliest time at which a parked message or a timer is due; milliseconds since 1970. */
  #dueMs = Number.NEGATIVE_INFINITY;
  #lastTakeMs = Number.NEGATIVE_INFINITY;
  #drainKeys = 1;
  readonly #catchUp = new CatchUp();
  /** The columns that hold due times, by table. */
  readonly #dueColumns = new Map<Table, readonly string[]>([[parkedKeys as Table, ['dueAt']]]);

  constructor(options: BatchSourceOptions) {
    this.#options = options;
    this.#keeper = options.keeper ?? soleRole;
    this.watermarks = new Watermarks(options.store);
    for (const { table, column } of options.fn.timers ?? []) {
      this.#dueColumns.set(table, [...(this.#dueColumns.get(table) ?? []), column]);
    }
  }

  /** Subscribes, and counts what an earlier run of the process has parked. */
  async open(wake: () => void): Promise<void> {
    const { fn, store, log, logger } = this.#options;
    await this.watermarks.load();
    await this.#keeper.hold();
    this.#keeper.onGranted(() => {
      this.#dueMs = Number.NEGATIVE_INFINITY;
      wake();
    });
    const positions = async () => {
      const own = await store.positions();
      return [...own, ...this.watermarks.ofOtherEpochs(own)];
    };
    // Each start begins an epoch of the function's own outbox.
    const hasRun = (await store.count(topicEpochs)) > 1;
    const topics = fn.consumes;
    const onWarning = (sentence: string) => logger?.warn(`${fn.name}: ${sentence}`);
    this.#subscription = await log.subscribe({ group: fn.name, topics, positions, hasRun, wake, onWarning });
    await this.#recountParked();
  }

  async close(): Promise<void> {
    await this.#subscription?.close();
  }

  /**
   * Parked messages changed outside a batch. The next `take` counts them again and resumes paused topics. It is not
   * done now: a batch or a query in progress does not know of the change and would overwrite the result.
   */
  invalidateParked(): void {
    this.#isStale = true;
  }

  async #recountParked(): Promise<void> {
    this.#isStale = false;
    try {
      this.#parked = await this.#options.store.count(parked);
    } catch (error) {
      this.#isStale = true;
      throw error;
    }
    this.#dueMs = Number.NEGATIVE_INFINITY;
    this.#paused.resumeAll();
  }

  /** The number of parked messages. */
  get parked(): number {
    return this.#parked;
  }

  /** The topics of which a part is paused. */
  get paused(): readonly string[] {
    return this.#paused.topics;
  }

  get limits(): RetryQueueLimits {
    const { parkedMax, parkedPerKeyMax } = this.#options;
    return { room: parkedMax - this.#parked, keyMax: parkedPerKeyMax };
  }

  /** Why some messages cannot be taken now; null when all can. */
  unavailableReason(): string | null {
    return this.#paused.reason(this.#parked, this.#options) ?? this.#subscription?.unavailableReason() ?? null;
  }

  /** How long the loop may sleep unless it is woken, in milliseconds. */
  sleepMs(nowMs: number): number {
    const catchUpMs = this.#catchUp.endsInMs(this.#options.clock.upMs()) ?? SLEEP_MAX_MS;
    return Math.min(Math.max(0, this.#dueMs - nowMs), catchUpMs, SLEEP_MAX_MS);
  }

  /**
   * The messages that wait now and are not handled yet: parked messages first, then timers, then records. Timers wait until
   * the topics were read once to their ends, so that no deadline overtakes an answer that came while the function was down.
   * An error in a later source does not block what was already found: timers fire and retries run also while no topic can be
   * read.
   */
  async take(nowMs: number): Promise<Taken> {
    const { fn, clock } = this.#options;
    const incoming: Incoming[] = [];
    try {
      if (this.#isStale) await this.#recountParked();
      // When the clock was set back, do not wait for the same hour again.
      if (nowMs >= this.#dueMs || nowMs < this.#lastTakeMs) incoming.push(...(await this.#takeDue(nowMs)));
      this.#lastTakeMs = nowMs;
      const wasReadable = this.unavailableReason() === null;
      const records = (await this.#subscription?.poll(BATCH_MAX, this.#paused.names)) ?? [];
      for (const record of records) incoming.push({ from: 'log', record, parsed: parseRecord(record, fn) });
      // A topic that is taken up after it was polled has said nothing yet.
      const isReadable = wasReadable && this.unavailableReason() === null;
      if (this.#catchUp.hasRead(records.length, isReadable, clock.upMs())) this.#dueMs = Number.NEGATIVE_INFINITY;
      return { incoming, failure: null };
    } catch (error) {
      if (this.#catchUp.hasFailed()) this.#dueMs = Number.NEGATIVE_INFINITY;
      return { incoming, failure: { error } };
    }
  }

  /** The timers that may fire now. */
  get #timers(): readonly Timer[] {
    return this.#catchUp.isOver ? (this.#options.fn.timers ?? []) : [];
  }

  /** To be called after the commit of what was taken. */
  async committed(handled: Handled, tookParked: boolean): Promise<void> {
    this.#parked += handled.parkedDelta;
    if (handled.hasFreed) this.#paused.resumeAll();
    this.#paused.pause(handled.lanesToPause);
    const hasFailed = handled.outcomes.some((outcome) => 'error' in outcome);
    if (hasFailed) this.#drainKeys = 1;
    else if (tookParked) this.#drainKeys = Math.min(this.#drainKeys * 2, DRAIN_KEYS_MAX);
    this.#updateDue(handled);
    await this.acknowledge(handled.positions);
  }

  async acknowledge(positions: readonly Position[]): Promise<void> {
    await this.#subscription?.acknowledge(positions);
  }

  ends(): Promise<readonly Position[]> {
    return this.#subscription?.ends() ?? Promise.resolve([]);
  }

  /** What is due, for the keeper. Two that take the same do no harm: the commit looks whether it is due still. */
  async #takeDue(nowMs: number): Promise<readonly Incoming[]> {
    if (await this.#keeper.hold()) return this.#dueOf(nowMs);
    this.#dueMs = nowMs + LOOK_AGAIN_MS;
    return [];
  }

  async #dueOf(nowMs: number): Promise<readonly Incoming[]> {
    const { store, fn } = this.#options;
    const now = new Date(nowMs).toISOString();
    const timers: IncomingTimer[] = [];
    for (const timer of this.#timers) {
      const rows = await store.find(dueQuery(timer, now, BATCH_MAX));
      for (const row of rows) timers.push({ from: 'timer', timer, row, message: timerMessage(fn, timer, row) });
    }
    const retries = await this.#takeParked(now);
    const firstMs = await this.#firstDue(now);
    this.#dueMs = store.features.severalInstances ? Math.min(firstMs, nowMs + LOOK_AGAIN_MS) : firstMs;
    return [...retries, ...timers];
  }

  async #takeParked(now: string): Promise<readonly IncomingRetry[]> {
    const { store, fn } = this.#options;
    const due = (await this.#parkedEnds(this.#drainKeys)).filter((row) => isDue(row, now)).slice(0, this.#drainKeys);
    const incoming: IncomingRetry[] = [];
    const limit = Math.max(1, Math.floor(BATCH_MAX / Math.max(1, due.length)));
    for (const { key, letter } of due) {
      const rows = await store.find({ table: parked, where: { key }, orderBy: ['number'], limit });
      for (const [index, row] of rows.entries()) {
        incoming.push({
          from: 'parked',
          row,
          letter: index === 0 ? letter : null,
          parsed: parseStored(row, fn.catalog),
        });
      }
    }
    return incoming;
  }

  /**
   * The keys that are due first, and those that are due last. When the clock was set back, keys tried before that sort
   * last, and they are due as well.
   */
  async #parkedEnds(limit: number): Promise<readonly ParkedKeyRow[]> {
    const { store } = this.#options;
    const query = { table: parkedKeys, orderBy: ['dueAt'], atMost: { dueAt: EVER }, limit };
    const first = await store.find(query);
    if (first.length < limit) return first;
    const last = await store.find({ ...query, descending: true });
    return [...first, ...last.filter(({ key }) => first.every((other) => other.key !== key))];
  }

  /** When the next message is due that this `take` does not return. Overdue messages left behind count as due. */
  async #firstDue(now: string): Promise<number> {
    const { store } = this.#options;
    let first = Number.POSITIVE_INFINITY;
    for (const row of await this.#parkedEnds(1)) {
      first = isDue(row, now) ? Number.NEGATIVE_INFINITY : Math.min(first, Date.parse(row.dueAt ?? EVER));
    }
    for (const timer of this.#timers) {
      for (const row of await store.find(dueQuery(timer, EVER, 1))) {
        first = Math.min(first, Date.parse(columnOf(row, timer.column)));
      }
    }
    return first;
  }

  /** Updates the next due time from the writes of a commit, which may contain an earlier one. */
  #updateDue({ writes }: Handled): void {
    for (const { table, row, removed } of writes) {
      if (removed === true) continue;
      for (const column of this.#dueColumns.get(table) ?? []) {
        const due = (row as Record<string, unknown>)[column];
        if (typeof due === 'string') this.#dueMs = Math.min(this.#dueMs, Date.parse(due));
      }
    }
  }
}

function isDue({ dueAt, attemptedAt }: ParkedKeyRow, now: string): boolean {
  return dueAt !== null && (dueAt <= now || attemptedAt > now);
}
