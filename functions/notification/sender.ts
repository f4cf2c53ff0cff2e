import { setTimeout as sleep } from 'node:timers/promises';
import type { NoticeChannel } from '../../shared/ports/notice-channel.ts';
import type { Outcome } from '../../shared/runtime/handle/outcome.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { newCommand } from '../../shared/runtime/worker/submit-command.ts';
import { notices } from './tables.ts';

/** Notices sent in one step, at most. */
const SEND_MAX = 256;
/** How long the first of them waits for others: customers do not count milliseconds, and orders do not wait for it. */
const GATHER_MS = 100;

/** Sends notices by a channel, a bounded number with each step. */
export class NoticeSender {
  readonly #context: SenderContext;
  readonly #channel: NoticeChannel;
  readonly #gather: () => Promise<void>;
  /** Whether more are pending than were sent in the last step. */
  #isBehind = false;

  /** `gather` is what it waits for, so that notices are sent together. */
  constructor(context: SenderContext, channel: NoticeChannel, gather: () => Promise<void> = () => sleep(GATHER_MS)) {
    this.#context = context;
    this.#channel = channel;
    this.#gather = gather;
  }

  /**
   * Sends what is pending, the oldest first, and reports it back as a message. Gives whether there was anything to send.
   * A crash between sending and reporting sends again, with the same notification id.
   */
  async step(): Promise<boolean> {
    const { store, clock } = this.#context;
    if (!this.#isBehind) await this.#gather();
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

/** Whether what was handled may have left a notice to send. */
export function asksForSending({ kind, message }: Outcome): boolean {
  return kind === 'handled' && message.type !== 'NoticesSent';
}
