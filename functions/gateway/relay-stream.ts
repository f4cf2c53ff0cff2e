/**
 * A function's stream at the gateway. The stream of the client outlives that of the function: when the function is
 * unavailable, restarts or falls silent, the gateway keeps the client, and goes on after the last event that it passed on.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../shared/core/errors.ts';
import { type AppContext, requestIdOf } from '../../shared/runtime/http/app.ts';
import {
  asksForEvents,
  type EventStream,
  EventStreams,
  GREETING,
  HEARTBEAT,
  HEARTBEAT_MS,
  isEventStream,
  STREAM_SINCE,
  type StreamLimits,
  streamLimits,
} from '../../shared/runtime/http/event-stream.ts';
import { EventBlocks } from './event-blocks.ts';
import type { Upstream } from './upstream.ts';

export interface RelayLimits extends StreamLimits {
  /** How long the client waits for the status of the function, in milliseconds; then the gateway answers itself. */
  readonly openMs: number;
  /** A function that sends nothing for so long is connected to again; it sends a comment every {@link HEARTBEAT_MS}. */
  readonly silentMs: number;
  /** The first and the longest pause between two attempts. */
  readonly retryFirstMs: number;
  readonly retryLongestMs: number;
}

const defaultLimits: RelayLimits = {
  ...streamLimits,
  openMs: 1_000,
  silentMs: 3 * HEARTBEAT_MS,
  retryFirstMs: 100,
  retryLongestMs: 1_000,
};

/** Later than the function's own comments, which are passed on, and sooner than the 15 s that clients are promised. */
const OWN_HEARTBEAT_MS = 2 * HEARTBEAT_MS;

/** Relays streams until `stopping` aborts. */
export class StreamRelay {
  readonly #streams: EventStreams;
  readonly #limits: RelayLimits;

  constructor(stopping: AbortSignal, limits: Partial<RelayLimits> = {}) {
    this.#limits = { ...defaultLimits, ...limits };
    this.#streams = new EventStreams(stopping, this.#limits);
  }

  /**
   * The stream of `upstream`, or what else it answers. While it is unavailable, a client that asks for events gets a stream
   * that goes on once it is back, because it would not come back after a problem response; other clients get that.
   */
  async answer(c: AppContext, upstream: Upstream): Promise<Response> {
    const request = c.req.raw;
    if (request.method !== 'GET') return upstream.fetch(request, requestIdOf(c));
    const source = new StreamSource(upstream, request, requestIdOf(c));
    const first = source.connect();
    const opened = await Promise.race([first.catch(orUnavailable), sleep(this.#limits.openMs, null)]);
    const isHeld = opened === null || isUnavailable(opened);
    if (isHeld && !asksForEvents(request)) return first;
    if (!isHeld && !isEventStream(opened)) return opened;
    let begun: Promise<void> = Promise.resolve();
    const response = this.#streams.answer(request, async (stream) => {
      begun = stream.begun;
      stream.ended.addEventListener('abort', () => source.close());
      const watch = setInterval(
        () => void this.#look(stream, source),
        Math.min(HEARTBEAT_MS, this.#limits.silentMs) / 2,
      );
      try {
        if (isHeld) await stream.write(`${GREETING}\n`);
        await this.#relay(stream, source, first);
      } finally {
        clearInterval(watch);
        source.close();
      }
    });
    // A client that sees the stream open knows its position: it is in the function's first bytes.
    await Promise.race([begun, sleep(this.#limits.openMs)]);
    return response;
  }

  async #relay(stream: EventStream, source: StreamSource, first: Promise<Response>): Promise<void> {
    const { retryFirstMs, retryLongestMs } = this.#limits;
    let pauseMs = retryFirstMs;
    let connecting: Promise<Response> | null = first;
    while (!stream.ended.aborted) {
      const response = await (connecting ?? source.connect()).catch(orUnavailable);
      connecting = null;
      if (isEventStream(response)) {
        if (await passOn(stream, source, response)) pauseMs = retryFirstMs;
      } else {
        response.body?.cancel().catch(() => undefined);
        // The client is told the reason when it connects again.
        if (!isUnavailable(response)) return;
      }
      await pause(pauseMs, stream.ended);
      pauseMs = Math.min(2 * pauseMs, retryLongestMs);
    }
  }

  async #look(stream: EventStream, source: StreamSource): Promise<void> {
    const nowMs = performance.now();
    if (!stream.isWaiting && source.readingSinceMs !== null && nowMs - source.readingSinceMs > this.#limits.silentMs) {
      source.breakOff();
    }
    if (!stream.isWaiting && nowMs - stream.lastWriteMs >= OWN_HEARTBEAT_MS) await stream.write(HEARTBEAT);
  }
}

/** Passes on whole events until the function's stream ends or breaks. Returns whether any byte came. */
async function passOn(stream: EventStream, source: StreamSource, response: Response): Promise<boolean> {
  const blocks = new EventBlocks();
  let hasBytes = false;
  try {
    for await (const chunk of source.chunks(response)) {
      const { bytes, lastId } = blocks.push(chunk);
      hasBytes = true;
      if (bytes.length === 0) continue;
      if (lastId !== null) source.lastEventId = lastId;
      await stream.write(bytes);
    }
  } catch {
    // The function has ended, or its connection has broken: it is connected to again.
  }
  return hasBytes;
}

/** The streams of one function for one client, one after the other. */
class StreamSource {
  /** Where the next one goes on; empty where the client named no position and nothing has come yet. */
  lastEventId: string;
  /** Since when bytes are awaited; null while none are. */
  readingSinceMs: number | null = null;
  readonly #upstream: Upstream;
  readonly #request: Request;
  readonly #requestId: string;
  readonly #sinceMs = Date.now();
  readonly #closed = new AbortController();
  #reader: ReadableStreamDefaultReader<Uint8Array> | null = null;

  constructor(upstream: Upstream, request: Request, requestId: string) {
    this.#upstream = upstream;
    this.#request = request;
    this.#requestId = requestId;
    this.lastEventId = request.headers.get('last-event-id') ?? '';
  }

  /** @throws {AppError} `unavailable` when the function is unavailable. */
  async connect(): Promise<Response> {
    const headers = new Headers(this.#request.headers);
    if (this.lastEventId !== '') headers.set('last-event-id', this.lastEventId);
    headers.set(STREAM_SINCE, String(this.#sinceMs));
    const signal = AbortSignal.any([this.#closed.signal, this.#request.signal]);
    const response = await this.#upstream.fetch(new Request(this.#request.url, { headers, signal }), this.#requestId);
    if (this.#closed.signal.aborted) response.body?.cancel().catch(() => undefined);
    return response;
  }

  async *chunks({ body }: Response): AsyncGenerator<Uint8Array> {
    if (body === null) return;
    const reader = body.getReader();
    this.#reader = reader;
    if (this.#closed.signal.aborted) this.breakOff();
    try {
      for (;;) {
        this.readingSinceMs = performance.now();
        const { done, value } = await reader.read();
        this.readingSinceMs = null;
        if (done) return;
        yield value;
      }
    } finally {
      this.readingSinceMs = null;
      this.breakOff();
    }
  }

  /** Ends the stream that is read now. */
  breakOff(): void {
    this.#reader?.cancel().catch(() => undefined);
    this.#reader = null;
  }

  close(): void {
    this.#closed.abort();
    this.breakOff();
  }
}

function isUnavailable({ status }: Response): boolean {
  return status >= 500;
}

/** Stands for a function that cannot be reached, so that it is handled as one that says that it is unavailable. */
function orUnavailable(error: unknown): Response {
  if (error instanceof AppError || error instanceof Error) return new Response(null, { status: 503 });
  throw error;
}

/** Spread, so that the streams of a function that is back do not all connect at once. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await sleep(ms * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
}
