import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type Database from 'better-sqlite3';
import { EmbeddedLog } from '../adapters/embedded/log/embedded-log.ts';
import { SqliteStore } from '../adapters/embedded/store/sqlite-store.ts';
import { TransientError } from '../core/errors.ts';
import type { Message } from '../core/message.ts';
import type { MessageLog } from '../ports/message-log.ts';
import { outbox } from '../ports/tables/outbox.ts';
import { deadLetters, parked } from '../ports/tables/retry.ts';
import type { StoreFunction } from '../runtime/function.ts';
import { FunctionWorker } from '../runtime/worker/function-worker.ts';
import { FunctionMetrics } from '../runtime/worker/worker-metrics.ts';
import { testPolicy } from './batches.ts';
import { passing } from './clock.ts';
import { logLines } from './log-lines.ts';
import { probe, tallies } from './probe.ts';

const TOPIC = 'probe-commands';
/** Records per batch, so that a few messages make several batches. */
const POLL_MAX = 3;
const START_MS = Date.parse('2026-03-01T10:00:00.000Z');
/** Longer than any delay between two attempts here. */
const LATER_MS = 1_000;

/** Enough attempts for a message that fails once in each of several runs. */
const policy = { ...testPolicy, attempts: 6 };

/** The files of a function and its topic as they were on disk at one moment. */
export type DiskImage = ReadonlyMap<string, Buffer>;

/** Which messages fail: some at their first attempt in each run, some always. */
export interface Failing {
  readonly once: ReadonlySet<string>;
  readonly always: ReadonlySet<string>;
}

/** One run of the probe on its own files. A crash is a copy of the files: only what is on disk then survives. */
export class Life {
  nowMs = START_MS;
  readonly store: SqliteStore;
  readonly worker: FunctionWorker;
  readonly #log: EmbeddedLog;
  readonly #folder: string;

  private constructor(folder: string, failing: Failing) {
    const { name, tables, migrations } = probe;
    this.#folder = folder;
    const file = join(folder, 'probe.db');
    this.store = SqliteStore.open({ name, file, tables, migrations: migrations.sqlite });
    // Uncommitted pages reach the disk too, as they do in a large transaction.
    this.store.database.pragma('cache_size = 1');
    this.store.database.pragma('cache_spill = 1');
    this.#log = new EmbeddedLog({
      topics: {
        'probe-events': { file, writtenHere: true, isPublic: false },
        [TOPIC]: { file: join(folder, 'topics', `${TOPIC}.db`), writtenHere: false, isPublic: true },
      },
      pollMs: 2,
    });
    this.worker = new FunctionWorker({
      fn: failingAt(failing),
      store: this.store,
      log: inSmallBatches(this.#log),
      clock: passing(() => this.nowMs),
      logger: logLines().logger,
      metrics: new FunctionMetrics(name, this.store, () => this.worker.waiting()),
      policy,
      parkedMax: 100,
      parkedPerKeyMax: 100,
    });
  }

  /** Starts on an empty disk, with these messages in the topic. */
  static async begin(messages: readonly Message[], failing: Failing): Promise<Life> {
    const life = new Life(mkdtempSync(join(tmpdir(), 'saga-crash-')), failing);
    await life.#log.append(TOPIC, messages);
    await life.worker.open();
    return life;
  }

  /** Starts on the files of an earlier run. */
  static async after(image: DiskImage, failing: Failing): Promise<Life> {
    const folder = mkdtempSync(join(tmpdir(), 'saga-crash-'));
    for (const [name, bytes] of image) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), bytes);
    }
    const life = new Life(folder, failing);
    await life.worker.open();
    return life;
  }

  /** Advances the clock until no more attempts are made. */
  async exhaust(): Promise<void> {
    for (let attempt = 0; attempt <= policy.attempts + 1; attempt++) {
      while (await this.worker.step());
      this.nowMs += LATER_MS;
    }
  }

  /** Calls `onWrite` before and after each statement that writes. Returns a function that stops this. */
  watch(onWrite: (sql: string, image: DiskImage) => void): () => void {
    const prototype = Object.getPrototypeOf(this.store.database.prepare('SELECT 1')) as Database.Statement;
    const { run } = prototype;
    const { store } = this;
    const disk = () => this.#disk();
    prototype.run = function (this: Database.Statement, ...values: unknown[]) {
      if (this.database !== store.database) return run.apply(this, values);
      onWrite(this.source, disk());
      const result = run.apply(this, values);
      onWrite(this.source, disk());
      return result;
    };
    return () => {
      prototype.run = run;
    };
  }

  /** The tallies, published messages by key, dead letters and parked messages. */
  async books() {
    const { store } = this;
    const counted = await store.find({ table: tallies, orderBy: ['name'], limit: 99 });
    const published = await store.find({ table: outbox, orderBy: ['position'], limit: 999 });
    const causes: Record<string, string[]> = {};
    for (const { subject, attributes } of published) {
      const ofKey = causes[subject] ?? [];
      causes[subject] = [...ofKey, String(attributes.causationid)];
    }
    const dead = await store.find({ table: deadLetters, orderBy: ['key'], limit: 99 });
    const waiting = await store.find({ table: parked, orderBy: ['key', 'number'], limit: 99 });
    return {
      counted,
      causes,
      dead: dead.map(({ code, key, attempts }) => ({ code, key, attempts })),
      waiting: waiting.map(({ key }) => key),
    };
  }

  /** Its position, and how many messages it has handled, dead-lettered or parked: always the same number. */
  async dealtWith(): Promise<{ readonly position: number; readonly messages: number }> {
    const { counted, dead, waiting } = await this.books();
    const handled = counted.reduce((sum, { messages }) => sum + messages, 0);
    const [read] = await this.store.positions();
    return { position: read?.position ?? 0, messages: handled + dead.length + waiting.length };
  }

  async end(): Promise<void> {
    await this.worker.stop();
    await this.#log.close();
    await this.store.close();
    rmSync(this.#folder, { recursive: true });
  }

  /** Stops it and returns its files, as `kill` and a copy would. */
  async endWithImage(): Promise<DiskImage> {
    await this.worker.stop();
    const image = this.#disk();
    await this.end();
    return image;
  }

  #disk(): DiskImage {
    const names = readdirSync(this.#folder, { recursive: true, encoding: 'utf8' });
    const databases = names.filter((name) => /\.db(?:-wal)?$/.test(name));
    return new Map(databases.map((name) => [name, readFileSync(join(this.#folder, name))]));
  }
}

function failingAt({ once, always }: Failing): StoreFunction {
  const attempted = new Set<string>();
  const { rules, ...rest } = probe as unknown as StoreFunction;
  const decide: typeof rules.decide = (state, message) => {
    const isFirst = !attempted.has(message.id);
    attempted.add(message.id);
    if (always.has(message.id)) throw new TypeError('this is a bug');
    if (once.has(message.id) && isFirst) throw new TransientError('not now');
    return rules.decide(state, message);
  };
  return { ...rest, rules: { ...rules, decide } };
}

function inSmallBatches(log: MessageLog): MessageLog {
  const subscribe: MessageLog['subscribe'] = async (options) => {
    const subscription = await log.subscribe(options);
    return {
      poll: (max, paused) => subscription.poll(Math.min(max, POLL_MAX), paused),
      acknowledge: (positions) => subscription.acknowledge(positions),
      ends: () => subscription.ends(),
      unavailableReason: () => subscription.unavailableReason(),
      close: () => subscription.close(),
    };
  };
  return {
    features: log.features,
    subscribe,
    progress: (topic) => log.progress(topic),
    browse: (topic, browse) => log.browse(topic, browse),
    announce: (topic, rows) => log.announce(topic, rows),
    append: (topic, messages) => log.append(topic, messages),
    prune: (topic, options) => log.prune(topic, options),
    close: () => log.close(),
  };
}
