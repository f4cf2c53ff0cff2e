import { dayOf } from '../../core/days.ts';
import type { RetentionDays } from '../../core/retention.ts';
import type { Clock } from '../../ports/clock.ts';
import type { MessageLog } from '../../ports/message-log.ts';
import type { Store } from '../../ports/store.ts';
import type { StoreFunction } from '../function.ts';
import { describeError } from '../observe/error-report.ts';
import type { Logger } from '../observe/logger.ts';
import { runLoop } from '../worker/run-loop.ts';
import type { WakeSignal } from '../worker/wake-signal.ts';
import type { Watermarks } from '../worker/watermarks.ts';
import { ExpiredInboxPruner, OwnedInboxPruner } from './prune-inbox.ts';
import { OutboxPruner, TopicPruner } from './prune-log.ts';
import { type Pruner, RowPruner, runtimeRetention } from './prune-rows.ts';

/** Between two pieces of clean-up: whoever waits for something goes first. */
const PAUSE_MS = 20;
/** Before the first pass: a start has other things to do. */
const FIRST_MS = 1_000;

export interface RetentionOptions {
  readonly fn: StoreFunction;
  readonly store: Store;
  readonly log: MessageLog;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly watermarks: Watermarks;
  readonly days: RetentionDays;
  /** The function that alone writes this topic; null where it is open to all. */
  readonly writerOf: (topic: string) => string | null;
  /** Is told of rows that went. */
  readonly removed: (table: string, rows: number) => void;
}

/** Removes what a function need not keep, a small piece with each step. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #pruners: readonly Pruner[];
  /** Those that are still to come in this pass; none between two passes. */
  #left: Pruner[] = [];
  readonly #cleanedOn = new Map<Pruner, number>();

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#pruners = prunersOf(options);
  }

  /** The next piece of clean-up. Gives whether there is more to do in this pass. */
  async step(): Promise<boolean> {
    const nowMs = this.#options.clock.nowMs();
    const today = dayOf(nowMs);
    if (this.#left.length === 0) {
      this.#left = this.#pruners.filter((pruner) => !pruner.isDaily || this.#cleanedOn.get(pruner) !== today);
    }
    const [pruner] = this.#left;
    if (pruner === undefined) return false;
    const isDone = await this.#prune(pruner, nowMs);
    if (isDone) this.#left.shift();
    return this.#left.length > 0;
  }

  /** Steps until `signal` aborts, with a pause between two, and with a longer one between two passes. */
  async run(signal: AbortSignal, wake: WakeSignal, everyMs: number): Promise<void> {
    signal.addEventListener('abort', () => wake.raise());
    await wake.wait(FIRST_MS);
    return runLoop({
      step: async () => {
        const more = await this.step();
        if (more) await wake.wait(PAUSE_MS);
        return more;
      },
      wake,
      signal,
      sleepMs: () => everyMs,
      onError: (error) => this.#tell(error, 'cannot be cleaned up'),
    });
  }

  /** One piece of one clean-up; trouble with it does not keep the others. Gives whether it has nothing more to do now. */
  async #prune(pruner: Pruner, nowMs: number): Promise<boolean> {
    try {
      const { removed, more, later = false, error } = await pruner.prune(nowMs);
      for (const [table, rows] of Object.entries(removed)) this.#options.removed(table, rows);
      if (error !== undefined) this.#tell(error, `rows of ${pruner.name} stay`);
      if (!more && !later) this.#cleanedOn.set(pruner, dayOf(nowMs));
      return !more;
    } catch (error) {
      this.#tell(error, `${pruner.name} cannot be cleaned up; it is tried again`);
      return true;
    }
  }

  #tell(error: unknown, what: string): void {
    const { logger, fn } = this.#options;
    logger.error({ error: describeError(error) }, `${fn.name}: ${what}`);
  }
}

function prunersOf(options: RetentionOptions): readonly Pruner[] {
  const { fn, store, log, watermarks, days, writerOf } = options;
  const { name, consumes, publishes, retention = [] } = fn;
  const owned = log.features.keepsPositions
    ? []
    : consumes.flatMap((topic) => {
        const writer = writerOf(topic);
        return writer === null ? [] : [{ topic, source: `/${writer}` }];
      });
  const inboxOptions = { store, log, watermarks, name, consumes, owned };
  return [
    ...(publishes === null ? [] : [new OutboxPruner(store, log, publishes, days.log)]),
    ...consumes.filter((topic) => writerOf(topic) === null).map((topic) => new TopicPruner(log, topic, days.log)),
    ...owned.map((topic) => new OwnedInboxPruner(inboxOptions, topic, days.watermark)),
    new ExpiredInboxPruner(inboxOptions, days.inbox),
    ...[...runtimeRetention, ...retention].map((kept) => new RowPruner(store, kept, days)),
  ];
}
