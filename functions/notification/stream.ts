/** Notices as they are written, to one client. docs/streams.md says what a client may rely on. */
import { AppError } from '../../shared/core/errors.ts';
import { type EventStream, GREETING, HEARTBEAT, HEARTBEAT_MS } from '../../shared/runtime/http/event-stream.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { WakeSignal } from '../../shared/runtime/worker/wake-signal.ts';
import { toBody } from './representation.ts';
import { idOf, type ResetReason, type Start, startAgain, startOf } from './stream-position.ts';
import { type DeliveryRow, deliveries } from './tables.ts';

const PAGE = 100;
/** How long a stream rests while the store cannot be read, in milliseconds. */
const UNAVAILABLE_REST_MS = 500;

const sentences: Readonly<Record<ResetReason, string>> = {
  unknown_position: 'this store never gave that position; all notices that it has follow, the oldest first',
  another_epoch:
    'that position belongs to data that were removed, or were replaced by a copy; what follows may have been sent before',
  pruned:
    'notices after that position were removed, because they are older than the store keeps them; the others follow',
};

export interface NoticeRequest {
  /** As the client sent it; empty where it did not. */
  readonly lastEventId: string;
  readonly filter: Partial<Pick<DeliveryRow, 'customerId' | 'orderId'>>;
  /** Since when the client is connected to a gateway; null when it is not. */
  readonly sinceMs: number | null;
}

type Context = Pick<FunctionContext, 'store' | 'clock' | 'onCommit'>;

/** Where the stream of this client begins. @throws {AppError} when the store cannot be read. */
export function beginningOf({ store, clock }: Context, { lastEventId, sinceMs }: NoticeRequest): Promise<Start> {
  return startOf(store, lastEventId, sinceMs === null ? null : { sinceMs, nowMs: clock.nowMs() });
}

/** Sends notices from `start` on, or from where it is found once the store can be read, until the stream has ended. */
export async function streamNotices(
  stream: EventStream,
  context: Context,
  request: NoticeRequest,
  start: Start | null,
): Promise<void> {
  const wake = new WakeSignal();
  const notices = new NoticeStream(stream, context, request);
  const stopListening = context.onCommit((outcomes) => {
    if (outcomes.length === 0) notices.dataRemoved();
    wake.raise();
  });
  const stop = () => wake.raise();
  stream.ended.addEventListener('abort', stop);
  try {
    await notices.open(start);
    while (!stream.ended.aborted) {
      const { isMore, restMs } = await notices.step();
      if (isMore) continue;
      await wake.wait(Math.max(0, Math.min(restMs, stream.lastWriteMs + HEARTBEAT_MS - performance.now())));
      if (performance.now() - stream.lastWriteMs >= HEARTBEAT_MS) await stream.write(HEARTBEAT);
    }
  } finally {
    stopListening();
    stream.ended.removeEventListener('abort', stop);
  }
}

class NoticeStream {
  readonly #stream: EventStream;
  readonly #context: Context;
  readonly #request: NoticeRequest;
  #place: Start | null = null;
  #isRemoved = false;
  /** Whether the client has a notice, or a position at which it had some. */
  #hasSome: boolean;

  constructor(stream: EventStream, context: Context, request: NoticeRequest) {
    this.#stream = stream;
    this.#context = context;
    // When the store cannot be read now, the stream begins where it is now all the same.
    this.#request = { ...request, sinceMs: request.sinceMs ?? context.clock.nowMs() };
    this.#hasSome = request.lastEventId !== '';
  }

  /** All data were removed since the last step. */
  dataRemoved(): void {
    this.#isRemoved = true;
  }

  async open(start: Start | null): Promise<void> {
    if (start === null) await this.#stream.write(`${GREETING}\n`);
    else await this.#begin(start, GREETING);
  }

  /** Sends a page. An error of the store is no reason to end the stream: it is read again after `restMs`. */
  async step(): Promise<{ readonly isMore: boolean; readonly restMs: number }> {
    try {
      return { isMore: await this.#page(), restMs: HEARTBEAT_MS };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { isMore: false, restMs: UNAVAILABLE_REST_MS };
    }
  }

  async #page(): Promise<boolean> {
    const { store } = this.#context;
    if (this.#place === null)
      await this.#begin(await beginningOf(this.#context, this.#request), HEARTBEAT.slice(0, -1));
    if (this.#isRemoved) await this.#beginAgain();
    const { epoch, after } = this.#place ?? { epoch: '', after: 0 };
    const rows = await store.find<DeliveryRow>({
      table: deliveries,
      where: this.#request.filter,
      orderBy: ['position'],
      after: [after],
      limit: PAGE,
    });
    if (rows.length === 0) return false;
    this.#hasSome = true;
    this.#place = { epoch, after: rows.at(-1)?.position ?? after, reset: null };
    // In one chunk: each chunk waits until the one before it is read, perhaps by another thread.
    await this.#stream.write(rows.map((row) => toServerSentEvent(row, epoch)).join(''));
    return true;
  }

  async #beginAgain(): Promise<void> {
    const start = await startAgain(this.#context.store);
    this.#isRemoved = false;
    await this.#begin(this.#hasSome ? start : { ...start, reset: null }, HEARTBEAT.slice(0, -1));
    this.#hasSome = false;
  }

  /** An id without data is no event, but the client resumes from it: nothing is lost before the first notice. */
  async #begin(start: Start, comment: string): Promise<void> {
    this.#place = start;
    const id = idOf(start.epoch, start.after);
    const reset = start.reset === null ? '' : resetEvent(start.reset, this.#request.lastEventId, id);
    await this.#stream.write(`${comment}id: ${id}\n\n${reset}`);
  }
}

function toServerSentEvent(row: DeliveryRow, epoch: string): string {
  return `event: notification\ndata: ${JSON.stringify(toBody(row))}\nid: ${idOf(epoch, row.position ?? 0)}\n\n`;
}

const SHOWN_MAX = 64;

function resetEvent(reason: ResetReason, lastEventId: string, position: string): string {
  const data = { reason, detail: sentences[reason], lastEventId: lastEventId.slice(0, SHOWN_MAX), position };
  return `event: reset\ndata: ${JSON.stringify(data)}\nid: ${position}\n\n`;
}
