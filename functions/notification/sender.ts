import { setTimeout as sleep } from 'node:timers/promises';
import type { NoticeChannel } from '../../shared/ports/notice-channel.ts';
import type { Outcome } from '../../shared/runtime/handle/outcome.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { newCommand } from '../../shared/runtime/worker/submit-command.ts';
import { notices } from './tables.ts';

/** Notices sent in one step, at most. */
const SEND_MAX = 256;
/** How long a step waits for more notices: the delay is small for customers, and no order waits for it. */
const LINGER_MS = 100;

/** Sends notices through a channel, a bounded number in each step. */
export class NoticeSender {
  readonly #context: SenderContext;
  readonly #channel: NoticeChannel;
  readonly #linger: () => Promise<void>;
  /** Whether more notices may be pending than the last step sent. */
  #isBehind = false;

  /** `linger` delays a step, so that notices are sent together. */
  constructor(context: SenderContext, channel: NoticeChannel, linger: () => Promise<void> = () => sleep(LINGER_MS)) {
    this.#context = context;
    this.#channel = channel;
    this.#linger = linger;
  }

  /**
   * Sends pending notices, the oldest first, and submits a `NoticesSent`. Returns whether there was anything to send.
   * After a crash between the two, the notices are sent again, with the same notification ids.
   */
  async step(): Promise<boolean> {
    const { store, clock } = this.#context;
    if (!this.#isBehind) await this.#linger();
    const pending = await store.find({
      table: notices,
      fixed: { status: 'pending' },
      orderBy: ['position'],
      limit: SEND_MAX,
    });
    this.#isBehind = pending.length === SEND_MAX;
    if (pending.length === 0) return false;
    await Promise.all(pending.map((notice) => this.#channel.send(notice)));
    const sentAt = new Date(clock.nowMs()).toISOString();
    const data = { notices: pending.map(({ orderId, fact }) => ({ orderId, fact })), sentAt };
    await this.#context.submit(newCommand(this.#context, { type: 'NoticesSent', subject: 'notices', data }));
    return true;
  }
}

export type SenderContext = Pick<FunctionContext, 'store' | 'clock' | 'catalog' | 'submit'>;

/** Whether the outcome may have left a notice to send. */
export function asksForSending({ kind, message }: Outcome): boolean {
  return kind === 'handled' && message.type !== 'NoticesSent';
}
