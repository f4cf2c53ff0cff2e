import { Counter, Gauge, type Registry } from 'prom-client';
import type { MessageLog, Progress } from '../../ports/message-log.ts';
import type { Store } from '../../ports/store.ts';
import { inbox } from '../../ports/tables/inbox.ts';
import { outbox } from '../../ports/tables/outbox.ts';
import type { BelievedTime } from '../worker/believed-time.ts';

/** Counting a large inbox takes some milliseconds, so it is not counted for every scrape. */
const COUNT_EVERY_MS = 600_000;

export interface RetentionMetricsOptions {
  readonly registry: Registry;
  readonly store: Pick<Store, 'find' | 'count'>;
  readonly log: Pick<MessageLog, 'progress'>;
  readonly nowMs: () => number;
  /** Topics whose readers are shown here: each topic at one function only. */
  readonly topics: readonly string[];
}

/** Adds the metrics of reader progress and of stored rows. Returns a function that counts pruned rows. */
export function addRetentionMetrics(options: RetentionMetricsOptions): (table: string, rows: number) => void {
  const registers = [options.registry];
  addReaderMetrics(options);
  addOutboxMetrics(options);
  let counted = { atMs: Number.NEGATIVE_INFINITY, rows: 0 };
  new Gauge({
    name: 'saga_inbox_rows',
    help: 'Messages with an inbox row of their own; counted every ten minutes at most',
    registers,
    async collect() {
      const nowMs = options.nowMs();
      if (Math.abs(nowMs - counted.atMs) >= COUNT_EVERY_MS)
        counted = { atMs: nowMs, rows: await options.store.count(inbox) };
      this.set(counted.rows);
    },
  });
  const removed = new Counter({
    name: 'saga_retention_removed_rows_total',
    help: 'Rows pruned because their retention time is over',
    labelNames: ['table'],
    registers,
  });
  return (table, rows) => removed.inc({ table }, rows);
}

/** Adds the metric that shows whether retention waits for the clock. */
export function addClockMetric(registry: Registry, believed: Pick<BelievedTime, 'aheadMs'>): void {
  new Gauge({
    name: 'saga_retention_waits_seconds',
    help:
      'By how much the clock is ahead of the time that retention has seen to pass and prunes by; below 0 where the clock is ' +
      'behind; less than a minute in ordinary operation',
    registers: [registry],
    collect() {
      this.set(believed.aheadMs / 1000);
    },
  });
}

function addReaderMetrics({ registry, log, nowMs, topics }: RetentionMetricsOptions): void {
  const add = (name: string, help: string, figureOf: (lanes: readonly Progress[]) => number) =>
    new Gauge({
      name,
      help,
      labelNames: ['topic', 'group'],
      registers: [registry],
      async collect() {
        for (const topic of topics) {
          // Without the log the other figures are as needed as ever.
          const lanes = await log.progress(topic).catch(() => null);
          if (lanes === null) {
            this.reset();
            continue;
          }
          for (const group of new Set(lanes.map((lane) => lane.group))) {
            this.set({ topic, group }, figureOf(lanes.filter((lane) => lane.group === group)));
          }
        }
      },
    });
  add('saga_lag_records', 'Records that a group has yet to read, also while its process is down', (lanes) =>
    lanes.reduce((sum, { lag }) => sum + lag, 0),
  );
  add(
    'saga_oldest_unread_seconds',
    'Age of the oldest record that a group has yet to read, also while its process is down; 0 when there is none',
    (lanes) => Math.max(...lanes.map(({ oldestUnreadAt }) => secondsSince(oldestUnreadAt, nowMs()))),
  );
}

/** Positions have no gaps, so the first and the last give the number of rows. */
function addOutboxMetrics({ registry, store, nowMs }: RetentionMetricsOptions): void {
  const ends = async (descending: boolean) =>
    (await store.find({ table: outbox, orderBy: ['position'], descending, limit: 1 }))[0];
  new Gauge({
    name: 'saga_outbox_rows',
    help: 'Published messages that are still stored',
    registers: [registry],
    async collect() {
      const [first, last] = [await ends(false), await ends(true)];
      this.set(first === undefined ? 0 : (last?.position ?? 0) - (first.position ?? 0) + 1);
    },
  });
  new Gauge({
    name: 'saga_outbox_oldest_seconds',
    help: 'Age of the oldest published message that is still stored; 0 when there is none',
    registers: [registry],
    async collect() {
      this.set(secondsSince((await ends(false))?.attributes.time ?? null, nowMs()));
    },
  });
}

function secondsSince(time: string | null, nowMs: number): number {
  return time === null ? 0 : Math.max(0, (nowMs - Date.parse(time)) / 1000);
}
