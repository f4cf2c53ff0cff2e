import type { ClockState } from '../../core/believed-time.ts';
import { dayOf } from '../../core/days.ts';
import type { RetentionDays } from '../../core/retention.ts';
import type { MessageLog } from '../../ports/message-log.ts';
import type { Relayed } from '../../ports/relayed.ts';
import type { Store } from '../../ports/store.ts';
import type { StoreFunction } from '../function.ts';
import { describeError } from '../observe/error-report.ts';
import type { Logger } from '../observe/logger.ts';
import type { BelievedTime } from '../worker/believed-time.ts';
import { type Role, soleRole } from '../worker/held-lease.ts';
import { runLoop } from '../worker/run-loop.ts';
import type { WakeSignal } from '../worker/wake-signal.ts';
import type { Watermarks } from '../worker/watermarks.ts';
import { ExpiredInboxPruner, OwnedInboxPruner } from './prune-inbox.ts';
import { OutboxPruner, TopicPruner } from './prune-log.ts';
import { type Pruner, RowPruner, runtimeRetention } from './prune-rows.ts';
import { SettledInboxPruner } from './prune-settled-inbox.ts';

/** The pause between two steps, so that requests and messages go first. */
const PAUSE_MS = 20;
/** The delay before the first pass: a start has more urgent work. */
const FIRST_MS = 1_000;
const HOUR_MS = 3_600_000;
/** A clock that differs by less is not worth a line: whoever restarts a function makes a difference of seconds. */
const SAID_FROM_MS = HOUR_MS;

export interface RetentionOptions {
  readonly fn: StoreFunction;
  readonly store: Store;
  readonly log: MessageLog;
  /** What was sent of the outbox, where a relay sends it. */
  readonly relayed?: Relayed | null;
  readonly logger: Logger;
  readonly watermarks: Watermarks;
  readonly believed: BelievedTime;
  /** Only its holder prunes; where absent, this instance is alone. */
  readonly keeper?: Role;
  readonly days: RetentionDays;
  /** The only function that writes this topic; null for a public topic. */
  readonly writerOf: (topic: string) => string | null;
  /** Called with the number of rows pruned. */
  readonly removed: (table: string, rows: number) => void;
}

/** Prunes the data of a function whose retention time is over, a small batch per step. */
export class Retention {
  readonly #options: RetentionOptions;
  readonly #pruners: readonly Pruner[];
  /** The pruners still to run in this pass; empty between two passes. */
  #left: Pruner[] = [];
  readonly #prunedOn = new Map<Pruner, number>();
  /** The time by which this pass prunes. */
  #nowMs = 0;
  #clockState: ClockState = 'agrees';
  readonly #keeper: Role;
  /** Whether another instance may have noted since what time has passed. */
  #isStale = false;

  constructor(options: RetentionOptions) {
    this.#options = options;
    this.#keeper = options.keeper ?? soleRole;
    this.#isStale = !this.#keeper.isHeld;
    this.#pruners = prunersOf(options);
  }

  /** Prunes the next batch, where this instance is the keeper. Returns whether there is more to do in this pass. */
  async step(): Promise<boolean> {
    if (!this.#keeper.isHeld) {
      this.#isStale = true;
      return false;
    }
    if (this.#isStale) await this.#options.believed.load();
    this.#isStale = false;
    if (this.#left.length === 0) await this.#beginPass();
    const [pruner] = this.#left;
    if (pruner === undefined) return false;
    const isDone = await this.#prune(pruner, this.#nowMs);
    if (isDone) this.#left.shift();
    return this.#left.length > 0;
  }

  /** Steps until `signal` aborts, with a short pause between steps and `everyMs` between passes. */
  async run(signal: AbortSignal, wake: WakeSignal, everyMs: number): Promise<void> {
    signal.addEventListener('abort', () => wake.raise());
    this.#keeper.onGranted(() => wake.raise());
    await wake.wait(FIRST_MS);
    await runLoop({
      step: async () => {
        const more = await this.step();
        if (more) await wake.wait(PAUSE_MS);
        return more;
      },
      wake,
      signal,
      sleepMs: () => everyMs,
      onError: (error) => this.#logError(error, 'cannot be pruned'),
    });
    await this.end();
  }

  /** A last look at the time. What passed before a look that fails counts as time in which the function did not run. */
  async end(): Promise<void> {
    if (!this.#keeper.isHeld || this.#isStale) return;
    await this.#options.believed
      .look()
      .catch((error: unknown) => this.#logError(error, 'does not know what time passed'));
  }

  async #beginPass(): Promise<void> {
    const { believed } = this.#options;
    await believed.look();
    this.#sayWhatItWaitsFor();
    this.#nowMs = believed.pruneMs;
    const today = dayOf(this.#nowMs);
    this.#left = this.#pruners.filter((pruner) => !pruner.isDaily || this.#prunedOn.get(pruner) !== today);
  }

  /** Once for each change: what waits must be seen, and not hide other lines. */
  #sayWhatItWaitsFor(): void {
    const { believed, logger, fn } = this.#options;
    const state = Math.abs(believed.aheadMs) < SAID_FROM_MS ? 'agrees' : believed.state;
    if (state === this.#clockState) return;
    this.#clockState = state;
    const figures = { believed: new Date(believed.believedMs).toISOString(), aheadMs: Math.round(believed.aheadMs) };
    const left = `${Math.ceil(believed.leftMs / HOUR_MS)} more hours of running`;
    if (state === 'agrees') logger.info(figures, `${fn.name}: the clock agrees with the time that was seen to pass`);
    else if (state === 'ahead') {
      logger.warn(
        figures,
        `${fn.name}: the clock is ahead of the time that was seen to pass; what is due by the clock ` +
          `alone is pruned when it has stayed so for ${left}`,
      );
    } else {
      logger.warn(
        figures,
        `${fn.name}: the clock is behind the time that was seen to pass; nothing newer is pruned ` +
          `before it has come there, or has stayed behind for ${left}`,
      );
    }
  }

  /** One batch of one pruner; its error does not stop the others. Returns whether it has nothing more to do now. */
  async #prune(pruner: Pruner, nowMs: number): Promise<boolean> {
    try {
      const { removed, more, later = false, error } = await pruner.prune(nowMs);
      for (const [table, rows] of Object.entries(removed)) this.#options.removed(table, rows);
      if (error !== undefined) this.#logError(error, `some rows of ${pruner.name} cannot be pruned`);
      if (!more && !later) this.#prunedOn.set(pruner, dayOf(nowMs));
      return !more;
    } catch (error) {
      this.#logError(error, `${pruner.name} cannot be pruned; it is tried again`);
      return true;
    }
  }

  #logError(error: unknown, what: string): void {
    const { logger, fn } = this.#options;
    logger.error({ error: describeError(error) }, `${fn.name}: ${what}`);
  }
}

function prunersOf(options: RetentionOptions): readonly Pruner[] {
  const { fn, store, log, watermarks, believed, days, writerOf } = options;
  const { name, consumes, publishes, retention = [] } = fn;
  const { isOutbox } = log.features;
  const owned = consumes.flatMap((topic) => {
    const writer = writerOf(topic);
    return writer === null ? [] : [{ topic, source: `/${writer}` }];
  });
  const inboxOptions = { store, log, watermarks, name, consumes, owned: isOutbox ? owned : [] };
  const settledOptions = { store, watermarks, name, days: days.watermark };
  return [
    ...(publishes === null ? [] : [new OutboxPruner(options, publishes, days.log)]),
    ...consumes
      .filter((topic) => isOutbox && writerOf(topic) === null)
      .map((topic) => new TopicPruner(store, log, believed, topic, days.log)),
    ...owned.map((topic) =>
      isOutbox
        ? new OwnedInboxPruner(inboxOptions, topic, days.watermark)
        : new SettledInboxPruner(settledOptions, topic),
    ),
    new ExpiredInboxPruner(inboxOptions, days.inbox),
    ...[...runtimeRetention, ...retention].map(
      (rule) => new RowPruner(store, rule, days, (stamp) => believed.notBefore(stamp)),
    ),
  ];
}
