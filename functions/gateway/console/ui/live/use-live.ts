/**
 * What happens in the store now, for any page. While a component that uses one of these hooks is shown the stream is open, once for
 * all tabs of the browser. The stream may lose: what a page must have whole it reads again when {@link Live.reconnects} rises, and
 * at {@link MessagesEventBody.skipped}.
 *
 * ```tsx
 * const { tick, functions, pausedSinceMs, reconnects } = useLive();
 * useEffect(() => resource.reload(), [reconnects.value]);     // read again what was missed
 * useLiveMessages(({ messages, skipped }) => { … });           // at most 10 calls a second
 * const changes = useLiveKey(orderId);                         // rises when something about this order was committed
 * ```
 * `<PausedNote />` of `parts/` says when the stream is lost.
 */
import { batch, type ReadonlySignal, signal } from '@preact/signals';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { MessagesEventBody, TickBody } from '../../../../../shared/runtime/inspect/stream-representation.ts';
import { browser } from './browser.ts';
import type { LiveEvent, LiveFunction } from './events.ts';
import { SharedStream } from './shared-stream.ts';

/** Longer than a change of page takes. */
const LINGER_MS = 1_000;
/** A page that reads again at each change of a key does so at most this often. */
const KEY_MS = 250;

export interface Live {
  /** The newest counts, lag and latency; null before the first. */
  readonly tick: ReadonlySignal<TickBody | null>;
  /** The state of each function, by name, in the order in which they were heard of. */
  readonly functions: ReadonlySignal<ReadonlyMap<string, LiveFunction>>;
  /** When the stream was lost, in milliseconds since 1970; null while it flows, and before it first does. */
  readonly pausedSinceMs: ReadonlySignal<number | null>;
  /** How often it came back. */
  readonly reconnects: ReadonlySignal<number>;
}

const tick = signal<TickBody | null>(null);
const functions = signal<ReadonlyMap<string, LiveFunction>>(new Map());
const pausedSinceMs = signal<number | null>(null);
const reconnects = signal(0);
const live: Live = { tick, functions, pausedSinceMs, reconnects };

const receivers = new Set<(event: MessagesEventBody) => void>();
let connection: string | null = null;
let stream: SharedStream | null = null;
let users = 0;

function receive(event: LiveEvent): void {
  switch (event.kind) {
    case 'tick':
      tick.value = event.body;
      return;
    case 'function':
      functions.value = new Map(functions.peek()).set(event.body.name, event.body);
      return;
    case 'messages':
      for (const each of receivers) each(event.body);
      return;
    case 'status':
      batch(() => {
        pausedSinceMs.value = event.body.pausedSinceMs;
        if (event.body.connection === connection) return;
        if (connection !== null) reconnects.value += 1;
        connection = event.body.connection;
      });
  }
}

function use(): () => void {
  users += 1;
  stream ??= new SharedStream(browser, receive);
  return () => {
    users -= 1;
    setTimeout(() => {
      if (users > 0 || stream === null) return;
      stream.close();
      stream = null;
      // What is left is old, and a new stream is no return of this one.
      connection = null;
      tick.value = null;
      functions.value = new Map();
      pausedSinceMs.value = null;
    }, LINGER_MS);
  };
}

export function useLive(): Live {
  useEffect(use, []);
  return live;
}

/** Calls `receive` with the messages that functions have just committed. */
export function useLiveMessages(receiveMessages: (event: MessagesEventBody) => void): void {
  const newest = useRef(receiveMessages);
  newest.current = receiveMessages;
  useEffect(() => {
    const each = (event: MessagesEventBody) => newest.current(event);
    receivers.add(each);
    const leave = use();
    return () => {
      receivers.delete(each);
      leave();
    };
  }, []);
}

/** A number that rises, at most four times a second, when messages of `key` were committed, some were left out, or the stream came back. */
export function useLiveKey(key: string): number {
  const [changes, setChanges] = useState(0);
  const timer = useRef<ReturnType<typeof setTimeout> | null>(null);
  useEffect(() => () => clearTimeout(timer.current ?? undefined), []);
  const rise = () => {
    timer.current ??= setTimeout(() => {
      timer.current = null;
      setChanges((last) => last + 1);
    }, KEY_MS);
  };
  useLiveMessages(({ messages, skipped }) => {
    if (skipped > 0 || messages.some((message) => message.key === key)) rise();
  });
  return changes + useLive().reconnects.value;
}
