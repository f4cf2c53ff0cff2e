import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { FakeLeases } from '../../testing/fake-leases.ts';
import { FakeTarget } from '../../testing/fake-relay-target.ts';
import { logLines } from '../../testing/log-lines.ts';
import { drain, openRelayed, publish } from '../../testing/relay-bench.ts';
import { HeldLease } from '../worker/held-lease.ts';
import { Relay } from './relay.ts';

const SEND_MS = 1_000;
const TTL_MS = 4 * SEND_MS;

let leases: FakeLeases;
let store: SqliteStore;
let log: FakeTarget;
beforeEach(() => {
  store = openRelayed();
  log = new FakeTarget();
  leases = new FakeLeases();
});
afterEach(() => store.close());

/** Each has a clock of its own: that of a frozen one stands still. */
function instance(name: string, upMs: () => number = () => leases.nowMs): Relay {
  const clock = { nowMs: () => leases.nowMs, upMs };
  const lease = new HeldLease(leases.of(name), 'relay', clock, TTL_MS);
  const { logger } = logLines();
  const parts = { name: 'probe', topic: 'counted', relayed: store.relayed, target: log, clock, lease, logger };
  return new Relay({ ...parts, unsentMax: 1_000 });
}

describe('a relay of several instances', () => {
  it('sends nothing while another one holds the lease, and goes on when that is over', async () => {
    await publish(store, 'a');
    const [one, other] = [instance('one'), instance('other')];
    await drain(one);
    await publish(store, 'a');
    await drain(other);
    const meanwhile = log.arrived.length;
    leases.nowMs += TTL_MS;
    await drain(other);

    expect([meanwhile, log.arrived.map(({ position }) => position)]).toEqual([1, [1, 2]]);
  });

  it('sends nothing that may outlast its lease', async () => {
    let upMs = 0;
    const one = instance('one', () => upMs);
    await drain(one);
    await publish(store, 'a');
    leases.isAway = true;
    upMs = (TTL_MS * 2) / 3 - SEND_MS - 10;
    await expect(one.step()).rejects.toThrow('away');
    await drain(one);
    await publish(store, 'a');
    upMs += 10;

    expect([await one.step(), log.arrived.map(({ position }) => position)]).toEqual([false, [1]]);
  });

  it('begins a new run when another one has had the lease in between', async () => {
    const [one, other] = [instance('one'), instance('other')];
    for (const relay of [one, other, one]) {
      await publish(store, 'a');
      await drain(relay);
      leases.nowMs += TTL_MS;
    }
    const tokens = log.arrived.map(({ token }) => token);

    expect([log.arrived.map(({ position }) => position), new Set(tokens).size]).toEqual([[1, 2, 3], 3]);
    expect(tokens).toEqual(tokens.toSorted((a, b) => a - b));
  });

  it('that was frozen marks nothing, stops, and begins a new run when it has the lease again', async () => {
    await publish(store, 'a');
    let frozenMs: number | null = null;
    const frozen = instance('frozen', () => frozenMs ?? leases.nowMs);
    await drain(frozen);
    frozenMs = leases.nowMs;
    leases.nowMs += TTL_MS;
    const other = instance('other');
    await publish(store, 'a');
    await drain(other);
    await publish(store, 'a');
    await drain(frozen);
    const stopped = [log.arrived.map(({ position }) => position), await store.relayed.sentUpTo()];
    frozenMs = null;
    leases.nowMs += TTL_MS;
    await drain(frozen);
    const [, , late, last] = log.arrived;

    // What it sent under its old token is not marked, and comes again under a greater one.
    expect([stopped, log.arrived.map(({ position }) => position)]).toEqual([
      [[1, 2, 3], 2],
      [1, 2, 3, 3],
    ]);
    expect(last?.token).toBeGreaterThan(late?.token ?? Number.POSITIVE_INFINITY);
  });

  it('gives the lease up when it has finished', async () => {
    const [one, other] = [instance('one'), instance('other')];
    await drain(one);
    await publish(store, 'a', 'b');
    await one.finish(1_000);
    await publish(store, 'a');
    await drain(other);

    expect(log.arrived.map(({ position }) => position)).toEqual([1, 2, 3]);
  });
});
