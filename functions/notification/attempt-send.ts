import type { DataOf } from '../../saga/messages.ts';
import { AppError, TransientError } from '../../shared/core/errors.ts';
import type { NoticeChannel, OutgoingNotice } from '../../shared/ports/notice-channel.ts';

/** The longest error that is stored with a notice, in characters. */
const DETAIL_MAX = 500;

type Refusal = DataOf<'NoticesAttempted'>['notices'][number]['refusal'];

/** When attempts that begin together end: one timer for all of them. */
export class Deadline {
  readonly signal: AbortSignal;
  /** Rejects at the end. */
  readonly passed: Promise<never>;
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number) {
    const waiting = new AbortController();
    this.signal = waiting.signal;
    this.passed = new Promise((_, reject) => {
      this.#timer = setTimeout(() => {
        waiting.abort();
        reject(new TransientError(`the channel did not answer within ${timeoutMs} ms`));
      }, timeoutMs);
    });
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

/** One attempt to send a notice: null when the channel has accepted it in time. Never rejects. */
export async function attemptSend(
  channel: NoticeChannel,
  notice: OutgoingNotice,
  { signal, passed }: Deadline,
): Promise<Refusal> {
  try {
    await Promise.race([channel.send(notice, signal), passed]);
    return null;
  } catch (error) {
    return refusalOf(error);
  }
}

function refusalOf(error: unknown): NonNullable<Refusal> {
  const text = error instanceof Error ? error.message : String(error);
  const detail = text.slice(0, DETAIL_MAX) || 'the channel gave no reason';
  if (!(error instanceof AppError)) return { detail, isTerminal: false, retryAfterMs: 0 };
  const { retryAfterS } = error;
  const retryAfterMs = Math.max(0, Math.ceil((retryAfterS ?? 0) * 1000));
  return {
    detail,
    isTerminal: retryAfterS === undefined,
    retryAfterMs: Number.isFinite(retryAfterMs) ? retryAfterMs : 0,
  };
}
