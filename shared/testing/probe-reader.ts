import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedLog } from '../adapters/embedded/log/embedded-log.ts';
import { SqliteStore } from '../adapters/embedded/store/sqlite-store.ts';
import { DAY_MS } from '../core/days.ts';
import { deriveId, type Message } from '../core/message.ts';
import type { RetentionDays } from '../core/retention.ts';
import type { StoreFunction } from '../runtime/function.ts';
import type { Outcome } from '../runtime/handle/outcome.ts';
import { Retention } from '../runtime/retention/retention.ts';
import { FunctionWorker } from '../runtime/worker/function-worker.ts';
import { type Role, soleRole } from '../runtime/worker/held-lease.ts';
import { FunctionMetrics } from '../runtime/worker/worker-metrics.ts';
import { testPolicy } from './batches.ts';
import { logLines } from './log-lines.ts';
import { count, probe, tallies } from './probe.ts';
import { commitOf } from './shelf.ts';

/** The topic that another function writes, and the public topic. */
export const OWNED = 'probe-facts';
export const FREE = 'probe-commands';

export const testDays: RetentionDays = { log: 30, inbox: 90, watermark: 7, deadLetters: 30 };

/** The probe with its retention. It reads a topic of another function and a public topic. The test sets the clock. */
export class ProbeReader {
  nowMs = Date.parse('2026-03-01T10:00:00.000Z');
  /** The part of `nowMs` by which the clock has leapt, and no time has passed. */
  leaptMs = 0;
  /** Removed rows, by table. */
  readonly removed: Record<string, number> = {};
  readonly outcomes: Outcome[] = [];
  readonly folder = mkdtempSync(join(tmpdir(), 'saga-reader-'));
  readonly writerFile = join(this.folder, 'writer.db');
  readonly file = join(this.folder, 'probe.db');
  readonly logged = logLines();
  readonly #changes: Partial<StoreFunction>;
  /** Whether the writer broadcasts its commits. */
  handsOver = false;
  /** Whether this instance keeps the function. These three are used from its next start on. */
  keeper: Role = soleRole;
  skipsPruned = false;
  limits = { parkedMax: 100, parkedPerKeyMax: 100 };
  writer: SqliteStore;
  store!: SqliteStore;
  log!: EmbeddedLog;
  worker!: FunctionWorker;
  retention!: Retention;

  private constructor(changes: Partial<StoreFunction>) {
    this.#changes = changes;
    this.writer = this.startWriter();
  }

  /** `aheadDays`: by how much the clock is wrong at the first start. */
  static async create(changes: Partial<StoreFunction> = {}, aheadDays = 0): Promise<ProbeReader> {
    const reader = new ProbeReader(changes);
    reader.leap(aheadDays);
    await reader.start();
    return reader;
  }

  startWriter(): SqliteStore {
    this.writer = SqliteStore.open({ name: 'writer', file: this.writerFile, tables: [], migrations: [] });
    return this.writer;
  }

  async start(): Promise<void> {
    const { file, writerFile, folder } = this;
    const clock = { nowMs: () => this.nowMs, upMs: () => this.nowMs - this.leaptMs };
    const { logger } = this.logged;
    const fn = { ...probe, consumes: [OWNED, FREE], ...this.#changes } as unknown as StoreFunction;
    const store = SqliteStore.open({ name: fn.name, file, tables: fn.tables, migrations: fn.migrations.sqlite });
    const log = new EmbeddedLog({
      topics: {
        [OWNED]: { file: writerFile, writtenHere: false, isPublic: false },
        [FREE]: { file: join(folder, 'topics', `${FREE}.db`), writtenHere: false, isPublic: true },
        'probe-events': { file, writtenHere: true, isPublic: false },
      },
      readers: [
        { group: fn.name, file, topics: fn.consumes },
        { group: 'follower', file: join(folder, 'follower.db'), topics: ['probe-events'] },
      ],
      pollMs: 1,
      skipsPruned: this.skipsPruned,
    });
    const metrics = new FunctionMetrics(fn.name, store, () => this.worker.waiting());
    const limits = { policy: testPolicy, ...this.limits };
    this.worker = new FunctionWorker({ fn, store, log, clock, logger, metrics, ...limits });
    this.worker.onCommit((outcomes) => this.outcomes.push(...outcomes));
    const { watermarks, believed } = this.worker;
    const writerOf = (topic: string) => (topic === OWNED ? 'writer' : null);
    const removed = (table: string, rows: number) => {
      this.removed[table] = (this.removed[table] ?? 0) + rows;
    };
    const { keeper } = this;
    const options = { fn, store, log, logger, watermarks, believed, keeper, days: testDays, writerOf, removed };
    this.retention = new Retention(options);
    Object.assign(this, { store, log });
    await this.worker.open();
  }

  async stop(): Promise<void> {
    await this.retention.end();
    await this.worker.stop();
    await this.log.close();
    await this.store.close();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  async remove(): Promise<void> {
    await this.stop();
    await this.writer.close();
    rmSync(this.folder, { recursive: true });
  }

  /** Lets so many days pass. */
  pass(days: number): void {
    this.nowMs += days * DAY_MS;
  }

  /** Sets the clock by so many days, also back: no time passes. */
  leap(days: number): void {
    this.nowMs += days * DAY_MS;
    this.leaptMs += days * DAY_MS;
  }

  /** An event of the other function, with the time of the clock. */
  fact(name: string, quantity: number): Message {
    const time = new Date(this.nowMs).toISOString();
    const message = count(name, quantity);
    return { ...message, source: '/writer', time, id: deriveId({ id: message.id, time }, 'writer 0') };
  }

  async publish(...messages: readonly Message[]): Promise<void> {
    const { outbox } = await this.writer.transact({}, () =>
      commitOf({ outbox: messages.map((message) => ({ topic: OWNED, message })) }),
    );
    this.log.announce(OWNED, this.handsOver ? outbox : []);
  }

  /** Steps until no work is left. */
  async settle(): Promise<void> {
    while (await this.worker.step());
  }

  /** Runs the retention until it has no work left. Returns the removed rows, by table. */
  async cleanUp(): Promise<Readonly<Record<string, number>>> {
    for (const table of Object.keys(this.removed)) delete this.removed[table];
    while (await this.retention.step());
    return { ...this.removed };
  }

  /** Messages and units by name. */
  async counted(): Promise<Readonly<Record<string, readonly [messages: number, units: number]>>> {
    const rows = await this.store.find({ table: tallies, limit: 999 });
    return Object.fromEntries(rows.map(({ name, messages, units }) => [name, [messages, units] as const]));
  }

  /** Sets the position of the follower, which reads what the probe publishes. */
  async follow(position: number): Promise<void> {
    const file = join(this.folder, 'follower.db');
    const topics = ['probe-events'];
    const subscription = await this.log.subscribe({
      group: 'follower',
      topics,
      positions: async () => [],
      wake: () => undefined,
    });
    const positions = (await subscription.ends()).map((end) => ({ ...end, position }));
    const follower = SqliteStore.open({ name: 'follower', file, tables: [], migrations: [] });
    await follower.transact({}, () => commitOf({ positions }));
    await follower.close();
    await subscription.close();
  }
}
