import { afterEach, describe, expect, it, vi } from 'vitest';
import { passing } from '../../testing/clock.ts';
import { count } from '../../testing/probe.ts';
import type { Outcome } from '../handle/outcome.ts';
import { EventStream } from '../http/event-stream.ts';
import { Figures } from '../worker/figures.ts';
import type { Inspected } from './inspected.ts';
import { Watch } from './watch.ts';

const streams: EventStream[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream.end();
});

type Listener = (outcomes: readonly Outcome[]) => void;

/** A function that can be watched, and the listeners to its commits. */
function watched() {
  const listeners = new Set<Listener>();
  const state = { reason: null as string | null, upMs: 0 };
  const clock = { ...passing(() => 0), upMs: () => state.upMs };
  const topics = { name: 'probe', publishes: 'probe-events', consumes: [] };
  const inspected = {
    fn: topics,
    store: { count: async () => 2, find: async () => [] },
    clock,
    log: { features: { isOutbox: true, partitions: 1 }, progress: async () => [] },
    writerOf: () => 'probe',
    figures: new Figures(),
    unavailableReason: async () => state.reason,
    waiting: () => ({ parked: 3, paused: [] }),
    onCommit: (listener: Listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  } as unknown as Inspected;
  return { watch: new Watch(inspected), listeners, state, inspected };
}

/** Opens a stream, and collects its events by name. */
function open(watch: Watch, key: string | null = null) {
  const stream = new EventStream(60_000);
  streams.push(stream);
  const events: { name: string; data: never }[] = [];
  const done = watch.feed(stream, key);
  void (async () => {
    for await (const chunk of stream.body) {
      for (const block of Buffer.from(chunk).toString().split('\n\n')) {
        const [, name = '', data = ''] = /^event: (\w+)\ndata: (.*)$/m.exec(block) ?? [];
        if (name !== '') events.push({ name, data: JSON.parse(data) as never });
      }
    }
  })().catch(() => undefined);
  const named = <Data>(name: string) => events.filter((each) => each.name === name).map(({ data }) => data as Data);
  return { stream, done, named };
}

function handled(name: string, id: string, type = 'ReceiveStock'): Outcome {
  return { kind: 'handled', message: { ...count(name, 1), id, type }, emitted: [], state: null };
}

const soon = { timeout: 10_000 };

describe('a watched function', () => {
  it('has no listener and no timer while it is not watched, and none after', async () => {
    const { watch, listeners } = watched();
    expect(listeners.size).toBe(0);

    const [one, other] = [open(watch), open(watch)];
    await vi.waitFor(() => expect(one.named('tick').length).toBeGreaterThan(0), soon);
    expect([listeners.size, watch.watchers]).toEqual([1, 2]);

    one.stream.end();
    await one.done;
    expect([listeners.size, watch.watchers]).toEqual([1, 1]);
    other.stream.end();
    await other.done;
    expect([listeners.size, watch.watchers]).toEqual([0, 0]);
  });

  it('tells its state at the begin and when it changes, and its figures at each tick', async () => {
    const { watch, state, inspected } = watched();
    inspected.figures.count('ReceiveStock', 'handled', 5);
    inspected.figures.reached('confirmed', 10);
    const { named } = open(watch);

    await vi.waitFor(() => expect(named('tick').length).toBeGreaterThan(1), soon);
    state.reason = 'the disk is full';
    state.upMs = 5_000;
    await vi.waitFor(() => expect(named('function')).toHaveLength(2), soon);

    expect(named('function')).toEqual([
      { name: 'probe', state: 'up', detail: null },
      { name: 'probe', state: 'unready', detail: 'the disk is full' },
    ]);
    expect(named<object>('tick')[0]).toMatchObject({
      functions: [
        {
          name: 'probe',
          messages: { ReceiveStock: { handled: 5, dead: 0 } },
          parked: 3,
          deadLetters: 2,
          outcomes: { confirmed: 1 },
          latencyMs: { count: 1 },
        },
      ],
      topics: [{ name: 'probe-events', end: 0, readers: [] }],
    });
  });

  it('sends a sample of what it commits, and says how much it left out', async () => {
    const { watch, listeners } = watched();
    const { named } = open(watch);
    await vi.waitFor(() => expect(listeners.size).toBe(1), soon);

    for (const listener of listeners) listener(Array.from({ length: 70 }, (_, n) => handled('a', `m${n}`)));

    await vi.waitFor(() => expect(named('messages')).toHaveLength(1), soon);
    const [event] = named<{ messages: object[]; skipped: number }>('messages');
    expect([event?.messages.length, event?.skipped]).toEqual([16, 54]);
    expect(event?.messages[0]).toMatchObject({
      function: 'probe',
      type: 'ReceiveStock',
      outcome: 'handled',
      key: 'a',
      id: 'm0',
    });
  });

  it('samples every kind of message, whichever came first', async () => {
    const { watch, listeners } = watched();
    const { named } = open(watch);
    await vi.waitFor(() => expect(listeners.size).toBe(1), soon);
    const busy = Array.from({ length: 70 }, (_, n) => handled('a', `busy${n}`));
    const late = Array.from({ length: 20 }, (_, n) => handled('b', `late${n}`, 'CountStock'));

    for (const listener of listeners) listener([...busy, ...late]);

    await vi.waitFor(() => expect(named('messages')).toHaveLength(1), soon);
    const [event] = named<{ messages: { id: string }[]; skipped: number }>('messages');
    const first = (name: string) => Array.from({ length: 8 }, (_, n) => `${name}${n}`);
    expect(event?.messages.map(({ id }) => id)).toEqual([...first('busy'), ...first('late')]);
    expect(event?.skipped).toBe(74);
  });

  it('sends only the messages of a key to who watches that', async () => {
    const { watch, listeners } = watched();
    const { named } = open(watch, 'b');
    await vi.waitFor(() => expect(listeners.size).toBe(1), soon);

    for (const listener of listeners) listener([handled('a', 'one'), handled('b', 'two')]);

    await vi.waitFor(() => expect(named('messages')).toHaveLength(1), soon);
    expect(named('messages')).toEqual([{ messages: [expect.objectContaining({ id: 'two', key: 'b' })], skipped: 0 }]);
  });

  it('counts for a client that does not read, and sends it no more', async () => {
    const { watch, listeners } = watched();
    const stream = new EventStream(60_000);
    streams.push(stream);
    void watch.feed(stream, null);
    await vi.waitFor(() => expect(stream.isWaiting).toBe(true), soon);
    const { lastWriteMs } = stream;
    const reads = open(watch);

    for (const listener of listeners) listener([handled('a', 'one')]);

    await vi.waitFor(() => expect(reads.named('messages')).toHaveLength(1), soon);
    expect(stream.lastWriteMs).toBe(lastWriteMs);
  });
});
