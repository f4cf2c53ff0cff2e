import { DAY_MS } from '../../core/days.ts';
import { countOver } from '../../core/retention.ts';
import type { MessageLog } from '../../ports/message-log.ts';
import type { Store, Table } from '../../ports/store.ts';
import { type OutboxReadRow, outbox, type TopicEpochRow, topicEpochs } from '../../ports/tables/outbox.ts';
import { NOTHING, type Pruned, type Pruner, ROWS_MAX, removal } from './prune-rows.ts';

/**
 * Prunes the rows of an outbox that is the log itself: those that are old and read by every group, but never the
 * newest.
 */
export class OutboxPruner implements Pruner {
  readonly name = 'outbox';
  readonly isDaily = false;
  readonly #store: Store;
  readonly #log: MessageLog;
  readonly #topic: string;
  readonly #days: number;
  /** The position up to which every group has read, found at the start of a pass: readers only move forward. */
  #read: number | null = null;

  constructor(store: Store, log: MessageLog, topic: string, days: number) {
    this.#store = store;
    this.#log = log;
    this.#topic = topic;
    this.#days = days;
  }

  async prune(nowMs: number): Promise<Pruned> {
    this.#read ??= await this.#readByAll();
    const rows = await this.#oldest(this.#read);
    const times = rows.map(({ attributes }) => attributes.time);
    const expired = rows.slice(0, countOver(times, nowMs - this.#days * DAY_MS, nowMs));
    const epochs = await this.#epochsBefore(expired.at(-1)?.position);
    const removals = [...expired.map((row) => removal(outbox as Table, row)), ...epochs];
    if (expired.length > 0) await this.#store.transact([], [], () => ({ ...NOTHING, writes: removals }));
    const more = expired.length === ROWS_MAX;
    if (!more) this.#read = null;
    return { removed: expired.length === 0 ? {} : { [outbox.name]: expired.length }, more };
  }

  async #readByAll(): Promise<number> {
    const progress = await this.#log.progress(this.#topic);
    return Math.min(Number.MAX_SAFE_INTEGER, ...progress.map(({ position }) => position));
  }

  /** The oldest rows that every group has read; never the newest row, which marks the end of the log. */
  async #oldest(read: number): Promise<readonly OutboxReadRow[]> {
    const orderBy = ['position'];
    const [newest] = await this.#store.find({ table: outbox, orderBy, descending: true, limit: 1 });
    const position = Math.min(read, (newest?.position ?? 0) - 1);
    return this.#store.find({ table: outbox, atMost: { position }, orderBy, limit: ROWS_MAX });
  }

  /** The epochs of the writer that have no row left once everything up to `position` is removed. */
  async #epochsBefore(position = 0) {
    const rows: readonly TopicEpochRow[] = await this.#store.find({ table: topicEpochs, limit: ROWS_MAX });
    const left = rows.findIndex((_, index) => (rows[index + 1]?.fromPosition ?? Number.POSITIVE_INFINITY) > position);
    return rows.slice(0, Math.max(0, left)).map((row) => removal(topicEpochs as Table, row));
  }
}

/** Prunes a public topic. No function owns it, so its readers prune it. */
export class TopicPruner implements Pruner {
  readonly name: string;
  readonly isDaily = false;
  readonly #log: MessageLog;
  readonly #days: number;

  constructor(log: MessageLog, topic: string, days: number) {
    this.name = topic;
    this.#log = log;
    this.#days = days;
  }

  async prune(nowMs: number): Promise<Pruned> {
    const limits = { cutoffMs: nowMs - this.#days * DAY_MS, nowMs, limit: ROWS_MAX };
    const removed = await this.#log.prune(this.name, limits);
    return { removed: removed === 0 ? {} : { [this.name]: removed }, more: removed === ROWS_MAX };
  }
}
