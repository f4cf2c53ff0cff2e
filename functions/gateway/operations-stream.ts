/** The streams of all functions in one, for the console: a browser opens few connections to a host. */
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from '@hono/zod-openapi';
import { AppError } from '../../shared/core/errors.ts';
import { operatorsOnly } from '../../shared/runtime/dead-letters/routes.ts';
import { type App, type AppContext, addPath, readQuery, requestIdOf } from '../../shared/runtime/http/app.ts';
import { type EventStream, EventStreams, GREETING, streamLimits } from '../../shared/runtime/http/event-stream.ts';
import { CommitSample } from '../../shared/runtime/inspect/commit-sample.ts';
import { INSPECT_TAG } from '../../shared/runtime/inspect/function-path.ts';
import type { FunctionEventBody, TickBody } from '../../shared/runtime/inspect/stream-representation.ts';
import { STREAM_TEXT, streamAnswer, WATCHERS_MAX, watchedKey } from '../../shared/runtime/inspect/stream-routes.ts';
import { eventText, SAMPLE_MS, TICK_MS } from '../../shared/runtime/inspect/watch.ts';
import { forwarded } from './forward.ts';
import { type FeedEvents, FunctionFeed } from './function-feed.ts';
import { forOperators, type OperationsOptions } from './operations-guard.ts';
import { PartRefused } from './operations-parts.ts';
import type { Upstream } from './upstream.ts';

/** How long a client waits for the functions before its stream begins without those that have not answered. */
const OPEN_MS = 1_000;
/** Figures that are older than this are not shown any more: their function is away. */
const FRESH_MS = 2_000;

const streamQuery = z.strictObject({
  key: watchedKey,
  function: z.string().optional().openapi({ description: 'Only this function' }),
});

export function addMergedStream(app: App, options: OperationsOptions, stopping: AbortSignal): void {
  const streams = new EventStreams(stopping, { ...streamLimits, openMax: WATCHERS_MAX });
  addPath(app, INSPECT_TAG, '/operations/stream', {
    get: {
      operationId: 'watchStore',
      summary: 'The store as it works: figures, states and messages of all functions, as server-sent events',
      description: `At the gateway. ${STREAM_TEXT} A function that does not answer is \`away\`, and the others go on.`,
      request: { query: streamQuery },
      security: operatorsOnly,
      responses: { 200: streamAnswer },
      handler: forOperators(options, (c) => openStream(c, options, streams)),
    },
  });
}

async function openStream(c: AppContext, { upstreams }: OperationsOptions, streams: EventStreams): Promise<Response> {
  const { key, function: name } = readQuery(c, streamQuery);
  const watched = name === undefined ? upstreams : upstreams.filter((upstream) => upstream.name === name);
  if (watched.length === 0) throw unknownFunction(name ?? '', upstreams);
  const search = key === undefined ? '' : `?${new URLSearchParams({ key })}`;
  const connectTo = (upstream: Upstream) => async (signal: AbortSignal) => {
    const request = forwarded(c, 'GET', `/operations/${upstream.name}/stream${search}`);
    return upstream.fetch(new Request(request, { signal }), requestIdOf(c));
  };
  const ended = new AbortController();
  const first = await Promise.all(watched.map((upstream) => firstAnswer(connectTo(upstream)(ended.signal))));
  const refused = first.find((response) => response !== null && [401, 403, 422].includes(response.status));
  if (refused !== undefined && refused !== null) {
    ended.abort();
    throw new PartRefused(refused);
  }
  return streams.answer(c.req.raw, async (stream) => {
    stream.ended.addEventListener('abort', () => ended.abort());
    if (stream.ended.aborted) ended.abort();
    const merged = new MergedStream(stream, watched);
    const running = merged.run();
    const feeds = watched.map((upstream, n) => {
      const feed = new FunctionFeed(upstream, connectTo(upstream), merged.eventsOf(upstream.name), ended.signal);
      return feed.run(first[n]?.ok ? (first[n] ?? null) : null);
    });
    await Promise.all([running, ...feeds]);
  });
}

/** Null where it comes too late, or not at all; what comes late is let go. */
async function firstAnswer(answer: Promise<Response>): Promise<Response | null> {
  const over = new AbortController();
  const tooLate = sleep(OPEN_MS, null, { signal: over.signal }).catch(() => null);
  const inTime = await Promise.race([answer.catch(() => null), tooLate]);
  over.abort();
  if (inTime === null) answer.then((late) => late.body?.cancel()).catch(() => undefined);
  return inTime;
}

function unknownFunction(name: string, upstreams: readonly Upstream[]): AppError {
  const detail = `must be one of ${upstreams.map((upstream) => upstream.name).join(', ')}`;
  const message = `the query is not valid at /function: ${detail}; it is ${JSON.stringify(name.slice(0, 64))}`;
  return new AppError('invalid_request', message, { errors: [{ pointer: '/function', detail }] });
}

/** One client's stream: the newest figures of each function at each tick, and a sample of all messages. */
class MergedStream {
  readonly #stream: EventStream;
  readonly #names: readonly string[];
  readonly #ticks = new Map<string, { readonly tick: TickBody; readonly atMs: number }>();
  readonly #states = new Map<string, string>();
  readonly #sample = new CommitSample();

  constructor(stream: EventStream, watched: readonly Upstream[]) {
    this.#stream = stream;
    this.#names = watched.map(({ name }) => name);
  }

  eventsOf(name: string): FeedEvents {
    return {
      tick: (tick) => this.#ticks.set(name, { tick, atMs: performance.now() }),
      state: (state) => this.#tellState(name, state),
      messages: ({ messages, skipped }) => {
        for (const message of messages) this.#sample.add(message);
        this.#sample.skip(skipped);
      },
    };
  }

  async run(): Promise<void> {
    await this.#stream.write(`${GREETING}\n`);
    const ticks = setInterval(() => this.#send('tick', this.#tick()), TICK_MS);
    const samples = setInterval(() => this.#sendSample(), SAMPLE_MS);
    await new Promise<void>((resolve) => {
      if (this.#stream.ended.aborted) resolve();
      this.#stream.ended.addEventListener('abort', () => resolve());
    });
    clearInterval(ticks);
    clearInterval(samples);
  }

  /** A client that reads slowly misses ticks; its messages are counted until it has read. */
  #send(event: string, data: object): void {
    if (!this.#stream.isWaiting) void this.#stream.write(eventText(event, data));
  }

  #sendSample(): void {
    const taken = this.#stream.isWaiting ? null : this.#sample.take();
    if (taken !== null) this.#send('messages', taken);
  }

  /** States are few, and none is left out. */
  #tellState(name: string, state: FunctionEventBody): void {
    const text = eventText('function', state);
    if (this.#states.get(name) === text) return;
    this.#states.set(name, text);
    if (state.state === 'away') this.#ticks.delete(name);
    void this.#stream.write(text);
  }

  #tick(): TickBody {
    const nowMs = performance.now();
    const fresh = this.#names.flatMap((name) => {
      const known = this.#ticks.get(name);
      return known === undefined || nowMs - known.atMs > FRESH_MS ? [] : [known.tick];
    });
    return {
      at: new Date().toISOString(),
      functions: fresh.flatMap(({ functions }) => functions),
      topics: fresh.flatMap(({ topics }) => topics),
    };
  }
}
