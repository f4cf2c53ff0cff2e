import { type Message, namedId, newMessage } from '../../core/message.ts';
import { versionOf } from '../../core/message-catalog.ts';
import type { RetryPolicy } from '../../core/retry-policy.ts';
import type { MessageLog, Subscription } from '../../ports/message-log.ts';
import type { Position, Query, Store, Table } from '../../ports/store.ts';
import { type ParkedKeyRow, parked, parkedKeys } from '../../ports/tables/retry.ts';
import type { StoreFunction, Timer } from '../function.ts';
import type { Handled } from '../handle/handle-batch.ts';
import type { Incoming, IncomingRetry, IncomingTimer } from '../handle/incoming.ts';
import { parseRecord, parseStored } from '../handle/parse-record.ts';
import type { RetryQueueLimits } from '../handle/retry-queue.ts';
import { Watermarks } from './watermarks.ts';

/** Messages from each way in, in one commit, at most. */
export const BATCH_MAX = 256;
/** Parked keys that are tried in one step, at most. After a failure it is one, and twice as many after each success. */
const DRAIN_KEYS_MAX = 64;
/** Nobody sleeps longer than this, whatever the clock says. */
const SLEEP_MAX_MS = 60_000;
/** Later than any time. */
const EVER = '9999-12-31T23:59:59.999Z';

export interface BatchSourceOptions {
  readonly fn: StoreFunction;
  readonly store: Store;
  readonly log: MessageLog;
  readonly policy: RetryPolicy;
  /** Messages that may be parked, in all and of one key. */
  readonly parkedMax: number;
  readonly parkedPerKeyMax: number;
}

/** What waits at a function, and why that may not be all; null where it is. */
export interface Taken {
  readonly incoming: readonly Incoming[];
  readonly failure: { readonly error: unknown } | null;
}

/** What comes to a function by itself: records of its topics, parked messages that are due, timers. */
export class BatchSource {
  readonly watermarks: Watermarks;
  readonly #options: BatchSourceOptions;
  #subscription: Subscription | null = null;
  /** Topics that are not read for now, for want of room. */
  readonly #paused = new Set<string>();
  #parked = 0;
  /** Whether somebody has changed what is parked since it was counted. */
  #isStale = false;
  /** When something parked or a timer is due, at the earliest; milliseconds since 1970. */
  #dueMs = Number.NEGATIVE_INFINITY;
  #lookedMs = Number.NEGATIVE_INFINITY;
  #drainKeys = 1;
  /** Where a commit says when something is due. */
  readonly #dueColumns = new Map<Table, readonly string[]>([[parkedKeys as Table, ['dueAt']]]);

  constructor(options: BatchSourceOptions) {
    this.#options = options;
    this.watermarks = new Watermarks(options.store);
    for (const { table, column } of options.fn.timers ?? []) {
      this.#dueColumns.set(table, [...(this.#dueColumns.get(table) ?? []), column]);
    }
  }

  /** Subscribes, and looks what waits from an earlier life. */
  async open(wake: () => void): Promise<void> {
    const { fn, store, log } = this.#options;
    await this.watermarks.load();
    const own = await store.positions();
    const positions = [...own, ...this.watermarks.besides(own)];
    this.#subscription = await log.subscribe({ group: fn.name, topics: fn.consumes, positions, wake });
    await this.#lookAfresh();
  }

  async close(): Promise<void> {
    await this.#subscription?.close();
  }

  /**
   * What is parked was changed beside the batches. The next `take` counts again, and reads on where there was no room: not
   * now, because a batch or a look at what is due may be under way that knows nothing of it, and would have the last word.
   */
  invalidateParked(): void {
    this.#isStale = true;
  }

  async #lookAfresh(): Promise<void> {
    this.#isStale = false;
    try {
      this.#parked = await this.#options.store.count(parked);
    } catch (error) {
      this.#isStale = true;
      throw error;
    }
    this.#dueMs = Number.NEGATIVE_INFINITY;
    this.#paused.clear();
  }

  /** How many messages are parked. */
  get parked(): number {
    return this.#parked;
  }

  get paused(): readonly string[] {
    return [...this.#paused];
  }

  get limits(): RetryQueueLimits {
    const { parkedMax, parkedPerKeyMax } = this.#options;
    return { room: parkedMax - this.#parked, keyMax: parkedPerKeyMax };
  }

  /** Why it cannot take everything now; null when it can. */
  unavailableReason(): string | null {
    if (this.#paused.size === 0) return this.#subscription?.unavailableReason() ?? null;
    const most = `${this.#options.parkedMax} at most, ${this.#options.parkedPerKeyMax} of one key`;
    return `${this.paused.join(', ')} is not read on: ${this.#parked} messages are parked (${most})`;
  }

  /** How long it can sleep when nobody wakes it, in milliseconds. */
  sleepMs(nowMs: number): number {
    return Math.min(Math.max(0, this.#dueMs - nowMs), SLEEP_MAX_MS);
  }

  /**
   * What waits now: parked messages first, then timers, then records, none of them yet dealt with. Trouble with what comes
   * later does not hold up what was found before it: deadlines pass and attempts are made also while no topic can be read.
   */
  async take(nowMs: number): Promise<Taken> {
    const { fn } = this.#options;
    const incoming: Incoming[] = [];
    try {
      if (this.#isStale) await this.#lookAfresh();
      // Whoever sets the clock back must not make us wait for the same hour again.
      if (nowMs >= this.#dueMs || nowMs < this.#lookedMs) incoming.push(...(await this.#takeDue(nowMs)));
      this.#lookedMs = nowMs;
      for (const record of (await this.#subscription?.poll(BATCH_MAX, this.#paused)) ?? []) {
        incoming.push({ from: 'log', record, received: parseRecord(record, fn) });
      }
      return { incoming, failure: null };
    } catch (error) {
      return { incoming, failure: { error } };
    }
  }

  /** After the commit of what was taken. */
  async committed(handled: Handled, tookParked: boolean): Promise<void> {
    this.#parked += handled.parkedDelta;
    if (handled.hasFreed) this.#paused.clear();
    for (const topic of handled.full) this.#paused.add(topic);
    const hasFailed = handled.outcomes.some((outcome) => 'error' in outcome);
    if (hasFailed) this.#drainKeys = 1;
    else if (tookParked) this.#drainKeys = Math.min(this.#drainKeys * 2, DRAIN_KEYS_MAX);
    this.#noteDue(handled);
    await this.acknowledge(handled.positions);
  }

  async acknowledge(positions: readonly Position[]): Promise<void> {
    await this.#subscription?.acknowledge(positions);
  }

  ends(): Promise<readonly Position[]> {
    return this.#subscription?.ends() ?? Promise.resolve([]);
  }

  async #takeDue(nowMs: number): Promise<readonly Incoming[]> {
    const { store, fn } = this.#options;
    const now = new Date(nowMs).toISOString();
    const timers: IncomingTimer[] = [];
    for (const timer of fn.timers ?? []) {
      const rows = await store.find(dueQuery(timer, now));
      for (const row of rows) timers.push({ from: 'timer', timer, row, message: timerMessage(fn, timer, row) });
    }
    const retries = await this.#takeParked(now);
    this.#dueMs = await this.#firstDue(now);
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
          received: parseStored(row, fn.catalog),
        });
      }
    }
    return incoming;
  }

  /**
   * The keys whose heads are due first, and those whose heads are due last: where the clock was set back, those that were
   * tried before it was lie at that end, and are due as well.
   */
  async #parkedEnds(limit: number): Promise<readonly ParkedKeyRow[]> {
    const { store } = this.#options;
    const query = { table: parkedKeys, orderBy: ['dueAt'], atMost: { dueAt: EVER }, limit };
    const first = await store.find(query);
    if (first.length < limit) return first;
    const last = await store.find({ ...query, descending: true });
    return [...first, ...last.filter(({ key }) => first.every((other) => other.key !== key))];
  }

  /** When the next one is due that is not being taken now. More of what is due already counts as due. */
  async #firstDue(now: string): Promise<number> {
    const { store, fn } = this.#options;
    let first = Number.POSITIVE_INFINITY;
    for (const row of await this.#parkedEnds(1)) {
      first = isDue(row, now) ? Number.NEGATIVE_INFINITY : Math.min(first, Date.parse(row.dueAt ?? EVER));
    }
    for (const timer of fn.timers ?? []) {
      for (const row of await store.find({ ...dueQuery(timer, EVER), limit: 1 })) {
        first = Math.min(first, Date.parse(columnOf(row, timer.column)));
      }
    }
    return first;
  }

  /** The writes of a commit may bring something due earlier than what was known. */
  #noteDue({ writes }: Handled): void {
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

function dueQuery({ table, column }: Timer, upTo: string): Query<object> {
  return { table, orderBy: [column], atMost: { [column]: upTo }, limit: BATCH_MAX };
}

function columnOf(row: object, column: string): string {
  return String((row as Record<string, unknown>)[column]);
}

/** What a timer says: the same message however often it is read, from the function to itself. */
function timerMessage({ name, catalog }: StoreFunction, timer: Timer, row: object): Message {
  const { type, subject, data, correlationid } = timer.message(row);
  const dueAt = columnOf(row, timer.column);
  const key = timer.table.key.map((column) => columnOf(row, column)).join(' ');
  const id = namedId(`${name} ${timer.table.name} ${key} ${timer.column} ${dueAt}`);
  return newMessage({
    id,
    source: `/${name}`,
    type,
    time: dueAt,
    subject,
    correlationid: correlationid ?? id,
    causationid: id,
    schemaversion: versionOf(catalog, type),
    data,
  });
}
