/** The stream, the lock and the channel of a real browser. */
import type { LiveEvent } from './events.ts';
import type { Browser } from './shared-stream.ts';

const NAME = 'saga-store live';
const PATH = '/operations/stream';
const kinds = ['tick', 'function', 'messages'] as const;

export const browser: Browser = {
  lead(signal, lead) {
    const channel = openChannel();
    channel?.close();
    if (channel === null) {
      lead();
      return;
    }
    const hold = () =>
      new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve());
        lead();
      });
    navigator.locks.request(NAME, { signal }, hold).catch((error: unknown) => {
      if (signal.aborted) return;
      if (!isRefused(error)) throw error;
      lead();
    });
  },

  join(receive) {
    const channel = openChannel();
    if (channel === null) return { send: () => undefined, close: () => undefined };
    channel.onmessage = ({ data }: MessageEvent<LiveEvent>) => receive(data);
    return { send: (event) => channel.postMessage(event), close: () => channel.close() };
  },

  open({ opened, event, lost }) {
    const source = new EventSource(PATH);
    source.onopen = opened;
    source.onerror = () => lost(source.readyState === EventSource.CLOSED);
    for (const kind of kinds) source.addEventListener(kind, ({ data }: MessageEvent<string>) => event(kind, data));
    return source;
  },

  nowMs: () => Date.now(),
  newId: () => `${Date.now()} ${performance.now()}`,
};

/** Null where each tab has a stream of its own: on HTTP at another address than loopback, and where a browser keeps no site data. */
function openChannel(): BroadcastChannel | null {
  // Locks exist in secure contexts alone.
  if (navigator.locks === undefined) return null;
  try {
    return new BroadcastChannel(NAME);
  } catch (error) {
    if (!isRefused(error)) throw error;
    return null;
  }
}

/** Some browsers refuse channels where they keep no site data, others only locks. */
function isRefused(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'SecurityError';
}
