import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EmbeddedLog } from '../adapters/embedded/log/embedded-log.ts';
import { SqliteStore } from '../adapters/embedded/store/sqlite-store.ts';
import { DAY_MS } from '../core/days.ts';
import type { OutsideMessage } from '../core/message.ts';
import { type DeadLetterRow, deadLetters, parked, parkedKeys, resolutions } from '../ports/tables/retry.ts';
import type { DeadLetterScope } from '../runtime/dead-letters/dead-letter.ts';
import type { StoreFunction } from '../runtime/function.ts';
import { FunctionWorker } from '../runtime/worker/function-worker.ts';
import { type Role, soleRole } from '../runtime/worker/held-lease.ts';
import { FunctionMetrics } from '../runtime/worker/worker-metrics.ts';
import { decidedIn, testPolicy } from './batches.ts';
import { passing } from './clock.ts';
import { logLines } from './log-lines.ts';
import { probe, tallies } from './probe.ts';

const START_MS = Date.parse('2026-03-01T10:00:00.000Z');
/** Longer than any delay between two attempts here. */
const LATER_MS = 1_000;
export const TOPIC = 'probe-commands';

/** A function, by default the probe, with a clock that the test sets and messages that fail on demand. */
export class DeadLetterBench {
  nowMs = START_MS;
  /** The part of `nowMs` by which the clock has leapt, and no time has passed. */
  leaptMs = 0;
  /** The errors that its rules throw, by message id. */
  readonly failures = new Map<string, Error>();
  /** The ids of the messages that its rules decided on in commits, in their order. */
  readonly asked: string[] = [];
  readonly store: SqliteStore;
  readonly log: EmbeddedLog;
  readonly logged = logLines();
  readonly stopping = new AbortController();
  worker: FunctionWorker;
  /** The metrics of this run. */
  metrics!: FunctionMetrics;
  /** What it answers to, and what may stand in its topic, from its next life on. */
  reader: Partial<Pick<StoreFunction, 'inputs' | 'catalog'>> = {};
  /** From its next life on; null: it is alone. */
  keeper: Role | null = null;
  readonly #base: StoreFunction;
  readonly #topic: string;
  readonly #folder: string;

  private constructor(base: StoreFunction) {
    const { name, tables, migrations, publishes, consumes } = base;
    this.#base = base;
    this.#topic = consumes[0] ?? '';
    this.#folder = mkdtempSync(join(tmpdir(), 'saga-dead-letters-'));
    const file = join(this.#folder, `${name}.db`);
    this.store = SqliteStore.open({ name, file, tables, migrations: migrations.sqlite });
    const read = { file: join(this.#folder, 'topics', `${this.#topic}.db`), writtenHere: false, isPublic: true };
    const written = publishes === null ? {} : { [publishes]: { file, writtenHere: true, isPublic: false } };
    const clock = passing(() => this.nowMs);
    this.log = new EmbeddedLog({ topics: { ...written, [this.#topic]: read }, pollMs: 2, clock });
    this.worker = this.#newWorker();
  }

  static async open(base: StoreFunction = probe as unknown as StoreFunction): Promise<DeadLetterBench> {
    const bench = new DeadLetterBench(base);
    await bench.worker.open();
    return bench;
  }

  async close(): Promise<void> {
    this.stopping.abort();
    await this.worker.stop();
    await this.log.close();
    await this.store.close();
    rmSync(this.#folder, { recursive: true });
  }

  /** Replaces the worker with a new one on the same data, and opens it. */
  async restart(): Promise<void> {
    await this.worker.stop();
    this.worker = this.#newWorker();
    await this.worker.open();
  }

  scope(limits: Partial<DeadLetterScope['limits']> = {}): DeadLetterScope {
    const all = {
      replaysMax: 3,
      perSecond: 1_000,
      windowMs: 90 * DAY_MS,
      windowSetting: 'INBOX_RETENTION_DAYS' as const,
      ...limits,
    };
    return { fn: this.#fn(), context: this.worker, limits: all, stopping: this.stopping.signal };
  }

  /** Appends these to the topic it reads, and advances the clock until no more attempts are made. */
  async exhaust(...messages: readonly OutsideMessage[]): Promise<void> {
    await this.log.append(this.#topic, messages);
    for (let attempt = 0; attempt <= testPolicy.attempts; attempt++) {
      await this.settle();
      this.nowMs += LATER_MS;
    }
  }

  /** Steps until no work is left. */
  async settle(): Promise<void> {
    while (await this.worker.step());
  }

  /** Sets the clock by so many days, also back. */
  leap(days: number): void {
    this.nowMs += days * DAY_MS;
    this.leaptMs += days * DAY_MS;
  }

  async deadLetters(): Promise<readonly DeadLetterRow[]> {
    return this.store.find({ table: deadLetters, orderBy: ['sequence'], limit: 2_000 });
  }

  /** The id of the only dead letter. */
  async letter(): Promise<string> {
    const all = await this.deadLetters();
    const [row] = all;
    if (row === undefined || all.length > 1) throw new Error(`expected one dead letter, and there are ${all.length}`);
    return row.letter;
  }

  async statuses(): Promise<readonly string[]> {
    return (await this.deadLetters()).map(({ status }) => status);
  }

  async units(): Promise<Record<string, number>> {
    const rows = await this.store.find({ table: tallies, limit: 2_000 });
    return Object.fromEntries(rows.map(({ name, units }) => [name, units]));
  }

  /** How many messages and keys are parked. */
  async waiting(): Promise<readonly [messages: number, keys: number]> {
    return [await this.store.count(parked), await this.store.count(parkedKeys)];
  }

  audit() {
    return this.store.find({ table: resolutions, orderBy: ['sequence'], limit: 2_000 });
  }

  #newWorker(): FunctionWorker {
    const { store, log, logged } = this;
    const limits = { policy: testPolicy, parkedMax: 20_000, parkedPerKeyMax: 10 };
    const metrics = new FunctionMetrics(this.#base.name, store, () => this.worker.waiting());
    this.metrics = metrics;
    const clock = { nowMs: () => this.nowMs, upMs: () => this.nowMs - this.leaptMs };
    const keeper = this.keeper ?? soleRole;
    const options = { fn: this.#fn(), store, log, clock, logger: logged.logger, metrics, keeper, ...limits };
    const worker = new FunctionWorker(options);
    worker.onCommit((outcomes) => this.asked.push(...decidedIn(outcomes)));
    return worker;
  }

  #fn(): StoreFunction {
    const { rules, ...rest } = this.#base;
    const decide: typeof rules.decide = (state, message) => {
      const error = this.failures.get(message.id);
      if (error !== undefined) throw error;
      return rules.decide(state, message);
    };
    return { ...rest, ...this.reader, rules: { ...rules, decide } };
  }
}
