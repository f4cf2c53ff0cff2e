import { setTimeout as sleep } from 'node:timers/promises';
import type { DataOf } from '../../saga/messages.ts';
import { AppError } from '../../shared/core/errors.ts';
import type { NoticeChannel } from '../../shared/ports/notice-channel.ts';
import type { Outcome } from '../../shared/runtime/handle/outcome.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { newCommand } from '../../shared/runtime/worker/submit-command.ts';
import { attemptSend, Deadline } from './attempt-send.ts';
import { DueNotices } from './due-notices.ts';
import type { NotificationState, Sending } from './state.ts';
import type { DeliveryRow } from './tables.ts';

/** Notices that are being sent, or whose result is not recorded yet, at most. */
const SENDING_MAX = 256;
/** How long a stop waits for answers of the channel. */
const FINISH_MS = 2_000;
/** The longest sleep, whatever the clock says. */
const SLEEP_MAX_MS = 60_000;

type Attempt = DataOf<'NoticesAttempted'>['notices'][number];

export interface SenderOptions {
  readonly channel: NoticeChannel;
  /** How long one attempt may take. */
  readonly timeoutMs: number;
  /** Called with the notices as they are stored after an attempt, and which of them the channel has refused. */
  readonly report?: (sendings: readonly Sending[], refused: ReadonlySet<string>) => void;
}

/**
 * Sends notices through a channel, each for itself: a step starts what is due and records what has ended, and never
 * waits for an answer. What the channel refuses, or does not answer in time, is tried again when it is due, and delays no
 * other. After a crash, notices whose result was not recorded are sent again, with the same notification ids.
 */
export class NoticeSender {
  readonly #context: SenderContext;
  readonly #options: SenderOptions;
  readonly #due: DueNotices;
  /** What was started and is not recorded, by notification id; no other step starts it again. */
  readonly #open = new Map<string, Promise<void>>();
  readonly #ended: Attempt[] = [];
  /** Results in one command: fewer after one that could not be recorded. */
  #recordMax = SENDING_MAX;
  #isStarting = false;
  #wake: () => void = () => undefined;

  constructor(context: SenderContext, options: SenderOptions) {
    this.#context = context;
    this.#options = options;
    this.#due = new DueNotices(context.store);
  }

  /** Returns whether more can be done at once. `wake` is called when there is a result to record. */
  async step(wake: () => void = () => undefined): Promise<boolean> {
    this.#wake = wake;
    const hasMore = await this.#start();
    await this.#record();
    return this.#ended.length > 0 || (hasMore && this.#open.size < SENDING_MAX);
  }

  /** How long the loop may sleep unless it is woken. */
  sleepMs(): number {
    return Math.min(this.#due.untilDueMs(this.#context.clock.nowMs()), SLEEP_MAX_MS);
  }

  /** Records the answers that come in a moment; whatever has none by then is sent again by the next run. */
  async finish(): Promise<void> {
    const waited = new AbortController();
    const late = sleep(FINISH_MS, undefined, { signal: waited.signal }).catch(() => undefined);
    await Promise.race([Promise.all(this.#open.values()), late]);
    waited.abort();
    while (this.#ended.length > 0) await this.#record();
  }

  async #start(): Promise<boolean> {
    const nowMs = this.#context.clock.nowMs();
    const { notices, hasMore } = await this.#due.take(nowMs, this.#open, SENDING_MAX - this.#open.size);
    if (notices.length === 0) return hasMore;
    this.#isStarting = true;
    const deadline = new Deadline(this.#options.timeoutMs);
    const sends = notices.map((notice) => {
      const sending = this.#send(notice, deadline);
      this.#open.set(notice.notificationId, sending);
      return sending;
    });
    const answered = Promise.all(sends).then(() => deadline.clear());
    // Answers that are there at once are recorded by the same step.
    await Promise.race([answered, new Promise((resolve) => setImmediate(resolve))]);
    this.#isStarting = false;
    return hasMore;
  }

  async #send(notice: DeliveryRow, deadline: Deadline): Promise<void> {
    const { orderId, fact, notificationId, refusals } = notice;
    const refusal = await attemptSend(this.#options.channel, notice, deadline);
    this.#ended.push({ orderId, fact, notificationId, attempt: refusals + 1, refusal });
    if (!this.#isStarting) this.#wake();
  }

  async #record(): Promise<void> {
    const attempts = this.#ended.splice(0, this.#recordMax);
    if (attempts.length === 0) return;
    try {
      await this.#submit(attempts);
    } catch (error) {
      // They are recorded later, not sent again. One that a bug keeps from being recorded goes behind the others.
      if (attempts.length === 1) this.#ended.push(...attempts);
      else this.#ended.unshift(...attempts);
      if (!(error instanceof AppError)) this.#recordMax = 1;
      throw error;
    }
    this.#recordMax = Math.min(this.#recordMax * 2, SENDING_MAX);
    for (const { notificationId } of attempts) this.#open.delete(notificationId);
  }

  async #submit(notices: Attempt[]): Promise<void> {
    const attemptedAt = new Date(this.#context.clock.nowMs()).toISOString();
    const draft = { type: 'NoticesAttempted', subject: 'notices', data: { notices, attemptedAt } };
    const outcome = await this.#context.submit(newCommand(this.#context, draft));
    if (outcome.kind !== 'handled') return;
    const { sendings } = outcome.state as NotificationState;
    const refused = notices.flatMap(({ notificationId, refusal }) => (refusal === null ? [] : [notificationId]));
    this.#due.tried(sendings);
    this.#options.report?.(sendings, new Set(refused));
  }
}

export type SenderContext = Pick<FunctionContext, 'store' | 'clock' | 'catalog' | 'submit'>;

/** Whether the outcome may have left a notice to send. */
export function asksForSending({ kind, message }: Outcome): boolean {
  return kind === 'handled' && message.type !== 'NoticesSent' && message.type !== 'NoticesAttempted';
}
