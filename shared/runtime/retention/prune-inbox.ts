import { DAY_MS, dayOf } from '../../core/days.ts';
import { idsBefore } from '../../core/message.ts';
import type { MessageLog } from '../../ports/message-log.ts';
import { type Loaded, laneName, type Store, type StoredWrite, type Table } from '../../ports/store.ts';
import {
  type InboxReadRow,
  inbox,
  inboxWatermarks,
  readPositions,
  type StoredPosition,
} from '../../ports/tables/inbox.ts';
import { parked } from '../../ports/tables/retry.ts';
import type { Watermarks } from '../worker/watermarks.ts';
import { NOTHING, type Pruned, type Pruner, ROWS_MAX, removal } from './prune-rows.ts';

/** A topic that only one function writes, and the source of its messages. */
export interface OwnedTopic {
  readonly topic: string;
  readonly source: string;
}

export interface InboxOptions {
  readonly store: Store;
  readonly log: MessageLog;
  readonly watermarks: Watermarks;
  /** The function whose inbox it is. */
  readonly name: string;
  readonly consumes: readonly string[];
  /** Those of the topics it consumes that only one function writes. */
  readonly owned: readonly OwnedTopic[];
}

/**
 * Replaces inbox rows by a watermark.
 *
 * Deduplication stays complete. A message of such a source can come from one topic only. Its inbox row was written in
 * the commit that moved the position past it, or later, after it was parked. So the record of each row lies at or below
 * the reader's position, or at or below a position that was reset or belongs to an earlier epoch of the writer;
 * `position_left` notes those. The same commit raises the watermark to all of them and removes the rows. When the
 * record comes again from the topic, the watermark marks it as handled. Parked messages and dead letters do not use the
 * watermark: each is stored once, and the commit that handles it removes it. A copy may be parked behind it and needs
 * its inbox row, so no row is removed while anything is parked.
 *
 * The watermark misses one case: a writer restored from a copy publishes a message again, with the same id at a new
 * position. The rows are stored for some days for this case, so a copy that is restored has to be younger than that.
 */
async function replaceByWatermark(
  { store, watermarks, owned }: InboxOptions,
  rows: readonly object[],
): Promise<Pruned['removed']> {
  if (rows.length === 0) return {};
  const needs = owned.flatMap(({ topic }) =>
    [readPositions, inboxWatermarks].map((table) => ({ table: table as Table, values: [topic] })),
  );
  await store.transact({ needs }, (loaded) => {
    const raised = owned.flatMap(({ topic }) => raise(loaded, watermarks, topic));
    return { ...NOTHING, writes: [...raised, ...rows.map((row) => removal(inbox as Table, row))] };
  });
  return { [inbox.name]: rows.length };
}

export async function hasParked(store: Store): Promise<boolean> {
  return (await store.find({ table: parked, limit: 1 })).length > 0;
}

function raise(loaded: Loaded, watermarks: Watermarks, topic: string): readonly StoredWrite[] {
  const table = inboxWatermarks as Table;
  const known = loaded.rows({ table, values: [topic] }) as readonly StoredPosition[];
  const positions = loaded.rows({ table: readPositions as Table, values: [topic] }) as readonly StoredPosition[];
  // Also those that the store has noted itself: their rows may be removed from now on. Done again, or for nothing, it is true.
  for (const watermark of [...known, ...positions]) watermarks.raise(watermark);
  return positions.flatMap((row) => {
    const stored = known.find(({ partition, epoch }) => partition === row.partition && epoch === row.epoch) ?? null;
    return stored !== null && stored.position >= row.position ? [] : [{ table, row, stored }];
  });
}

/**
 * Replaces the inbox rows of one owned topic by a watermark. Derived ids begin with the time of their cause, so the old
 * ones form one range. Young rows in this range stay: their cause claims to be old, or was parked for long.
 */
export class OwnedInboxPruner implements Pruner {
  readonly name = 'inbox';
  readonly isDaily = false;
  readonly #options: InboxOptions;
  readonly #source: string;
  readonly #days: number;
  #after: readonly string[] = [];

  constructor(options: InboxOptions, { source }: OwnedTopic, days: number) {
    this.#options = options;
    this.#source = source;
    this.#days = days;
  }

  async prune(nowMs: number): Promise<Pruned> {
    if (await hasParked(this.#options.store)) return { removed: {}, more: false };
    const cutoffMs = nowMs - this.#days * DAY_MS;
    const rows = await this.#options.store.find({
      table: inbox,
      where: { consumer: this.#options.name, source: this.#source },
      atMost: { id: idsBefore(cutoffMs) },
      ...behind(this.#after),
      limit: ROWS_MAX,
    });
    const old = rows.filter(({ seenDay }) => seenDay <= dayOf(cutoffMs));
    this.#after = next(rows);
    return { removed: await replaceByWatermark(this.#options, old), more: this.#after.length > 0 };
  }
}

export function behind(after: readonly string[]): { readonly after?: readonly string[] } {
  return after.length === 0 ? {} : { after };
}

/** Where the next batch begins; empty when these rows were the last. */
export function next(rows: readonly InboxReadRow[]): readonly string[] {
  const last = rows.at(-1);
  return last === undefined || rows.length < ROWS_MAX ? [] : [last.consumer, last.source, last.id];
}

/**
 * Prunes the inbox rows of messages seen too long ago to come back: idempotency keys of clients, and messages of public
 * topics. It waits until the function has read everything that lay in its topics at the start, so that messages that
 * come again after a long downtime are still recognized.
 */
export class ExpiredInboxPruner implements Pruner {
  readonly name = 'inbox';
  readonly isDaily = true;
  readonly #options: InboxOptions;
  readonly #days: number;
  #after: readonly string[] = [];
  /** The ends of the lanes at the first check; null until then. */
  #ends: ReadonlyMap<string, number> | null = null;

  constructor(options: InboxOptions, days: number) {
    this.#options = options;
    this.#days = days;
  }

  async prune(nowMs: number): Promise<Pruned> {
    const mustWait = (await hasParked(this.#options.store)) || !(await this.#hasCaughtUp());
    if (mustWait) return { removed: {}, more: false, later: true };
    const rows = await this.#options.store.find({ table: inbox, ...behind(this.#after), limit: ROWS_MAX });
    const oldest = dayOf(nowMs) - this.#days;
    const old = rows.filter(({ seenDay }) => seenDay < oldest);
    this.#after = next(rows);
    return { removed: await replaceByWatermark(this.#options, old), more: this.#after.length > 0 };
  }

  async #hasCaughtUp(): Promise<boolean> {
    if (this.#ends?.size === 0) return true;
    const { log, name, consumes } = this.#options;
    const own = await Promise.all(
      consumes.map(async (topic) => {
        const lanes = (await log.progress(topic)).filter(({ group }) => group === name);
        return lanes.map(({ partition, position, end }) => ({ lane: laneName({ topic, partition }), position, end }));
      }),
    );
    const lanes = own.flat();
    const ends = this.#ends ?? new Map(lanes.map(({ lane, end }) => [lane, end]));
    // A topic that was made anew ends earlier.
    const unread = lanes.filter(({ lane, position, end }) => position < Math.min(ends.get(lane) ?? 0, end));
    this.#ends = new Map(unread.map(({ lane }) => [lane, ends.get(lane) ?? 0]));
    return unread.length === 0;
  }
}
