import { DAY_MS, dayOf } from '../../core/days.ts';
import { idsBefore } from '../../core/message.ts';
import type { MessageLog } from '../../ports/message-log.ts';
import type { Loaded, Position, Store, StoredWrite, Table } from '../../ports/store.ts';
import { type InboxReadRow, inbox, inboxWatermarks, readPositions } from '../../ports/tables/inbox.ts';
import { parked } from '../../ports/tables/retry.ts';
import type { Watermarks } from '../worker/watermarks.ts';
import { NOTHING, type Pruned, type Pruner, ROWS_MAX, removal } from './prune-rows.ts';

/** A topic that one function alone writes, and the source of its messages. */
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
  /** Those of the topics it consumes that one function alone writes. */
  readonly owned: readonly OwnedTopic[];
}

/**
 * Removes inbox rows, and remembers by a position what they remembered one by one.
 *
 * Nothing is forgotten by it. A message of such a source can come from its one topic only, and its inbox row was written in
 * the commit that moved the position past it, or later, after it had been parked. So each row's record lies at or below the
 * reader's position, or where the position was before it was set back or went on in another life of the writer, which
 * `position_left` has noted. All of that is in the fold before the first row goes, in the same commit. Should the record
 * come again from the topic, the fold says that it was dealt with. What is parked or dead does not ask the fold: it waits
 * here, in one place, which the commit that handles it empties. A copy of it may wait behind it and asks for its row, so no
 * row goes while anything is parked.
 *
 * Only a writer that says something again under the same id and a new position is beyond the fold: one that was restored from
 * a copy. For it the rows are kept for some days, and a copy must not be older than that.
 */
async function forget({ store, watermarks, owned }: InboxOptions, rows: readonly object[]): Promise<Pruned['removed']> {
  if (rows.length === 0) return {};
  const needs = owned.flatMap(({ topic }) =>
    [readPositions, inboxWatermarks].map((table) => ({ table: table as Table, values: [topic] })),
  );
  await store.transact(needs, [], (loaded) => {
    const raised = owned.flatMap(({ topic }) => raise(loaded, watermarks, topic));
    return { ...NOTHING, writes: [...raised, ...rows.map((row) => removal(inbox as Table, row))] };
  });
  return { [inbox.name]: rows.length };
}

async function hasParked(store: Store): Promise<boolean> {
  return (await store.find({ table: parked, limit: 1 })).length > 0;
}

function raise(loaded: Loaded, watermarks: Watermarks, topic: string): readonly StoredWrite[] {
  const table = inboxWatermarks as Table;
  const known = loaded.rows({ table, values: [topic] }) as readonly Required<Position>[];
  const positions = loaded.rows({ table: readPositions as Table, values: [topic] }) as readonly Required<Position>[];
  // Those that the store has noted itself, too: from now on rows of theirs may be gone.
  for (const fold of [...known, ...positions]) watermarks.raise(fold);
  return positions.flatMap((row) => {
    const stored = known.find(({ partition, epoch }) => partition === row.partition && epoch === row.epoch) ?? null;
    return stored !== null && stored.position >= row.position ? [] : [{ table, row, stored }];
  });
}

/**
 * Watermarks what one function has said. Derived ids begin with the time of their cause, so the old ones are one range; in it are
 * also young rows of a cause that says that it is old, or that was parked for long, and those stay.
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
    return { removed: await forget(this.#options, old), more: this.#after.length > 0 };
  }
}

function behind(after: readonly string[]): { readonly after?: readonly string[] } {
  return after.length === 0 ? {} : { after };
}

/** Where the next piece begins; nowhere when these rows were the last. */
function next(rows: readonly InboxReadRow[]): readonly string[] {
  const last = rows.at(-1);
  return last === undefined || rows.length < ROWS_MAX ? [] : [last.consumer, last.source, last.id];
}

/**
 * Forgets what was seen too long ago to come back: keys of clients, and what came from topics that are open to all. It waits
 * until the function has read what lay in its topics when it started, so that what comes again after a long time in which
 * nothing ran is still known.
 */
export class ExpiredInboxPruner implements Pruner {
  readonly name = 'inbox';
  readonly isDaily = true;
  readonly #options: InboxOptions;
  readonly #days: number;
  #after: readonly string[] = [];
  /** Where the topics ended when it first looked; null until then. */
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
    return { removed: await forget(this.#options, old), more: this.#after.length > 0 };
  }

  async #hasCaughtUp(): Promise<boolean> {
    if (this.#ends?.size === 0) return true;
    const { log, name, consumes } = this.#options;
    const own = await Promise.all(
      consumes.map(async (topic) => {
        const found = (await log.progress(topic)).find(({ group }) => group === name);
        return { topic, position: found?.position ?? 0, end: found?.end ?? 0 };
      }),
    );
    const ends = this.#ends ?? new Map(own.map(({ topic, end }) => [topic, end]));
    const open = own.filter(({ topic, position }) => position < (ends.get(topic) ?? 0));
    this.#ends = new Map(open.map(({ topic }) => [topic, ends.get(topic) ?? 0]));
    return open.length === 0;
  }
}
