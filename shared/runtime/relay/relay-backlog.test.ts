import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { FakeTarget } from '../../testing/fake-relay-target.ts';
import { logLines } from '../../testing/log-lines.ts';
import { openRelayed, publish } from '../../testing/relay-bench.ts';
import { HeldLease } from '../worker/held-lease.ts';
import { Relay, ROWS_MAX } from './relay.ts';

let logged: ReturnType<typeof logLines>;
let store: SqliteStore;
let log: FakeTarget;
let upMs: number;
beforeEach(() => {
  store = openRelayed();
  log = new FakeTarget();
  logged = logLines();
  upMs = 0;
});
afterEach(() => store.close());

function relay(unsentMax = 1_000): Relay {
  const clock = { nowMs: () => 0, upMs: () => upMs };
  const lease = new HeldLease(store.leases, 'relay', clock);
  const { logger } = logged;
  return new Relay({
    name: 'probe',
    topic: 'counted',
    relayed: store.relayed,
    target: log,
    clock,
    logger,
    unsentMax,
    lease,
  });
}

describe('a relay whose log is unavailable', () => {
  it('says how many messages wait, since when and why', async () => {
    const one = relay();
    await publish(store, 'a', 'b');
    log.faults.push(0, 0);
    await expect(one.step()).rejects.toThrow();
    upMs = 3_000;
    await expect(one.step()).rejects.toThrow();

    expect([one.unsent, one.stalledMs, one.unavailableReason()]).toEqual([
      2,
      3_000,
      '2 messages of probe wait in its outbox, not sent since 3 s: the broker is gone',
    ]);
    while (await one.step());
    expect([one.unsent, one.stalledMs, one.unavailableReason()]).toEqual([0, 0, null]);
    expect(logged.lines.map(({ msg }) => msg)).toEqual([
      'probe cannot send its messages',
      'probe sends its messages again',
    ]);
  });

  it('has no room for more at its limit, and has some again when messages are sent', async () => {
    const one = relay(2);
    await publish(store, 'a');
    log.faults.push(0);
    await expect(one.step()).rejects.toThrow();
    const before = one.refusal();
    one.noteCommitted(1);
    await publish(store, 'a');
    const full = one.refusal();
    while (await one.step());

    expect([before, full, one.refusal()]).toEqual([
      null,
      'takes nothing until messages are sent: 2 messages of probe wait in its outbox (OUTBOX_UNSENT_MAX is 2)',
      null,
    ]);
  });

  it('counts again once it sends where it had counted no further', async () => {
    const one = relay(2);
    await publish(store, ...Array.from({ length: ROWS_MAX + 5 }, () => 'a'));
    log.faults.push(0);
    await expect(one.step()).rejects.toThrow();
    await one.step();

    expect(one.refusal()).toContain('more than 2 messages of probe wait');
  });

  it('counts no further than its limit', async () => {
    const one = relay(2);
    await publish(store, 'a', 'a', 'a', 'a', 'a');
    log.faults.push(0);
    await expect(one.step()).rejects.toThrow();

    expect(one.refusal()).toContain('more than 2 messages of probe wait');
  });
});
