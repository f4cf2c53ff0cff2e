/** The stream of one function, as a gateway that merges several of them reads it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseJson } from '../../shared/core/json.ts';
import { SAMPLE_MAX } from '../../shared/runtime/inspect/commit-sample.ts';
import {
  type FunctionEventBody,
  functionEventSchema,
  type MessagesEventBody,
  type TickBody,
  tickSchema,
} from '../../shared/runtime/inspect/stream-representation.ts';
import { EventBlocks } from './event-blocks.ts';
import type { Upstream } from './upstream.ts';

/** A function that sends nothing for so long is taken for away: it sends a tick four times a second. */
const SILENT_MS = 3_000;
const RETRY_MS = 500;
/** A tick is looked at whole so often, which costs more than all else here. Those between come from the same program. */
const LOOK_MS = 1_000;

export interface FeedEvents {
  tick(tick: TickBody): void;
  messages(messages: MessagesEventBody): void;
  state(state: FunctionEventBody): void;
}

/** Reads the stream of a function until `ended` aborts, connecting again where it ends, breaks or falls silent. */
export class FunctionFeed {
  readonly #upstream: Upstream;
  readonly #connect: (signal: AbortSignal) => Promise<Response>;
  readonly #events: FeedEvents;
  readonly #ended: AbortSignal;
  /** When the last tick that was looked at whole was as it should be. */
  #goodAtMs = Number.NEGATIVE_INFINITY;

  constructor(
    upstream: Upstream,
    connect: (signal: AbortSignal) => Promise<Response>,
    events: FeedEvents,
    ended: AbortSignal,
  ) {
    this.#upstream = upstream;
    this.#connect = connect;
    this.#events = events;
    this.#ended = ended;
  }

  /** `first`: the answer to a first attempt; null where it had none, which is said before another attempt is waited for. */
  async run(first: Response | null): Promise<void> {
    const { name } = this.#upstream;
    let response = first;
    for (;;) {
      if (response !== null) await this.#read(response);
      if (this.#ended.aborted) return;
      this.#events.state({ name, state: 'away', detail: `${name} does not answer` });
      await sleep(RETRY_MS, undefined, { signal: this.#ended }).catch(() => undefined);
      if (this.#ended.aborted) return;
      response = await this.#attempt();
    }
  }

  async #attempt(): Promise<Response | null> {
    const response = await this.#connect(this.#ended).catch(() => null);
    if (response?.ok) return response;
    response?.body?.cancel().catch(() => undefined);
    return null;
  }

  /** Until the stream ends, breaks, or is silent for too long. */
  async #read({ body }: Response): Promise<void> {
    if (body === null) return;
    this.#goodAtMs = Number.NEGATIVE_INFINITY;
    const reader = body.getReader();
    const cancel = () => void reader.cancel().catch(() => undefined);
    this.#ended.addEventListener('abort', cancel);
    const watch = setTimeout(cancel, SILENT_MS);
    try {
      const blocks = new EventBlocks();
      for (;;) {
        const { done, value } = await reader.read();
        if (done || this.#ended.aborted) return;
        watch.refresh();
        for (const text of blocks.push(value).bytes.toString().split('\n\n')) this.#pass(text);
      }
    } catch {
      // The function has ended, or its connection has broken: it is connected to again.
    } finally {
      clearTimeout(watch);
      this.#ended.removeEventListener('abort', cancel);
      cancel();
    }
  }

  /** An event that is not as it should be is left out: the function may be of another version. */
  #pass(text: string): void {
    const name = /^event: (\w+)$/m.exec(text)?.[1];
    const data = parseJson(/^data: (.*)$/m.exec(text)?.[1] ?? '');
    if (name === 'tick') this.#passTick(data);
    if (name === 'messages' && isMessages(data)) this.#events.messages(data);
    if (name !== 'function') return;
    const state = functionEventSchema.safeParse(data);
    if (state.success) this.#events.state(state.data);
  }

  #passTick(data: unknown): void {
    const nowMs = performance.now();
    if (nowMs - this.#goodAtMs < LOOK_MS) {
      if (isTick(data)) this.#events.tick(data);
      return;
    }
    const tick = tickSchema.safeParse(data);
    if (!tick.success) return;
    this.#goodAtMs = nowMs;
    this.#events.tick(tick.data);
  }
}

function isTick(data: unknown): data is TickBody {
  const { functions, topics } = (data ?? {}) as Partial<Record<keyof TickBody, unknown>>;
  return Array.isArray(functions) && Array.isArray(topics);
}

/** Looks no further: they come by hundreds a second, and the gateway only passes them on. */
function isMessages(data: unknown): data is MessagesEventBody {
  const { messages, skipped } = (data ?? {}) as Partial<Record<keyof MessagesEventBody, unknown>>;
  return Array.isArray(messages) && messages.length <= SAMPLE_MAX && Number.isSafeInteger(skipped);
}
