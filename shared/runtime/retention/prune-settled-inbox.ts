import { DAY_MS, dayOf } from '../../core/days.ts';
import { idsBefore } from '../../core/message.ts';
import { watermarksBefore } from '../../core/read-marks.ts';
import type { Store, StoredWrite, Table } from '../../ports/store.ts';
import { inbox, inboxWatermarks, type ReadMarkRow, readMarks, type StoredPosition } from '../../ports/tables/inbox.ts';
import { outboxWatermark, type Watermarks } from '../worker/watermarks.ts';
import { behind, hasParked, next, type OwnedTopic } from './prune-inbox.ts';
import { NOTHING, type Pruned, type Pruner, ROWS_MAX, removal } from './prune-rows.ts';

export interface SettledInboxOptions {
  readonly store: Store;
  readonly watermarks: Watermarks;
  /** The function whose inbox it is. */
  readonly name: string;
  /** For how many days its rows are kept. */
  readonly days: number;
}

/**
 * Replaces the inbox rows of one owned topic by watermarks, where a relay sends the topic.
 *
 * A repeat lies at another place in the log, and can come for as long as the writer has the message: a topic that was made anew
 * gets all of it again. But each copy says where its message lies in the writer's outbox. What was read of a lane on a day is in
 * its marks of that day, which are committed with the rows; so the marks before a day vouch for every row before that day. A row
 * goes only after those marks have become watermarks.
 *
 * Newer marks vouch for nothing yet: where a log has lost its end and the relay sends that again, the inbox says what is new.
 */
export class SettledInboxPruner implements Pruner {
  readonly name = 'inbox';
  readonly isDaily = false;
  readonly #options: SettledInboxOptions;
  readonly #owned: OwnedTopic;
  #after: readonly string[] = [];

  constructor(options: SettledInboxOptions, owned: OwnedTopic) {
    this.#options = options;
    this.#owned = owned;
  }

  async prune(nowMs: number): Promise<Pruned> {
    const { store, name, days } = this.#options;
    // A copy may be parked behind a message, and needs its row.
    if (await hasParked(store)) return { removed: {}, more: false };
    const cutoffMs = nowMs - days * DAY_MS;
    const day = dayOf(cutoffMs);
    await this.#vouch(day);
    const rows = await store.find({
      table: inbox,
      where: { consumer: name, source: this.#owned.source },
      atMost: { id: idsBefore(cutoffMs) },
      ...behind(this.#after),
      limit: ROWS_MAX,
    });
    this.#after = next(rows);
    const old = rows.filter(({ seenDay }) => seenDay < day);
    const more = this.#after.length > 0;
    if (old.length === 0) return { removed: {}, more };
    await store.transact({}, () => ({ ...NOTHING, writes: old.map((row) => removal(inbox as Table, row)) }));
    return { removed: { [inbox.name]: old.length }, more };
  }

  /** All marks before this day become watermarks. */
  async #vouch(day: number): Promise<void> {
    const { store } = this.#options;
    const { topic } = this.#owned;
    for (;;) {
      const atMost = { day: day - 1 };
      const marks: readonly ReadMarkRow[] = await store.find({
        table: readMarks,
        where: { topic },
        atMost,
        limit: ROWS_MAX,
      });
      if (marks.length > 0) await this.#fold(marks, day);
      if (marks.length < ROWS_MAX) return;
    }
  }

  async #fold(marks: readonly ReadMarkRow[], day: number): Promise<void> {
    const { store, watermarks } = this.#options;
    const table = inboxWatermarks as Table;
    const lanes = [...new Set(marks.map(({ partition }) => partition))];
    const raised = lanes.flatMap((partition) => {
      const own = marks.filter((mark) => mark.partition === partition);
      return watermarksBefore(own, day).map((found) => outboxWatermark({ topic: this.#owned.topic, partition }, found));
    });
    const need = { table, values: [this.#owned.topic] };
    await store.transact({ needs: [need] }, (loaded) => {
      const known = loaded.rows(need) as readonly StoredPosition[];
      const writes = raised.flatMap((row): readonly StoredWrite[] => {
        const stored = known.find(({ partition, epoch }) => partition === row.partition && epoch === row.epoch) ?? null;
        return stored !== null && stored.position >= row.position ? [] : [{ table, row, stored }];
      });
      return { ...NOTHING, writes: [...writes, ...marks.map((mark) => removal(readMarks as Table, mark))] };
    });
    for (const row of raised) watermarks.raise(row);
  }
}
