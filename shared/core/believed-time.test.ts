import { describe, expect, it } from 'vitest';
import { AHEAD_STANDS_MS, BEHIND_STANDS_MS, type Belief, believe } from './believed-time.ts';
import { DAY_MS } from './days.ts';

const START_MS = Date.parse('2026-03-01T10:00:00.000Z');
const HOUR_MS = DAY_MS / 24;
const MINUTE_MS = 60_000;
const start: Belief = { believedMs: START_MS, aheadFromMs: null, waitedMs: 0 };

/** A machine: its time passes, its clock may be off, and the function looks at it once a minute while it runs. */
class Machine {
  belief = start;
  trueMs = START_MS;
  offMs = 0;

  run(ms: number): this {
    for (let left = ms; left > 0; left -= MINUTE_MS) {
      const passed = Math.min(left, MINUTE_MS);
      this.trueMs += passed;
      this.belief = believe(this.belief, this.trueMs + this.offMs, passed);
    }
    return this;
  }

  /** The function does not run for so long, and looks when it starts again. */
  rest(ms: number): this {
    this.trueMs += ms;
    this.belief = believe(this.belief, this.trueMs + this.offMs, 0);
    return this;
  }

  /** By how much the believed time is ahead of the true one. */
  get earlyMs(): number {
    return this.belief.believedMs - this.trueMs;
  }
}

describe('the believed time', () => {
  it('is the time of a clock that does not leap', () => {
    expect(new Machine().run(40 * DAY_MS).earlyMs).toBe(0);
  });

  it.each([
    ['4 seconds', 4_000],
    ['10 minutes', 10 * MINUTE_MS],
    ['20 hours', 20 * HOUR_MS],
    ['a long weekend', 71 * HOUR_MS],
  ])('stays the true one while the clock is 100 days ahead for %s, and afterwards', (_, ms) => {
    const machine = new Machine().run(DAY_MS);
    machine.offMs = 100 * DAY_MS;
    const during = machine.run(ms).earlyMs;
    machine.offMs = 0;

    expect([during, machine.run(10 * DAY_MS).earlyMs]).toEqual([0, 0]);
  });

  it('gets nothing from restarts in a loop while the clock is ahead', () => {
    const machine = new Machine();
    machine.offMs = 100 * DAY_MS;
    for (let restart = 0; restart < 10_000; restart++) machine.rest(0).run(1_000);

    expect(machine.earlyMs).toBe(0);
  });

  it('gets nothing from a clock that leaps ahead again and again', () => {
    const machine = new Machine();
    for (let leap = 0; leap < 200; leap++) {
      machine.offMs = 100 * DAY_MS;
      machine.run(HOUR_MS);
      machine.offMs = 0;
      machine.run(HOUR_MS);
    }

    expect(machine.earlyMs).toBe(0);
  });

  it('follows after a rest of 60 days once the clock has stood for some days of running', () => {
    const machine = new Machine().rest(60 * DAY_MS);
    const early = machine.run(AHEAD_STANDS_MS - MINUTE_MS).earlyMs;

    expect([early, machine.run(MINUTE_MS).earlyMs]).toEqual([-60 * DAY_MS, 0]);
  });

  it('falls back a bounded time where a machine is off for most of each day', () => {
    const machine = new Machine();
    for (let day = 0; day < 365; day++) machine.rest(16 * HOUR_MS).run(8 * HOUR_MS);

    expect(machine.earlyMs).toBeGreaterThan(-20 * DAY_MS);
    expect(machine.earlyMs).toBeLessThanOrEqual(0);
  });

  it('takes no leap ahead for true that comes while it waits after a rest', () => {
    const machine = new Machine().rest(60 * DAY_MS).run(AHEAD_STANDS_MS - HOUR_MS);
    machine.offMs = 100 * DAY_MS;
    machine.run(2 * HOUR_MS);

    expect(machine.earlyMs).toBe(0);
  });

  it('never goes back with a clock that is set back for some days', () => {
    const machine = new Machine().run(DAY_MS);
    machine.offMs = -100 * DAY_MS;
    const { believedMs } = machine.belief;

    expect(machine.run(20 * DAY_MS).belief.believedMs).toBe(believedMs);
  });

  it('comes back to a clock that has been behind for a month of running', () => {
    const machine = new Machine();
    machine.offMs = -10_000 * DAY_MS;
    const early = machine.run(BEHIND_STANDS_MS - MINUTE_MS).belief.believedMs;
    machine.run(MINUTE_MS);

    expect([early, machine.belief.believedMs]).toEqual([START_MS, machine.trueMs + machine.offMs]);
  });

  it('counts no running for one direction that was spent in the other', () => {
    const machine = new Machine();
    machine.offMs = 100 * DAY_MS;
    machine.run(AHEAD_STANDS_MS - HOUR_MS);
    machine.offMs = -100 * DAY_MS;
    machine.run(HOUR_MS);
    machine.offMs = 100 * DAY_MS;
    machine.run(2 * HOUR_MS);

    expect(machine.earlyMs).toBeLessThanOrEqual(0);
  });
});
