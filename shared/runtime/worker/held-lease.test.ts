import { beforeEach, describe, expect, it } from 'vitest';
import { passing } from '../../testing/clock.ts';
import { FakeLeases } from '../../testing/fake-leases.ts';
import { HeldLease } from './held-lease.ts';

const TTL_MS = 9_000;

let table: FakeLeases;
let granted: string[];
beforeEach(() => {
  table = new FakeLeases();
  granted = [];
});

function instance(name: string): HeldLease {
  const lease = new HeldLease(
    table.of(name),
    'keeper',
    passing(() => table.nowMs),
    TTL_MS,
  );
  lease.onGranted(() => granted.push(name));
  return lease;
}

describe('a lease', () => {
  it('is held by the first that asks for it, and refused to the other', async () => {
    const [a, b] = [instance('a'), instance('b')];

    expect([a.isHeld, await a.hold(), await b.hold(), b.token]).toEqual([false, true, false, null]);
    expect(granted).toEqual(['a']);
  });

  it('is counted on for two thirds of its time, and belongs to no other before the end of it', async () => {
    const [a, b] = [instance('a'), instance('b')];
    await a.hold();
    table.nowMs = (TTL_MS * 2) / 3 - 1;
    const last = [a.isHeld, a.leftMs];
    table.nowMs += 1;
    const over = [a.isHeld, await b.hold()];
    table.nowMs = TTL_MS;

    expect([last, over, await b.hold()]).toEqual([[true, 1], [false, false], true]);
  });

  it('counts from before it was asked for', async () => {
    const slow = table.of('a');
    const leases = {
      ...slow,
      take: async (name: string, ttlMs: number) => {
        const lease = await slow.take(name, ttlMs);
        table.nowMs += 4_000;
        return lease;
      },
    };
    const a = new HeldLease(
      leases,
      'keeper',
      passing(() => table.nowMs),
      TTL_MS,
    );
    await a.hold();

    expect(a.leftMs).toBe(2_000);
  });

  it('is renewed after a third of its time, not with each look, and is the same one then', async () => {
    const a = instance('a');
    await a.hold();
    const { token } = a;
    for (table.nowMs = 0; table.nowMs < 30_000; table.nowMs += 100) expect(await a.hold()).toBe(true);

    expect([a.token, table.asked, granted]).toEqual([token, 10, ['a']]);
  });

  it('is asked for once a second by an instance that waits for it, and goes over to it', async () => {
    const [a, b] = [instance('a'), instance('b')];
    await a.hold();
    table.asked = 0;
    for (; !(await b.hold()); table.nowMs += 100);

    expect([table.nowMs, table.asked, granted]).toEqual([TTL_MS, 10, ['a', 'b']]);
  });

  it('is granted again to an instance that had lost it, with another token', async () => {
    const [a, b] = [instance('a'), instance('b')];
    await a.hold();
    const { token } = a;
    table.nowMs = TTL_MS;
    await b.hold();
    table.nowMs += 1_000;
    const lost = await a.hold();
    table.nowMs += TTL_MS;

    expect([lost, await a.hold(), granted]).toEqual([false, true, ['a', 'b', 'a']]);
    expect(a.token).toBeGreaterThan(token ?? 0);
  });

  it('is kept until its time is over while it cannot be renewed', async () => {
    const a = instance('a');
    await a.hold();
    table.isAway = true;
    table.nowMs = 3_000;
    await expect(a.hold()).rejects.toMatchObject({ code: 'unavailable' });
    const kept = a.isHeld;
    table.nowMs = 6_000;

    expect([kept, a.isHeld]).toEqual([true, false]);
  });

  it('goes over at once when it is given up', async () => {
    const [a, b] = [instance('a'), instance('b')];
    await a.hold();
    await a.release();

    expect([a.isHeld, await b.hold()]).toEqual([false, true]);
  });

  it('that is granted for ever is asked for once', async () => {
    const forEver = new HeldLease(
      {
        take: async () => {
          table.asked += 1;
          return { token: 7, validMs: Number.POSITIVE_INFINITY };
        },
        release: async () => undefined,
      },
      'keeper',
      passing(() => table.nowMs),
    );
    for (; table.nowMs < 100_000; table.nowMs += 1_000) await forEver.hold();

    expect([forEver.isHeld, forEver.token, table.asked]).toEqual([true, 7, 1]);
  });
});
