import { EXAMPLE_TIME, orderPlaced } from '../../saga/examples.ts';
import type { AppError } from '../../shared/core/errors.ts';
import type { Commit, Store, Write } from '../../shared/ports/store.ts';
import { createApp } from '../../shared/runtime/http/app.ts';
import type { Logger } from '../../shared/runtime/observe/logger.ts';
import { NOTHING } from '../../shared/runtime/retention/prune-rows.ts';
import type { FunctionContext } from '../../shared/runtime/worker/function-context.ts';
import { pending, sent } from './examples.ts';
import { addNotificationRoutes } from './http.ts';
import { notices } from './tables.ts';

const NOW_MS = Date.parse(EXAMPLE_TIME) + 60_000;
export const accept = { accept: 'text/event-stream' };

export interface Received {
  readonly event: string;
  readonly id: string;
  readonly data: { readonly orderId?: string; readonly reason?: string; readonly position?: string };
}

/** What a client has received, read until `isEnough`. */
export class Reading {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #text = '';

  constructor(response: Response) {
    this.#reader = (response.body as ReadableStream<Uint8Array>).getReader();
  }

  leave(): Promise<void> {
    return this.#reader.cancel();
  }

  async until(isEnough: (text: string) => boolean): Promise<string> {
    while (!isEnough(this.#text)) {
      const { done, value } = await this.#reader.read();
      if (done) throw new Error(`the stream has ended: ${this.#text}`);
      this.#text += Buffer.from(value).toString();
    }
    return this.#text;
  }

  async events(count: number): Promise<readonly Received[]> {
    return eventsIn(await this.until((text) => eventsIn(text).length >= count));
  }

  /** The position at which the stream begins: before any event, the client knows it. */
  async firstId(): Promise<string> {
    return /^id: (.*)$/m.exec(await this.until((text) => /^id: .*\n\n/m.test(text)))?.[1] ?? '';
  }
}

function eventsIn(text: string): readonly Received[] {
  const blocks = text.split('\n\n').slice(0, -1);
  return blocks.flatMap((block) => {
    const fieldOf = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(block)?.[1];
    const data = fieldOf('data');
    if (data === undefined) return [];
    return [{ event: fieldOf('event') ?? '', id: fieldOf('id') ?? '', data: JSON.parse(data) as Received['data'] }];
  });
}

export const ordersOf = (events: readonly Received[]) =>
  events.map(({ event, data }) => (event === 'reset' ? `reset: ${data.reason}` : data.orderId));

type Listener = Parameters<FunctionContext['onCommit']>[0];

/** Notification's stream over the data of a store, as if its process had just started: a bench of tests. */
export class StreamBench {
  readonly #store: Store;
  readonly #app: ReturnType<typeof createApp>;
  readonly #stopping = new AbortController();
  readonly #listeners = new Set<Listener>();
  readonly #readings: Reading[] = [];
  #failure: AppError | null = null;

  constructor(store: Store, logger: Logger, nowMs: () => number = () => NOW_MS) {
    this.#store = store;
    const find: Store['find'] = (query) =>
      this.#failure === null ? store.find(query) : Promise.reject<never>(this.#failure);
    const context = {
      store: { find },
      clock: { nowMs },
      onCommit: (listener: Listener) => {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
      },
    };
    this.#app = createApp(logger);
    addNotificationRoutes(this.#app, context as unknown as FunctionContext, this.#stopping.signal);
  }

  /** Ends the streams, and closes the store. */
  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    for (const reading of this.#readings) await reading.leave();
    await this.#store.close();
  }

  /** The number of open streams. */
  listening(): number {
    return this.#listeners.size;
  }

  /** Writes a notice of each order. */
  async write(...orderIds: readonly string[]): Promise<void> {
    const rows = orderIds.flatMap((orderId) => pending(orderPlaced({ lamp: 1 }, { orderId })).notices);
    await this.#commit(rows.map((row) => ({ table: notices, row })));
    this.#tell([{}]);
  }

  async prune(...orderIds: readonly string[]): Promise<void> {
    const rows = orderIds.flatMap((orderId) => sent(orderPlaced({ lamp: 1 }, { orderId })).notices);
    await this.#commit(rows.map((row) => ({ table: notices, row, removed: true })));
  }

  async removeAll(): Promise<void> {
    await this.#store.clear([]);
    this.#tell([]);
  }

  /** Lets each read fail from now on; none with null. */
  fail(error: AppError | null): void {
    this.#failure = error;
    this.#tell([{}]);
  }

  async request(query = '', headers: Readonly<Record<string, string>> = accept, method = 'GET'): Promise<Response> {
    return this.#app.request(`/notifications/stream${query}`, { method, headers });
  }

  async open(lastEventId = '', query = ''): Promise<Reading> {
    const resume: Record<string, string> = lastEventId === '' ? {} : { 'last-event-id': lastEventId };
    return this.read(await this.request(query, { ...accept, ...resume }));
  }

  read(response: Response): Reading {
    const reading = new Reading(response);
    this.#readings.push(reading);
    return reading;
  }

  async #commit(writes: readonly Write[]): Promise<void> {
    const stored = writes.map((write) => ({ ...write, stored: write.removed === true ? write.row : null }));
    const commit: Commit = { ...NOTHING, writes: stored };
    await this.#store.transact({}, () => commit);
  }

  #tell(outcomes: readonly object[]): void {
    for (const listener of this.#listeners) listener(outcomes as Parameters<Listener>[0]);
  }
}
