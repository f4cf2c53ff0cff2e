import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { FakeTarget } from '../../testing/fake-relay-target.ts';
import { logLines } from '../../testing/log-lines.ts';
import { count, probe } from '../../testing/probe.ts';
import { HeldLease } from '../worker/held-lease.ts';
import { Relay, ROWS_MAX } from './relay.ts';

let logged: ReturnType<typeof logLines>;
let store: SqliteStore;
let log: FakeTarget;
let upMs: number;
beforeEach(() => {
  const { name, tables, migrations } = probe;
  store = SqliteStore.open({ name, file: ':memory:', tables, migrations: migrations.sqlite });
  store.home.move('fake');
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

async function publish(...keys: readonly string[]): Promise<void> {
  const outbox = keys.map((key) => ({ topic: 'counted', message: count(key, 1) }));
  await store.transact({}, () => ({ writes: [], inbox: [], outbox, positions: [] }));
}

describe('a relay whose log is unavailable', () => {
  it('says how many messages wait, since when and why', async () => {
    const one = relay();
    await publish('a', 'b');
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
    await publish('a');
    log.faults.push(0);
    await expect(one.step()).rejects.toThrow();
    const before = one.refusal();
    one.noteCommitted(1);
    await publish('a');
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
    await publish(...Array.from({ length: ROWS_MAX + 5 }, () => 'a'));
    log.faults.push(0);
    await expect(one.step()).rejects.toThrow();
    await one.step();

    expect(one.refusal()).toContain('more than 2 messages of probe wait');
  });

  it('counts no further than its limit', async () => {
    const one = relay(2);
    await publish('a', 'a', 'a', 'a', 'a');
    log.faults.push(0);
    await expect(one.step()).rejects.toThrow();

    expect(one.refusal()).toContain('more than 2 messages of probe wait');
  });
});
