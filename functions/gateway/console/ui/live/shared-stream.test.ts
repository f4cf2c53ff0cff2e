import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LiveEvent } from './events.ts';
import { type Browser, RETRY_MS, SharedStream, SILENT_MS, WATCH_MS } from './shared-stream.ts';

type Source = Parameters<Browser['open']>[0] & { isOpen: boolean };

/** A browser whose tabs share one lock and one channel, and what its server is asked for. */
function fakeBrowser() {
  const waiting: { readonly lead: () => void }[] = [];
  const tabs = new Set<(event: LiveEvent) => void>();
  const sources: Source[] = [];
  let ids = 0;
  const next = () => waiting[0]?.lead();
  const browser: Browser = {
    lead(signal, lead) {
      const place = { lead };
      waiting.push(place);
      if (waiting[0] === place) next();
      signal.addEventListener('abort', () => {
        const wasFirst = waiting[0] === place;
        waiting.splice(waiting.indexOf(place), 1);
        if (wasFirst) next();
      });
    },
    join(receive) {
      tabs.add(receive);
      const send = (event: LiveEvent) => {
        for (const each of tabs) if (each !== receive) each(event);
      };
      return { send, close: () => tabs.delete(receive) };
    },
    open(on) {
      const source = { ...on, isOpen: true };
      sources.push(source);
      return {
        close: () => {
          source.isOpen = false;
        },
      };
    },
    nowMs: () => Date.now(),
    newId: () => String(++ids),
  };
  const tab = () => {
    const events: LiveEvent[] = [];
    const stream = new SharedStream(browser, (event) => events.push(event));
    return { stream, events, last: (kind: LiveEvent['kind']) => events.findLast((event) => event.kind === kind) };
  };
  const open = () => sources.filter(({ isOpen }) => isOpen);
  return { tab, open };
}

const tick = JSON.stringify({ at: '2026-11-27T09:05:00.250Z', functions: [], topics: [] });
const away = JSON.stringify({ name: 'inventory', state: 'away', detail: 'inventory does not answer' });

describe('the stream of all tabs', () => {
  beforeEach(() => void vi.useFakeTimers({ now: 1_000_000 }));
  afterEach(() => void vi.useRealTimers());

  it('is opened once, and each tab gets each event once', () => {
    const { tab, open } = fakeBrowser();
    const tabs = Array.from({ length: 7 }, tab);
    const [source] = open();
    for (const { events } of tabs) events.length = 0;

    source?.opened();
    source?.event('tick', tick);

    expect(open()).toHaveLength(1);
    for (const { events } of tabs) expect(events.map(({ kind }) => kind)).toEqual(['status', 'tick']);
  });

  it('tells a tab that comes later the states that were sent at its begin', () => {
    const { tab, open } = fakeBrowser();
    tab();
    open()[0]?.opened();
    open()[0]?.event('function', away);
    vi.advanceTimersByTime(500);

    const late = tab();

    expect(late.events).toEqual([
      { kind: 'status', body: { connection: '1', pausedSinceMs: null } },
      { kind: 'function', body: { ...JSON.parse(away), sinceMs: 1_000_000 } },
    ]);
  });

  it('is opened by another tab when the first is closed', () => {
    const { tab, open } = fakeBrowser();
    const first = tab();
    const second = tab();
    open()[0]?.opened();

    first.stream.close();
    open()[0]?.opened();
    open()[0]?.event('tick', tick);

    expect(open()).toHaveLength(1);
    expect(second.last('status')).toEqual({ kind: 'status', body: { connection: '2', pausedSinceMs: null } });
    expect(second.last('tick')).toBeDefined();
  });

  it('is paused in every tab from when it breaks until it is back', () => {
    const { tab, open } = fakeBrowser();
    const tabs = [tab(), tab()];
    open()[0]?.opened();
    vi.advanceTimersByTime(250);

    open()[0]?.lost(true);
    const paused = tabs.map(({ last }) => last('status'));
    vi.advanceTimersByTime(RETRY_MS);
    open()[0]?.opened();

    expect(paused).toEqual(tabs.map(() => ({ kind: 'status', body: { connection: '1', pausedSinceMs: 1_000_250 } })));
    for (const { last } of tabs) {
      expect(last('status')).toEqual({ kind: 'status', body: { connection: '2', pausedSinceMs: null } });
    }
  });

  it('is left to the browser where that tries again by itself', () => {
    const { tab, open } = fakeBrowser();
    tab();
    open()[0]?.lost(false);
    const [before] = open();
    vi.advanceTimersByTime(RETRY_MS);
    expect(open()).toEqual([before]);
  });

  it('is opened again when it is silent, though nothing says that it broke', () => {
    const { tab, open } = fakeBrowser();
    const { last } = tab();
    const [silent] = open();
    silent?.opened();

    vi.advanceTimersByTime(SILENT_MS + WATCH_MS);

    expect(silent?.isOpen).toBe(false);
    expect(open()).toHaveLength(1);
    expect(last('status')).toEqual({ kind: 'status', body: { connection: '1', pausedSinceMs: 1_000_000 } });
  });

  it('keeps since when a function is in its state over a new connection', () => {
    const { tab, open } = fakeBrowser();
    const { last } = tab();
    open()[0]?.event('function', away);
    vi.advanceTimersByTime(RETRY_MS);
    open()[0]?.event('function', away);
    expect(last('function')).toMatchObject({ body: { sinceMs: 1_000_000 } });
  });
});
