/**
 * Server-sent events: answers that go on until the client leaves or the server stops.
 *
 * A browser's `EventSource` connects again after a stream has ended or broken, and gives up for good after any answer that
 * is not a stream. So what passes by itself is never a problem response to such a client.
 */
import { AppError } from '../../core/errors.ts';

/** A comment at least this often tells the client that the stream lives. */
export const HEARTBEAT_MS = 5_000;
/** How long a client waits before it connects again, in milliseconds. */
const RETRY_MS = 2_000;
/** The same where there are too many streams, and by how much it is spread. */
const RETRY_WHEN_FULL_MS = 10_000;

/** The header by which a gateway says since when a client is connected, in milliseconds since 1970. */
export const STREAM_SINCE = 'x-stream-since';

/** The first bytes of a stream: they let the client know that it is connected. */
export const GREETING = `: connected\nretry: ${RETRY_MS}\n`;
export const HEARTBEAT = ': still here\n\n';

const HEADERS = {
  'content-type': 'text/event-stream',
  'cache-control': 'no-store',
  // For nginx: a proxy that collects bytes would keep events back.
  'x-accel-buffering': 'no',
} as const;

export interface StreamLimits {
  /** Streams that are open at once. */
  readonly openMax: number;
  /** How long a client may take to read what it was sent. */
  readonly stalledMs: number;
}

export const streamLimits: StreamLimits = { openMax: 1_000, stalledMs: 60_000 };

/** Whether the client asks for events by name, as `EventSource` does. */
export function asksForEvents(request: Request): boolean {
  return /\btext\/event-stream\b/i.test(request.headers.get('accept') ?? '');
}

export function isEventStream(response: Response): boolean {
  return response.ok && response.headers.get('content-type')?.startsWith('text/event-stream') === true;
}

/** The same stream, which is ended after `ms` where it has not ended by itself. */
export function endAfter(body: ReadableStream<Uint8Array>, ms: number): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  const timer = setTimeout(() => void reader.cancel().catch(() => undefined), Math.max(0, ms));
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        clearTimeout(timer);
        controller.close();
      },
      cancel: (reason) => {
        clearTimeout(timer);
        return reader.cancel(reason);
      },
    },
    // What the client has not read yet stays where it is made.
    { highWaterMark: 0 },
  );
}

/** The stream of one client. */
export class EventStream {
  readonly body: ReadableStream<Uint8Array>;
  /** Resolves when something was sent, or the stream has ended. */
  readonly begun: Promise<void>;
  /** When something was sent last, by `performance.now()`. */
  lastWriteMs = performance.now();
  readonly #ended = new AbortController();
  readonly #stalledMs: number;
  readonly #waiting = new Set<() => void>();
  #controller: ReadableStreamDefaultController<Uint8Array> | null = null;
  #begin: () => void = () => undefined;

  constructor(stalledMs: number) {
    this.#stalledMs = stalledMs;
    this.begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
    this.body = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      pull: () => this.#wake(),
      cancel: () => {
        this.#controller = null;
        this.end();
      },
    });
  }

  /** Aborts when the client has left, reads too slowly, or the stream has ended. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Whether the client has not read yet what it was sent. */
  get isWaiting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Resolves when the client has read so much that more may be sent, or the stream has ended. */
  async write(chunk: string | Uint8Array): Promise<void> {
    if (this.#controller === null) return;
    this.#controller.enqueue(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
    this.lastWriteMs = performance.now();
    this.#begin();
    if ((this.#controller.desiredSize ?? 0) > 0) return;
    const timer = setTimeout(() => this.#breakOff(), this.#stalledMs);
    await new Promise<void>((resolve) => this.#waiting.add(resolve));
    clearTimeout(timer);
  }

  /** Ends the stream after what was sent. The client may connect again. */
  end(): void {
    if (!this.#ended.signal.aborted) this.#ended.abort();
    this.#controller?.close();
    this.#controller = null;
    this.#begin();
    this.#wake();
  }

  /** Breaks the connection. The HTTP server prints the error. */
  fail(error: unknown): void {
    this.#controller?.error(error);
    this.#controller = null;
    this.end();
  }

  /** The client goes on where it is when it connects again; until then nothing is kept for it. */
  #breakOff(): void {
    // With this code the HTTP server takes it for a connection that ended early, not for a bug.
    this.fail(Object.assign(new Error('the client reads too slowly'), { code: 'ERR_STREAM_PREMATURE_CLOSE' }));
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** The streams of one server, up to a limit. When `stopping` aborts, all end. */
export class EventStreams {
  readonly #open = new Set<EventStream>();
  readonly #stopping: AbortSignal;
  readonly #limits: StreamLimits;

  constructor(stopping: AbortSignal, limits: StreamLimits = streamLimits) {
    this.#stopping = stopping;
    this.#limits = limits;
    stopping.addEventListener('abort', () => {
      for (const stream of this.#open) stream.end();
    });
  }

  /**
   * Answers with a stream into which `produce` writes until it has ended. The stream ends with `produce`.
   * @throws {AppError} `unavailable` when too many streams are open and the client is no `EventSource`, which would give up.
   */
  answer(request: Request, produce: (stream: EventStream) => Promise<void>): Response {
    if (request.method === 'HEAD') return new Response(null, { headers: HEADERS });
    if (this.#open.size >= this.#limits.openMax) return this.#full(request);
    const stream = new EventStream(this.#limits.stalledMs);
    if (this.#stopping.aborted) stream.end();
    this.#open.add(stream);
    produce(stream)
      .catch((error: unknown) => stream.fail(error))
      .finally(() => {
        stream.end();
        this.#open.delete(stream);
      });
    return new Response(stream.body, { headers: HEADERS });
  }

  #full(request: Request): Response {
    const sentence = `${this.#open.size} streams are open, which is the limit; try again later`;
    if (!asksForEvents(request)) {
      throw new AppError('unavailable', sentence, { retryAfterS: RETRY_WHEN_FULL_MS / 1_000 });
    }
    // Spread, so that those who were turned away do not come back together.
    const retryMs = Math.round(RETRY_WHEN_FULL_MS * (1 + Math.random()));
    return new Response(`: ${sentence}\nretry: ${retryMs}\n\n`, { headers: HEADERS });
  }
}
