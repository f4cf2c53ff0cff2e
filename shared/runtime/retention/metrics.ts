import { Counter, Gauge, type Registry } from 'prom-client';
import type { MessageLog, Progress } from '../../ports/message-log.ts';
import type { Store } from '../../ports/store.ts';
import { inbox } from '../../ports/tables/inbox.ts';
import { outbox } from '../../ports/tables/outbox.ts';

/** Counting a large inbox takes some milliseconds, so it is not done with each look at the figures. */
const COUNT_EVERY_MS = 600_000;

export interface RetentionFigures {
  readonly registry: Registry;
  readonly store: Pick<Store, 'find' | 'count'>;
  readonly log: Pick<MessageLog, 'progress'>;
  readonly nowMs: () => number;
  /** Topics whose readers are shown here: each topic at one function. */
  readonly topics: readonly string[];
}

/** Adds the figures about how far readers are and how much is kept. Gives the way to count rows that went. */
export function addRetentionMetrics(figures: RetentionFigures): (table: string, rows: number) => void {
  const registers = [figures.registry];
  addReaderMetrics(figures);
  addOutboxMetrics(figures);
  let counted = { atMs: Number.NEGATIVE_INFINITY, rows: 0 };
  new Gauge({
    name: 'saga_inbox_rows',
    help: 'Messages that are remembered one by one; counted every ten minutes at most',
    registers,
    async collect() {
      const nowMs = figures.nowMs();
      if (Math.abs(nowMs - counted.atMs) >= COUNT_EVERY_MS)
        counted = { atMs: nowMs, rows: await figures.store.count(inbox) };
      this.set(counted.rows);
    },
  });
  const removed = new Counter({
    name: 'saga_retention_removed_rows_total',
    help: 'RowOverlay that were removed because they need not be kept any longer',
    labelNames: ['table'],
    registers,
  });
  return (table, rows) => removed.inc({ table }, rows);
}

function addReaderMetrics({ registry, log, nowMs, topics }: RetentionFigures): void {
  const add = (name: string, help: string, figure: (progress: Progress) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['topic', 'group'],
      registers: [registry],
      async collect() {
        for (const topic of topics) {
          for (const progress of await log.progress(topic)) {
            this.set({ topic, group: progress.group }, figure(progress));
          }
        }
      },
    });
  add('saga_lag_records', 'Records that a group has yet to read, also while its process is gone', ({ lag }) => lag);
  add(
    'saga_oldest_unread_seconds',
    'Age of the oldest record that a group has yet to read, also while its process is gone; 0 where there is none',
    ({ oldestUnreadAt }) => secondsSince(oldestUnreadAt, nowMs()),
  );
}

/** Positions follow one another without a gap, so that the first and the last tell how many there are. */
function addOutboxMetrics({ registry, store, nowMs }: RetentionFigures): void {
  const ends = async (descending: boolean) =>
    (await store.find({ table: outbox, orderBy: ['position'], descending, limit: 1 }))[0];
  new Gauge({
    name: 'saga_outbox_rows',
    help: 'Messages that the function has published and keeps',
    registers: [registry],
    async collect() {
      const [first, last] = [await ends(false), await ends(true)];
      this.set(first === undefined ? 0 : (last?.position ?? 0) - (first.position ?? 0) + 1);
    },
  });
  new Gauge({
    name: 'saga_outbox_oldest_seconds',
    help: 'Age of the oldest message that the function has published and keeps; 0 where there is none',
    registers: [registry],
    async collect() {
      this.set(secondsSince((await ends(false))?.attributes.time ?? null, nowMs()));
    },
  });
}

function secondsSince(time: string | null, nowMs: number): number {
  return time === null ? 0 : Math.max(0, (nowMs - Date.parse(time)) / 1000);
}
