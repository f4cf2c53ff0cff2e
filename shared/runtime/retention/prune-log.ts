import { countOver, type LogCutoff } from '../../core/retention.ts';
import type { MessageLog } from '../../ports/message-log.ts';
import type { Relayed } from '../../ports/relayed.ts';
import type { Store, Table } from '../../ports/store.ts';
import { type OutboxReadRow, outbox, type TopicEpochRow, topicEpochs } from '../../ports/tables/outbox.ts';
import type { BelievedTime } from '../worker/believed-time.ts';
import { NOTHING, type Pruned, type Pruner, ROWS_MAX, removal } from './prune-rows.ts';
import { TopicMarks } from './topic-marks.ts';

interface LogData {
  readonly store: Store;
  readonly log: MessageLog;
  /** What was sent of the outbox; null where the outbox is the log. */
  readonly relayed?: Relayed | null;
  readonly believed: BelievedTime;
}

/**
 * Prunes the rows of an outbox: those that are old and of no more use to the log, but never the newest. Where the outbox is the
 * log, every group has read them; where a relay sends them, they are sent.
 */
export class OutboxPruner implements Pruner {
  readonly name = 'outbox';
  readonly isDaily = false;
  readonly #store: Store;
  readonly #log: MessageLog;
  readonly #relayed: Relayed | null;
  readonly #topic: string;
  readonly #believed: BelievedTime;
  readonly #marks: TopicMarks;
  /** Found at the start of a pass: the position up to which no log needs the rows, and what is over. */
  #pass: { readonly free: number; readonly cutoff: LogCutoff } | null = null;

  constructor({ store, log, relayed = null, believed }: LogData, topic: string, days: number) {
    this.#relayed = relayed;
    this.#store = store;
    this.#log = log;
    this.#topic = topic;
    this.#believed = believed;
    this.#marks = new TopicMarks(store, believed, topic, days);
  }

  async prune(nowMs: number): Promise<Pruned> {
    this.#pass ??= { cutoff: await this.#marks.cutoff(await this.#end(), nowMs), free: await this.#freeUpTo() };
    const { free, cutoff } = this.#pass;
    const rows = await this.#oldest(free);
    const dated = rows.map(({ position = 0, attributes: { time } }) => ({
      position,
      time: this.#believed.notBefore(time),
    }));
    const expired = rows.slice(0, countOver(dated, cutoff));
    const epochs = await this.#epochsBefore(expired.at(-1)?.position);
    const removals = [...expired.map((row) => removal(outbox as Table, row)), ...epochs];
    if (expired.length > 0) await this.#store.transact({}, () => ({ ...NOTHING, writes: removals }));
    await this.#relayed?.forget(expired.at(-1)?.position ?? 0);
    const more = expired.length === ROWS_MAX;
    if (!more) this.#pass = null;
    return { removed: expired.length === 0 ? {} : { [outbox.name]: expired.length }, more };
  }

  async #freeUpTo(): Promise<number> {
    if (this.#relayed !== null) return this.#relayed.sentUpTo();
    const progress = await this.#log.progress(this.#topic);
    return Math.min(Number.MAX_SAFE_INTEGER, ...progress.map(({ position }) => position));
  }

  /** The oldest rows up to this position; never the newest row, which marks the end of the log. */
  async #oldest(upTo: number): Promise<readonly OutboxReadRow[]> {
    const position = Math.min(upTo, (await this.#end()) - 1);
    return this.#store.find({ table: outbox, atMost: { position }, orderBy: ['position'], limit: ROWS_MAX });
  }

  async #end(): Promise<number> {
    const [newest] = await this.#store.find({ table: outbox, orderBy: ['position'], descending: true, limit: 1 });
    return newest?.position ?? 0;
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
  readonly #marks: TopicMarks;
  /** Found at the start of a pass: what is over. */
  #cutoff: LogCutoff | null = null;

  constructor(store: Store, log: MessageLog, believed: BelievedTime, topic: string, days: number) {
    this.name = topic;
    this.#log = log;
    this.#marks = new TopicMarks(store, believed, topic, days);
  }

  async prune(nowMs: number): Promise<Pruned> {
    this.#cutoff ??= await this.#marks.cutoff(await this.#end(), nowMs);
    const removed = await this.#log.prune(this.name, { ...this.#cutoff, limit: ROWS_MAX });
    const more = removed === ROWS_MAX;
    if (!more) this.#cutoff = null;
    return { removed: removed === 0 ? {} : { [this.name]: removed }, more };
  }

  async #end(): Promise<number> {
    return Math.max(0, ...(await this.#log.progress(this.name)).map(({ end }) => end));
  }
}
