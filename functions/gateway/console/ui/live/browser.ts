/** The stream, the lock and the channel of a real browser. */
import type { LiveEvent } from './events.ts';
import type { Browser } from './shared-stream.ts';

const NAME = 'saga-store live';
const PATH = '/operations/stream';
const kinds = ['tick', 'function', 'messages'] as const;

export const browser: Browser = {
  lead(signal, lead) {
    // Locks exist in secure contexts alone: on HTTP at another address than loopback each tab has its own stream.
    if (navigator.locks === undefined) {
      lead();
      return;
    }
    const hold = () =>
      new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve());
        lead();
      });
    navigator.locks.request(NAME, { signal }, hold).catch((error: unknown) => {
      if (!signal.aborted) throw error;
    });
  },

  join(receive) {
    if (navigator.locks === undefined) return { send: () => undefined, close: () => undefined };
    const channel = new BroadcastChannel(NAME);
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
