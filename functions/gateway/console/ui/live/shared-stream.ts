/**
 * One stream for all tabs of a browser, because a browser opens six connections to a host. The tab that holds the lock has the
 * `EventSource` and passes its events on; when it closes, the lock goes to another. A tab that hears nothing for a while says so.
 */
import type { FunctionEventBody } from '../../../../../shared/runtime/inspect/stream-representation.ts';
import type { LiveEvent, LiveFunction, LiveStatus } from './events.ts';

/** Ticks come each 250 ms. */
export const SILENT_MS = 5_000;
export const RETRY_MS = 2_000;
export const WATCH_MS = 1_000;

/** What a tab needs of its browser. */
export interface Browser {
  /** Calls `lead` when this tab is the one that opens the stream, until `signal` aborts. */
  lead(signal: AbortSignal, lead: () => void): void;
  /** The other tabs. `receive` gets what they send. @returns how to send, and how to leave */
  join(receive: (event: LiveEvent) => void): { send(event: LiveEvent): void; close(): void };
  /** Opens the stream. `lost` is called each time it breaks; it says whether the browser tries again by itself. */
  open(on: {
    readonly opened: () => void;
    readonly event: (kind: 'tick' | 'function' | 'messages', data: string) => void;
    readonly lost: (isOver: boolean) => void;
  }): { close(): void };
  nowMs(): number;
  newId(): string;
}

export class SharedStream {
  readonly #browser: Browser;
  readonly #receive: (event: LiveEvent) => void;
  readonly #leaving = new AbortController();
  readonly #tabs: { send(event: LiveEvent): void; close(): void };
  readonly #watch: ReturnType<typeof setInterval>;
  readonly #functions = new Map<string, LiveFunction>();
  #source: { close(): void } | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #status: LiveStatus = { connection: null, pausedSinceMs: null };
  #heardMs: number;
  #isLeader = false;

  /** Joins the other tabs. `receive` gets each event, once. */
  constructor(browser: Browser, receive: (event: LiveEvent) => void) {
    this.#browser = browser;
    this.#receive = receive;
    this.#heardMs = browser.nowMs();
    this.#tabs = browser.join((event) => this.#hear(event));
    this.#tabs.send({ kind: 'hello' });
    this.#watch = setInterval(() => this.#look(), WATCH_MS);
    browser.lead(this.#leaving.signal, () => {
      this.#isLeader = true;
      this.#open();
    });
  }

  /** Leaves; another tab takes over. */
  close(): void {
    this.#leaving.abort();
    this.#source?.close();
    clearTimeout(this.#retry);
    clearInterval(this.#watch);
    this.#tabs.close();
  }

  /** What another tab says. */
  #hear(event: LiveEvent): void {
    if (event.kind === 'hello') {
      if (this.#isLeader) this.#tellAll();
      return;
    }
    if (this.#isLeader) return;
    this.#take(event);
  }

  #take(event: LiveEvent): void {
    this.#heardMs = this.#browser.nowMs();
    if (event.kind === 'status') this.#status = event.body;
    if (event.kind === 'function') this.#functions.set(event.body.name, event.body);
    this.#receive(event);
  }

  #tellAll(): void {
    this.#tabs.send({ kind: 'status', body: this.#status });
    for (const body of this.#functions.values()) this.#tabs.send({ kind: 'function', body });
  }

  #open(): void {
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#heardMs = this.#browser.nowMs();
    this.#source = this.#browser.open({
      opened: () => this.#pass({ kind: 'status', body: { connection: this.#browser.newId(), pausedSinceMs: null } }),
      event: (kind, data) => this.#pass(this.#eventOf(kind, data)),
      lost: (isOver) => {
        this.#lose(this.#browser.nowMs());
        if (isOver) this.#retry = setTimeout(() => this.#open(), RETRY_MS);
      },
    });
  }

  #eventOf(kind: 'tick' | 'function' | 'messages', data: string): LiveEvent {
    const body = JSON.parse(data);
    if (kind !== 'function') return { kind, body };
    const before = this.#functions.get((body as FunctionEventBody).name);
    const isSame = before !== undefined && before.state === body.state;
    return { kind, body: { ...body, sinceMs: isSame ? before.sinceMs : this.#browser.nowMs() } };
  }

  /** The leader has something new, for itself and the others. */
  #pass(event: LiveEvent): void {
    this.#take(event);
    this.#tabs.send(event);
  }

  #lose(sinceMs: number): void {
    if (this.#status.pausedSinceMs !== null) return;
    const event = { kind: 'status', body: { ...this.#status, pausedSinceMs: sinceMs } } as const;
    if (this.#isLeader) this.#pass(event);
    else {
      // The others hear for themselves.
      this.#status = event.body;
      this.#receive(event);
    }
  }

  /** A connection can be dead without an error, and so can the tab that leads. */
  #look(): void {
    const nowMs = this.#browser.nowMs();
    if (nowMs - this.#heardMs < SILENT_MS) return;
    this.#lose(this.#heardMs);
    if (this.#isLeader) this.#open();
    else {
      this.#heardMs = nowMs;
      this.#tabs.send({ kind: 'hello' });
    }
  }
}
