import { setTimeout as sleep } from 'node:timers/promises';
import { assert } from '../../core/assert.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Relayed, RelayTarget, SentPiece, UnsentRow } from '../../ports/relayed.ts';
import { describeError } from '../observe/error-report.ts';
import type { Logger } from '../observe/logger.ts';
import { RepeatedReason } from '../observe/repeated-reason.ts';
import type { HeldLease } from '../worker/held-lease.ts';
import { runLoop } from '../worker/run-loop.ts';
import { WakeSignal } from '../worker/wake-signal.ts';

/** The most messages in one send. */
export const ROWS_MAX = 512;
/** The most characters in one send, unless a single message is longer: a broker limits the bytes of a batch. */
const CHARACTERS_MAX = 256 * 1_024;
/** How long it sleeps where nothing wakes it: a commit of an earlier run may have left something. */
const SLEEP_MS = 1_000;

export interface RelayOptions {
  /** The function whose outbox it sends, and the topic that it alone writes. */
  readonly name: string;
  readonly topic: string;
  readonly relayed: Relayed;
  readonly target: RelayTarget;
  readonly clock: Clock;
  readonly logger: Logger;
  /** More messages than this do not wait in the outbox: further commands are refused until some are sent. */
  readonly unsentMax: number;
  /** Only its holder sends. */
  readonly lease: HeldLease;
}

/** One run of the relay, from a `begin` on. */
interface Run {
  /** Of the lease under which it sends: under another one, another run may have come in between. */
  readonly lease: number | null;
  readonly token: number;
  /** Sends that are marked. */
  sends: number;
}

/** A send that arrived and is not marked yet. */
interface Acknowledged {
  readonly upTo: number;
  readonly messages: number;
  readonly pieces: readonly SentPiece[];
  /** Whether messages behind it were there already. */
  readonly hasMore: boolean;
}

/**
 * Sends what the outbox of a function has to the log, in the order of the commits.
 *
 * One send is on its way at a time, and what it brought is marked before the next one. So messages of one key keep their
 * order, and a record of a later send tells its reader that no earlier one of the run comes again. A send that fails says
 * nothing about what arrived: the same messages are sent again under the same number, with what has come since behind them.
 *
 * There is one exception: a topic that is made anew while the relay runs may get a newer message first. A new run then sends all that
 * the topic had, and that message again behind it.
 */
export class Relay {
  readonly #options: RelayOptions;
  readonly #wake = new WakeSignal();
  readonly #reason = new RepeatedReason();
  #run: Run | null = null;
  #acknowledged: Acknowledged | null = null;
  /**
   * Whether a send has failed since what is marked was last found in its places. Each one that fails may have arrived, in a topic
   * that is made anew: then its copies lie where other messages lay.
   */
  #hasFailed = false;
  /** Whether a warning was logged of a loss, and nothing was marked as sent since. */
  #hasWarned = false;
  /** Messages that wait, at least: those that were counted, and those of commits since. */
  #unsent = 0;
  #problem: { readonly detail: string; readonly sinceMs: number } | null = null;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Sends the oldest messages that wait, at most {@link ROWS_MAX}. Returns whether there may be more. */
  async step(): Promise<boolean> {
    const { name, logger } = this.#options;
    try {
      const worked = await this.#send();
      this.#problem = null;
      if (this.#reason.end()) logger.info(`${name} sends its messages again`);
      return worked;
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      if (this.#reason.isNews(detail))
        logger.error({ error: describeError(error) }, `${name} cannot send its messages`);
      this.#problem = { detail, sinceMs: this.#problem?.sinceMs ?? this.#options.clock.upMs() };
      this.#unsent = await this.#count().catch(() => this.#unsent);
      throw error;
    }
  }

  async #send(): Promise<boolean> {
    const { relayed, target, lease } = this.#options;
    const run = await this.#begun();
    if (run === null) return false;
    if (this.#acknowledged !== null) return this.#settle(run, this.#acknowledged);
    const waiting = await relayed.unsent(ROWS_MAX);
    const rows = fitting(waiting);
    const last = rows.at(-1);
    if (last === undefined) {
      this.#unsent = 0;
      return false;
    }
    // A send that may outlast the lease could come behind those of the next holder.
    if (lease.leftMs <= target.sendMaxMs) return false;
    const pieces = await target.send(rows, { token: run.token, send: run.sends + 1 }).catch((error: unknown) => {
      this.#hasFailed = true;
      throw error;
    });
    const sent = pieces.reduce((sum, { positions }) => sum + positions.length, 0);
    assert(sent === rows.length, `${sent} of ${rows.length} messages have a place in the log`);
    const hasMore = waiting.length === ROWS_MAX || waiting.length > rows.length;
    this.#acknowledged = { upTo: last.position, messages: rows.length, pieces, hasMore };
    return this.#settle(run, this.#acknowledged);
  }

  /** Marks a send. Where that fails, it is tried again before anything else is sent. */
  async #settle(run: Run, { upTo, messages, pieces, hasMore }: Acknowledged): Promise<boolean> {
    const { relayed, lease } = this.#options;
    const settled = await relayed.settle(run.token, upTo, pieces);
    this.#acknowledged = null;
    if (settled === 'lost') {
      this.#warnOfLoss();
      this.#run = null;
      return true;
    }
    if (settled === 'superseded') {
      // Another instance has the lease, or had it.
      this.#run = null;
      lease.lose();
      return lease.hold();
    }
    run.sends += 1;
    this.#hasWarned = false;
    const wasCapped = this.#unsent > this.#options.unsentMax;
    this.#unsent = wasCapped ? await this.#count() : Math.max(0, this.#unsent - messages);
    return hasMore || this.#unsent > 0;
  }

  /** The run under the lease of now; null while another instance holds it. */
  async #begun(): Promise<Run | null> {
    const { lease } = this.#options;
    if (!(await lease.hold())) return null;
    if (this.#run !== null && this.#run.lease !== lease.token) this.#end();
    if (this.#run !== null && this.#hasFailed && (await this.#recheck(this.#run.token))) this.#end();
    this.#hasFailed = false;
    if (this.#run === null) {
      const { relayed, clock } = this.#options;
      const token = await relayed.begin(clock.nowMs());
      await this.#recheck(token);
      this.#unsent = await this.#count();
      this.#run = { token, lease: lease.token, sends: 0 };
    }
    return this.#run;
  }

  /**
   * Whether the log has lost messages of this function; they wait to be sent again then. A lane that has its newest message in its
   * place has those before it as well: whatever else lies in a topic that was made anew is newer, or was sent again from the oldest on.
   */
  async #recheck(token: number): Promise<boolean> {
    const { relayed, target, topic } = this.#options;
    const lost = await target.missing(topic, await relayed.newestSent(topic));
    if (lost.length === 0) return false;
    await relayed.resend(
      token,
      topic,
      lost.map(({ partition }) => partition),
    );
    this.#warnOfLoss();
    return true;
  }

  /** Once: where one lane shows that a topic was made anew, the begin that follows finds it of other lanes. */
  #warnOfLoss(): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    const { name, topic, logger } = this.#options;
    logger.warn({ topic }, `${name} sends again what ${topic} had and has no more: was it made anew?`);
  }

  /** What arrived and is not marked is sent again by the next run, here or elsewhere. */
  #end(): void {
    this.#run = null;
    this.#acknowledged = null;
  }

  /** One more than the most, where there are more. */
  #count(): Promise<number> {
    return this.#options.relayed.countUnsent(this.#options.unsentMax + 1);
  }

  /** A commit put so many messages into the outbox. */
  noteCommitted(messages: number): void {
    this.#unsent += messages;
    this.#wake.raise();
  }

  get relayed(): Relayed {
    return this.#options.relayed;
  }

  /** How many messages wait to be sent, at most one more than `unsentMax` once it was counted. */
  get unsent(): number {
    return this.#unsent;
  }

  /** For how long sends have failed, in milliseconds; 0 while they succeed. */
  get stalledMs(): number {
    return this.#problem === null ? 0 : this.#options.clock.upMs() - this.#problem.sinceMs;
  }

  /** Why messages are not sent, as a sentence; null while they are. */
  unavailableReason(): string | null {
    if (this.#problem === null) return null;
    return `${this.#waiting()}, not sent since ${(this.stalledMs / 1_000).toFixed(0)} s: ${this.#problem.detail}`;
  }

  /** Why no further command is taken, as a sentence; null while there is room in the outbox. */
  refusal(): string | null {
    const { unsentMax } = this.#options;
    if (this.#unsent < unsentMax) return null;
    return `takes nothing until messages are sent: ${this.#waiting()} (OUTBOX_UNSENT_MAX is ${unsentMax})`;
  }

  #waiting(): string {
    const { name, unsentMax } = this.#options;
    const count = this.#unsent > unsentMax ? `more than ${unsentMax}` : String(this.#unsent);
    return `${count} ${this.#unsent === 1 ? 'message' : 'messages'} of ${name} wait in its outbox`;
  }

  /**
   * Sends what is left, for `budgetMs` at most, unless sends fail. What cannot be sent now is left for the next run, which may
   * begin at once.
   */
  async finish(budgetMs: number): Promise<void> {
    const end = sleep(budgetMs, false, { ref: false });
    let worked = this.#problem === null;
    while (worked) worked = await Promise.race([this.step().catch(() => false), end]);
    await this.#options.lease.release();
  }

  /** Steps until `signal` aborts: after each commit with messages, and now and then. */
  async run(signal: AbortSignal): Promise<void> {
    const wake = this.#wake;
    signal.addEventListener('abort', () => wake.raise());
    // A send leaves before the answers to the commands of its commit are written, and the broker works meanwhile.
    const options = { wake, signal, waiting: null, onError: () => undefined, sleepMs: () => SLEEP_MS };
    await runLoop({ step: () => this.step(), ...options });
  }
}

/** The first rows that fit into one send, at least one. */
function fitting(rows: readonly UnsentRow[]): readonly UnsentRow[] {
  let characters = 0;
  const over = rows.findIndex(({ attributes, data }, index) => {
    characters += attributes.length + data.length;
    return index > 0 && characters > CHARACTERS_MAX;
  });
  return over < 0 ? rows : rows.slice(0, over);
}
