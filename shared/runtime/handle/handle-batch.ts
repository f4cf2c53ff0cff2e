import { assert } from '../../core/assert.ts';
import { answer, type Draft, type Message, REFUSED } from '../../core/message.ts';
import { versionOf } from '../../core/message-catalog.ts';
import type { RetryPolicy } from '../../core/retry-policy.ts';
import type { LogRecord } from '../../ports/message-log.ts';
import {
  type Commit,
  type Lane,
  type Loaded,
  laneName,
  type Need,
  type OutboxRow,
  type Position,
  type Store,
  type StoreFeatures,
} from '../../ports/store.ts';
import type { StoreFunction } from '../function.ts';
import { BatchInbox } from './batch-inbox.ts';
import {
  type Incoming,
  type IncomingRecord,
  type IncomingRetry,
  type IncomingTimer,
  isDeduplicated,
  keyOf,
  recordOf,
  timerKey,
  unitOf,
} from './incoming.ts';
import { LaneMarks } from './lane-marks.ts';
import { isDeadLettered, type Outcome, reasonOf } from './outcome.ts';
import { ReadPositions } from './read-positions.ts';
import { receiptOf, receivedWhen, withReceipt } from './receipt.ts';
import { type Failure, RetryQueue, type RetryQueueLimits } from './retry-queue.ts';
import { RowOverlay } from './row-overlay.ts';

/** Incoming messages of a function that are handled together: commands first. */
export interface Batch {
  readonly incoming: readonly Incoming[];
  /** The time of the emitted events, in milliseconds since 1970. */
  readonly nowMs: number;
  /** From when retention counts the days of inbox rows, where that is not `nowMs`: the clock may have been set back. */
  readonly stampMs?: number;
  readonly policy: RetryPolicy;
  readonly limits: RetryQueueLimits;
  /** Whether a record was handled so long ago that its inbox row may be pruned. */
  readonly isBelowWatermark?: (record: LogRecord) => boolean;
  /** These fail without being decided: their needs are unknown, or the store rejected their writes. */
  readonly failures?: ReadonlyMap<Incoming, unknown>;
}

export interface Handled extends Commit {
  /**
   * In the order of the incoming messages. Each command has one; a record without a message, or a retry too early, has
   * none.
   */
  readonly outcomes: readonly Outcome[];
  /** Lanes to pause, by their names: their next message would have to be parked, and there is no room. */
  readonly lanesToPause: readonly string[];
  /** The change in the number of parked messages. */
  readonly parkedDelta: number;
  /** Whether a parked message left the queue and made room, even where another took its place. */
  readonly hasFreed: boolean;
}

/**
 * Handles a batch: load, decide, evolve, commit. Messages are decided in order over an overlay, so that each sees what
 * those before it changed, and committed together. A message that fails writes nothing: a command is answered with its
 * error, any other is parked in the same commit. Resolves when the commit is on disk.
 */
export function handleBatch(fn: StoreFunction, store: Store, batch: Batch): Promise<Handled> {
  const unit = unitOf(fn, batch.incoming, batch.failures);
  return store.transact(unit, (loaded) => new Work(fn, batch, loaded, unit.needs, store.features).run());
}

/** What {@link handleBatch} would do with this batch now: decided in the same way, and not committed. */
export async function dryRunBatch(fn: StoreFunction, store: Store, batch: Batch): Promise<Handled> {
  const unit = unitOf(fn, batch.incoming);
  let handled: Handled | null = null;
  const notCommitted = new Error('this was only a dry run');
  const outcome = store.transact(unit, (loaded) => {
    handled = new Work(fn, batch, loaded, unit.needs, store.features).run();
    throw notCommitted;
  });
  await outcome.catch((error: unknown) => {
    if (error !== notCommitted) throw error;
  });
  assert(handled !== null, 'the store did not call the work');
  return handled;
}

/** A batch while it is handled. */
class Work {
  readonly #fn: StoreFunction;
  readonly #batch: Batch;
  readonly #now: string;
  /** How far a lane was read by another instance, or by this one; null where there is one instance. */
  readonly #positionOf: (lane: Lane) => Position | null;
  readonly #rows: RowOverlay;
  readonly #inbox: BatchInbox;
  readonly #marks: LaneMarks;
  readonly #retryQueue: RetryQueue;
  readonly #outbox: OutboxRow[] = [];
  readonly #read = new ReadPositions();
  readonly #lanesToPause = new Set<string>();

  constructor(
    fn: StoreFunction,
    batch: Batch,
    loaded: Loaded,
    needs: readonly Need[],
    { severalInstances }: Pick<StoreFeatures, 'severalInstances'>,
  ) {
    const { nowMs, stampMs = nowMs, policy, limits } = batch;
    this.#positionOf = severalInstances ? (lane) => loaded.position(lane) : () => null;
    this.#fn = fn;
    this.#batch = batch;
    this.#now = new Date(nowMs).toISOString();
    this.#rows = new RowOverlay(loaded, needs);
    this.#inbox = new BatchInbox(loaded, stampMs);
    this.#marks = new LaneMarks(this.#rows, stampMs);
    this.#retryQueue = new RetryQueue(fn.name, this.#rows, policy, limits, nowMs);
  }

  run(): Handled {
    const outcomes: Outcome[] = [];
    for (const item of this.#batch.incoming) {
      const outcome = this.#handle(item);
      if (outcome !== null) outcomes.push(outcome);
    }
    return {
      writes: [...this.#rows.writes(), ...this.#inbox.renewed],
      inbox: this.#inbox.added,
      outbox: this.#outbox,
      positions: this.#read.list(),
      outcomes,
      lanesToPause: [...this.#lanesToPause],
      parkedDelta: this.#retryQueue.delta,
      hasFreed: this.#retryQueue.hasFreed,
    };
  }

  #handle(item: Incoming): Outcome | null {
    switch (item.from) {
      case 'command':
        return (item.deduplicate ? this.#seen(item.message) : null) ?? this.#decide(item, item.message);
      case 'timer':
        return this.#handleTimer(item);
      case 'parked':
        return this.#handleRetry(item);
      case 'log':
        return this.#handleRecord(item);
    }
  }

  #handleTimer(item: IncomingTimer): Outcome | null {
    const { timer, row, message } = item;
    const { table, column } = timer;
    const key = timerKey(item);
    const present = this.#rows.one(table, ...key) as Record<string, unknown> | undefined;
    if (present === undefined || present[column] !== (row as Record<string, unknown>)[column]) return null;
    this.#rows.put([{ table, row: { ...present, [column]: null } }]);
    return this.#parkOrDeadLetter(this.#decide(item, message), {
      record: recordOf('timer', message),
      key: message.partitionkey,
    });
  }

  /** A record that cannot be parked for want of room pauses its lane for the rest of the batch. */
  #handleRecord(item: IncomingRecord): Outcome | null {
    const { parsed } = item;
    const receipt = receiptOf(item.record, this.#fn.catalog, this.#now);
    const record = withReceipt(item.record, receipt);
    const dealtWith = this.#positionOf(record);
    if (dealtWith !== null && dealtWith.epoch === record.epoch && record.position <= dealtWith.position) {
      this.#read.add(dealtWith);
      return null;
    }
    if (this.#lanesToPause.size > 0 && this.#lanesToPause.has(laneName(record))) return null;
    if (this.#batch.isBelowWatermark?.(record) === true) {
      return this.#acknowledge(
        record,
        parsed.kind === 'message' ? { kind: 'duplicate', message: parsed.message } : null,
      );
    }
    const key = keyOf(item);
    const waits = key !== null && this.#retryQueue.isWaiting(key);
    if (parsed.kind === 'rejected') {
      if (key === null) this.#retryQueue.deadLetter(record, parsed);
      else if (this.#retryQueue.hasDeadLetter(record)) return this.#acknowledge(record, null);
      else if (!waits) this.#retryQueue.deadLetterAndBlock(record, key, parsed);
      else if (this.#isFull(record, key)) return null;
      else this.#retryQueue.queue(record, key);
      return this.#acknowledge(record, null);
    }
    if (parsed.kind === 'skipped' || key === null) return this.#acknowledge(record, null);
    const message = receivedWhen(parsed.message, receipt);
    const seen = this.#seen(message);
    if (seen !== null && this.#marks.isFirst(record)) this.#inbox.renew(this.#fn.name, message);
    const isLate = seen === null && this.#marks.isLate(record);
    if (seen === null && waits && !isLate) {
      if (this.#isFull(record, key)) return null;
      this.#retryQueue.queue(record, key);
      return this.#acknowledge(record, { kind: 'parked', message });
    }
    const outcome = seen ?? (isLate ? { kind: 'late' as const, message } : this.#decide(item, message));
    if (outcome.kind === 'failed' && this.#isFull(record, key)) return null;
    return this.#acknowledge(record, this.#parkOrDeadLetter(outcome, { record, key }));
  }

  #handleRetry(item: IncomingRetry): Outcome | null {
    if (!this.#retryQueue.isHead(item)) return null;
    const { row, parsed } = item;
    if (parsed.kind === 'rejected') {
      this.#retryQueue.deadLetterHead(item, parsed);
      return null;
    }
    if (parsed.kind === 'skipped') {
      this.#retryQueue.advance(item);
      return null;
    }
    const message = receivedWhen(parsed.message, receiptOf(row, this.#fn.catalog, this.#now));
    const outcome = this.#seen(message) ?? this.#decide(item, message);
    if (outcome.kind === 'failed') {
      const { error } = outcome;
      const kind = this.#retryQueue.failedAgain(item, { record: row, key: row.key, id: message.id, error });
      return { kind, message, error };
    }
    if (isDeadLettered(outcome)) {
      this.#retryQueue.deadLetterHead(item, reasonOf(outcome));
    } else this.#retryQueue.advance(item);
    return outcome;
  }

  /** For a message whose sender does not wait for the outcome: it is stored where it cannot be handled. */
  #parkOrDeadLetter(outcome: Outcome, { record, key }: Pick<Failure, 'record' | 'key'>): Outcome {
    if (outcome.kind === 'failed') {
      const { message, error } = outcome;
      return { kind: this.#retryQueue.park({ record, key, id: message.id, error }), message, error };
    }
    if (isDeadLettered(outcome)) this.#retryQueue.deadLetter(record, reasonOf(outcome));
    return outcome;
  }

  #isFull(record: IncomingRecord['record'], key: string): boolean {
    if (this.#retryQueue.hasRoom(key)) return false;
    this.#lanesToPause.add(laneName(record));
    return true;
  }

  #acknowledge(record: IncomingRecord['record'], outcome: Outcome | null): Outcome | null {
    // What a late copy says is not read before it comes itself.
    if (outcome?.kind !== 'late') this.#marks.note(record);
    this.#read.add(record);
    return outcome;
  }

  #seen(message: Message): Outcome | null {
    const kind = this.#inbox.duplicateOf(message);
    return kind === null ? null : { kind, message };
  }

  #decide(item: Incoming, message: Message): Outcome {
    const fn = this.#fn;
    const failure = this.#batch.failures?.get(item);
    if (failure !== undefined) return { kind: 'failed', message, error: failure };
    try {
      const before = fn.load(this.#rows, message);
      const unmet = item.from === 'command' ? (item.precondition?.(before) ?? null) : null;
      if (unmet !== null) return { kind: 'refused', message, ...unmet };
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
