import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BEGIN_EPOCH_SQL, NEWEST_EPOCH_SQL } from '../../adapters/embedded/outbox-schema.ts';
import type { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { AppError } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import type { Relayed } from '../../ports/relayed.ts';
import { FakeTarget, PARTITIONS } from '../../testing/fake-relay-target.ts';
import { logLines } from '../../testing/log-lines.ts';
import { count } from '../../testing/probe.ts';
import { drain, openRelayed, publish } from '../../testing/relay-bench.ts';
import { HeldLease } from '../worker/held-lease.ts';
import { Relay, ROWS_MAX } from './relay.ts';

const NOW_MS = Date.parse('2026-03-01T10:00:00.000Z');

let logged: ReturnType<typeof logLines>;
let store: SqliteStore;
let log: FakeTarget;
let nowMs: number;
beforeEach(() => {
  store = openRelayed();
  log = new FakeTarget();
  logged = logLines();
  nowMs = NOW_MS;
});
afterEach(() => store.close());

function relay(unsentMax = 1_000, relayed: Relayed = store.relayed): Relay {
  const clock = { nowMs: () => nowMs, upMs: () => 0 };
  const lease = new HeldLease(store.leases, 'relay', clock);
  const parts = { name: 'probe', topic: 'counted', relayed, target: log, clock, logger: logged.logger };
  return new Relay({ ...parts, unsentMax, lease });
}

async function commit(...messages: readonly Message[]): Promise<void> {
  const outbox = messages.map((message) => ({ topic: 'counted', message }));
  await store.transact({}, () => ({ writes: [], inbox: [], outbox, positions: [] }));
}

describe('a relay', () => {
  it('sends what was committed, in its order, and once', async () => {
    await publish(store, 'a', 'b', 'a');
    const one = relay();
    await drain(one);
    await publish(store, 'b');
    await drain(one);

    expect(log.arrived.map(({ position, send }) => [position, send])).toEqual([
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 2],
    ]);
    expect(await store.relayed.countUnsent(10)).toBe(0);
  });

  it('has one send on its way at a time, and none of more messages than its limit', async () => {
    await commit(...Array.from({ length: ROWS_MAX + 1 }, () => count('a', 1)));
    await drain(relay());

    expect(log.arrived.filter(({ send }) => send === 1).length).toBe(ROWS_MAX);
    expect(log.arrived.at(-1)).toMatchObject({ send: 2, position: ROWS_MAX + 1 });
  });

  it('limits the characters of a send, and sends a longer message alone', async () => {
    const traceparent = 'x'.repeat(200 * 1_024);
    await commit(
      { ...count('a', 1), traceparent },
      { ...count('a', 2), traceparent: traceparent.repeat(2) },
      count('a', 3),
    );
    await drain(relay());

    expect(log.arrived.map(({ send }) => send)).toEqual([1, 2, 3]);
  });

  it('sends the same messages again under the same number when a send fails, with the new ones behind', async () => {
    await publish(store, 'a', 'b', 'a');
    const one = relay();
    log.faults.push(2);
    await expect(one.step()).rejects.toThrow('the broker is gone');
    await publish(store, 'a');
    await drain(one);

    expect(log.arrived.map(({ position, send }) => [position, send])).toEqual([
      [1, 1],
      [2, 1],
      [1, 1],
      [2, 1],
      [3, 1],
      [4, 1],
    ]);
  });

  it('looks again only for what was committed during a send', async () => {
    const one = relay();
    const commitOne = async () => {
      await publish(store, 'a');
      one.noteCommitted(1);
    };
    await drain(one);
    const { send } = log;
    vi.spyOn(log, 'send').mockImplementationOnce(async (...sent) => {
      await commitOne();
      return send.apply(log, sent);
    });
    await commitOne();

    expect([await one.step(), await one.step(), log.arrived.length]).toEqual([true, false, 2]);
  });

  it('knows where each message lies', async () => {
    await publish(store, 'a', 'b', 'a');
    await drain(relay());
    await publish(store, 'a');
    const placeOf = (position: number) => store.relayed.placeOf('counted', position);

    expect([await placeOf(1), await placeOf(2), await placeOf(3), await placeOf(4)]).toEqual([
      { partition: 'a'.charCodeAt(0) % PARTITIONS, offset: 0 },
      { partition: 'b'.charCodeAt(0) % PARTITIONS, offset: 0 },
      { partition: 'a'.charCodeAt(0) % PARTITIONS, offset: 1 },
      null,
    ]);
  });

  it('is told in which epoch of the writer each message was written', async () => {
    const begin = () => {
      store.database.exec(BEGIN_EPOCH_SQL);
      return store.database.prepare(NEWEST_EPOCH_SQL).pluck().get();
    };
    await publish(store, 'a');
    const second = begin();
    await publish(store, 'a', 'a');
    begin();
    const last = begin();
    await publish(store, 'a');

    expect((await store.relayed.unsent(9)).map(({ epoch }) => epoch)).toEqual(['', second, second, last]);
  });

  it('takes a greater token at each start, also where the clock was set back', async () => {
    await publish(store, 'a');
    await drain(relay());
    nowMs -= 60_000;
    await publish(store, 'a');
    await drain(relay());

    const [first, second] = log.arrived;
    expect([first?.token, (second?.token ?? 0) - (first?.token ?? 0)]).toEqual([NOW_MS, 1]);
  });

  it('marks nothing once another run has begun, and begins again', async () => {
    await publish(store, 'a');
    const frozen = relay();
    await drain(frozen);
    await publish(store, 'a');
    const other = relay();
    await drain(other);
    await publish(store, 'a');
    await drain(frozen);
    const tokens = log.arrived.map(({ token }) => token);

    // The frozen one sent the last message under its old token first, could not mark it, and sent it again.
    expect(log.arrived.map(({ position }) => position)).toEqual([1, 2, 3, 3]);
    expect([tokens[2] === tokens[0], (tokens[3] ?? 0) > (tokens[1] ?? 0)]).toEqual([true, true]);
  });

  it('marks a send that arrived before it sends anything else, although the mark fails at first', async () => {
    await publish(store, 'a', 'b');
    const { relayed } = store;
    const full = new AppError('no_room', 'the disk is full');
    vi.spyOn(relayed, 'settle').mockRejectedValueOnce(full).mockRejectedValueOnce(full);
    const hindered = relay(1_000, relayed);
    await expect(hindered.step()).rejects.toThrow('the disk is full');
    await expect(hindered.step()).rejects.toThrow('the disk is full');
    await drain(hindered);
    await drain(relay());

    expect(log.arrived.map(({ position }) => position)).toEqual([1, 2]);
  });

  it('goes on after a crash between a send and its mark: those messages come twice', async () => {
    await publish(store, 'a', 'b');
    log.faults.push(2);
    await expect(relay().step()).rejects.toThrow('the broker is gone');
    await drain(relay());

    expect(log.arrived.map(({ position }) => position)).toEqual([1, 2, 1, 2]);
  });
});

describe('a running relay', () => {
  it('sends what is committed before anything else has its turn', async () => {
    const one = relay();
    const stopping = new AbortController();
    const running = one.run(stopping.signal);
    await new Promise((resolve) => setImmediate(resolve));
    await publish(store, 'a');
    const turn = new Promise((resolve) => setImmediate(() => resolve(log.arrived.length)));
    one.noteCommitted(1);

    expect(await turn).toBe(1);
    stopping.abort();
    await running;
  });
});
