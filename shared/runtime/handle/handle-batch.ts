import { assert } from '../../core/assert.ts';
import { answer, type Draft, fingerprint, type Message, REFUSED } from '../../core/message.ts';
import { versionOf } from '../../core/message-catalog.ts';
import type { RetryPolicy } from '../../core/retry-policy.ts';
import type { LogRecord } from '../../ports/message-log.ts';
import type { Commit, Loaded, Need, OutboxRow, Position, Store } from '../../ports/store.ts';
import type { StoreFunction } from '../function.ts';
import { BatchInbox } from './batch-inbox.ts';
import {
  type Incoming,
  type IncomingRecord,
  type IncomingRetry,
  type IncomingTimer,
  inboxKeysOf,
  isDeduplicated,
  keyOf,
  needsOf,
  recordOf,
  timerKey,
} from './incoming.ts';
import type { Outcome } from './outcome.ts';
import { type Failure, RetryQueue, type RetryQueueLimits } from './retry-queue.ts';
import { RowOverlay } from './row-overlay.ts';

/** What waits at a function, taken together: commands first. */
export interface Batch {
  readonly incoming: readonly Incoming[];
  /** Becomes the time of the events. Milliseconds since 1970. */
  readonly nowMs: number;
  readonly policy: RetryPolicy;
  readonly limits: RetryQueueLimits;
  /** Whether a record was dealt with although no inbox row need be left of it. */
  readonly isBelowWatermark?: (record: LogRecord) => boolean;
  /** What these need cannot be told, or the store refused what they led to: they fail without being decided. */
  readonly failures?: ReadonlyMap<Incoming, unknown>;
}

export interface Handled extends Commit {
  /** In the order of the arrivals; one that had no message, or came too early, has none. Each command has one. */
  readonly outcomes: readonly Outcome[];
  /** Topics that must not be read on for now: their next message would have to be parked, and there is no room. */
  readonly full: readonly string[];
  /** By how many more messages are parked after it. */
  readonly parkedDelta: number;
  /** Whether one that was parked no longer is, so that there is room again: also where others have come in its place. */
  readonly hasFreed: boolean;
}

/**
 * The one way round: load, decide, evolve, commit. A batch is decided in order over an overlay, so that a message sees
 * what the ones before it changed, and is committed once. A message that fails contributes nothing but itself: a command is
 * answered with its error, any other is parked in the same commit. Resolves when the commit is on disk.
 */
export function handleBatch(fn: StoreFunction, store: Store, batch: Batch): Promise<Handled> {
  const needs = needsOf(fn, batch.incoming, batch.failures);
  return store.transact(needs, inboxKeysOf(batch.incoming), (loaded) => new Work(fn, batch, loaded, needs).done());
}

/** What `handle` would do with this batch now: decided in the same way, and not committed. */
export async function dryRunBatch(fn: StoreFunction, store: Store, batch: Batch): Promise<Handled> {
  const needs = needsOf(fn, batch.incoming);
  let handled: Handled | null = null;
  const notNow = new Error('this was only a preview');
  const outcome = store.transact(needs, inboxKeysOf(batch.incoming), (loaded) => {
    handled = new Work(fn, batch, loaded, needs).done();
    throw notNow;
  });
  await outcome.catch((error: unknown) => {
    if (error !== notNow) throw error;
  });
  assert(handled !== null, 'the store did not call the work');
  return handled;
}

/** One batch on its way through the rules. */
class Work {
  readonly #fn: StoreFunction;
  readonly #batch: Batch;
  readonly #now: string;
  readonly #rows: RowOverlay;
  readonly #inbox: BatchInbox;
  readonly #retryQueue: RetryQueue;
  readonly #outbox: OutboxRow[] = [];
  readonly #positions = new Map<string, Position>();
  readonly #full = new Set<string>();

  constructor(fn: StoreFunction, batch: Batch, loaded: Loaded, needs: readonly Need[]) {
    const { nowMs, policy, limits } = batch;
    this.#fn = fn;
    this.#batch = batch;
    this.#now = new Date(nowMs).toISOString();
    this.#rows = new RowOverlay(loaded, needs);
    this.#inbox = new BatchInbox(loaded, nowMs);
    this.#retryQueue = new RetryQueue(fn.name, this.#rows, policy, limits, nowMs);
  }

  done(): Handled {
    const outcomes: Outcome[] = [];
    for (const item of this.#batch.incoming) {
      const outcome = this.#arrive(item);
      if (outcome !== null) outcomes.push(outcome);
    }
    return {
      writes: this.#rows.writes(),
      inbox: this.#inbox.added,
      outbox: this.#outbox,
      positions: [...this.#positions.values()],
      outcomes,
      full: [...this.#full],
      parkedDelta: this.#retryQueue.delta,
      hasFreed: this.#retryQueue.hasFreed,
    };
  }

  #arrive(item: Incoming): Outcome | null {
    switch (item.from) {
      case 'command':
        return (item.deduplicate ? this.#seen(item.message) : null) ?? this.#decide(item, item.message);
      case 'timer':
        return this.#due(item);
      case 'parked':
        return this.#retry(item);
      case 'log':
        return this.#read(item);
    }
  }

  #due(item: IncomingTimer): Outcome | null {
    const { timer, row, message } = item;
    const { table, column } = timer;
    const key = timerKey(item);
    const present = this.#rows.one(table, ...key) as Record<string, unknown> | undefined;
    if (present === undefined || present[column] !== (row as Record<string, unknown>)[column]) return null;
    this.#rows.put([{ table, row: { ...present, [column]: null } }]);
    return this.#orPark(this.#decide(item, message), {
      record: recordOf('timer', message),
      key: message.partitionkey,
    });
  }

  /** A record of a topic. One that cannot be taken for want of room closes its topic for the rest of the batch. */
  #read(item: IncomingRecord): Outcome | null {
    const { record, received } = item;
    if (this.#full.has(record.topic)) return null;
    if (this.#batch.isBelowWatermark?.(record) === true) {
      return this.#taken(record, received.kind === 'message' ? { kind: 'duplicate', message: received.message } : null);
    }
    const key = keyOf(item);
    const waits = key !== null && this.#retryQueue.isWaiting(key);
    if (received.kind === 'rejected') {
      if (key === null) this.#retryQueue.deadLetter(record, received);
      else if (this.#retryQueue.hasDeadLetter(record)) return this.#taken(record, null);
      else if (!waits) this.#retryQueue.deadLetterAndBlock(record, key, received);
      else if (this.#isFull(record, key)) return null;
      else this.#retryQueue.queue(record, key);
      return this.#taken(record, null);
    }
    if (received.kind === 'skipped' || key === null) return this.#taken(record, null);
    const { message } = received;
    const seen = this.#seen(message);
    if (seen === null && waits) {
      if (this.#isFull(record, key)) return null;
      this.#retryQueue.queue(record, key);
      return this.#taken(record, { kind: 'parked', message });
    }
    const outcome = seen ?? this.#decide(item, message);
    if (outcome.kind === 'failed' && this.#isFull(record, key)) return null;
    return this.#taken(record, this.#orPark(outcome, { record, key }));
  }

  #retry(item: IncomingRetry): Outcome | null {
    if (!this.#retryQueue.isHead(item)) return null;
    const { row, received } = item;
    if (received.kind === 'rejected') {
      this.#retryQueue.deadLetterHead(item, received);
      return null;
    }
    if (received.kind === 'skipped') {
      this.#retryQueue.passed(item);
      return null;
    }
    const { message } = received;
    const outcome = this.#seen(message) ?? this.#decide(item, message);
    if (outcome.kind === 'failed') {
      const { error } = outcome;
      const kind = this.#retryQueue.failedAgain(item, { record: row, key: row.key, id: message.id, error });
      return { kind, message, error };
    }
    if (outcome.kind === 'refused' || outcome.kind === 'id_reused') {
      this.#retryQueue.deadLetterHead(item, reasonOf(outcome));
    } else this.#retryQueue.passed(item);
    return outcome;
  }

  /** A message without anybody who waits for the answer: what cannot be handled is kept. */
  #orPark(outcome: Outcome, { record, key }: Pick<Failure, 'record' | 'key'>): Outcome {
    if (outcome.kind === 'failed') {
      const { message, error } = outcome;
      return { kind: this.#retryQueue.park({ record, key, id: message.id, error }), message, error };
    }
    if (outcome.kind === 'refused' || outcome.kind === 'id_reused')
      this.#retryQueue.deadLetter(record, reasonOf(outcome));
    return outcome;
  }

  #isFull({ topic }: IncomingRecord['record'], key: string): boolean {
    if (this.#retryQueue.hasRoom(key)) return false;
    this.#full.add(topic);
    return true;
  }

  /** A position for each life of the topic's writer: the store keeps how far the one before was read. */
  #taken({ topic, partition, position, epoch }: IncomingRecord['record'], outcome: Outcome | null): Outcome | null {
    const place = epoch === undefined ? { topic, partition, position } : { topic, partition, position, epoch };
    this.#positions.set(`${topic} ${partition} ${epoch}`, place);
    return outcome;
  }

  #seen(message: Message): Outcome | null {
    const seen = this.#inbox.seen(message);
    if (seen === undefined) return null;
    return { kind: seen === fingerprint(message) ? 'duplicate' : 'id_reused', message };
  }

  #decide(item: Incoming, message: Message): Outcome {
    const fn = this.#fn;
    const refusedByStore = this.#batch.failures?.get(item);
    if (refusedByStore !== undefined) return { kind: 'failed', message, error: refusedByStore };
    try {
      const before = fn.load(this.#rows, message);
      const drafts = fn.rules.decide(before, message);
      const refused = drafts.find(({ type }) => type === REFUSED);
      if (refused !== undefined)
        return { kind: 'refused', message, ...(refused.data as { code: string; detail: string }) };
      const after = drafts.reduce((state: unknown, draft: Draft) => fn.rules.evolve(state, draft), before);
      const emitted =
        fn.publishes === null
          ? []
          : drafts.map((draft, index) =>
              answer(message, fn.name, index, draft, this.#now, versionOf(fn.catalog, draft.type)),
            );
      this.#rows.put(fn.save({ before, after, message, emitted }));
      if (isDeduplicated(item)) this.#inbox.add(message);
      for (const event of emitted) this.#outbox.push({ topic: topicOf(fn), message: event });
      return { kind: 'handled', message, emitted, state: after };
    } catch (error) {
      return { kind: 'failed', message, error };
    }
  }
}

function topicOf({ name, publishes }: StoreFunction): string {
  assert(publishes !== null, `${name} publishes nothing`);
  return publishes;
}

function reasonOf(outcome: Extract<Outcome, { kind: 'refused' | 'id_reused' }>) {
  return outcome.kind === 'refused'
    ? ({ code: 'refused', detail: `${outcome.code}: ${outcome.detail}` } as const)
    : ({ code: 'id_reused', detail: `${outcome.message.id} was seen before with another payload` } as const);
}
