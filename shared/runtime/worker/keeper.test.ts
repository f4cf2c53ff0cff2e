import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { TransientError } from '../../core/errors.ts';
import { passing } from '../../testing/clock.ts';
import { DeadLetterBench, TOPIC } from '../../testing/dead-letter-bench.ts';
import { FakeLeases } from '../../testing/fake-leases.ts';
import { count } from '../../testing/probe.ts';
import { commitOf } from '../../testing/shelf.ts';
import { recordOf } from '../handle/incoming.ts';
import { appended, newParkedKey } from '../handle/retry-rows.ts';
import { HeldLease } from './held-lease.ts';
import { wokenLoop } from './woken-loop.ts';

/** Longer than a lease, than the time between two questions for it, and than any wait of a parked message here. */
const LATER_MS = 10_000;

let leases: FakeLeases;
let bench: DeadLetterBench;
let keeper: HeldLease;
beforeEach(async () => {
  leases = new FakeLeases();
  bench = await DeadLetterBench.open();
  keeper = new HeldLease(
    leases.of('this'),
    'keeper',
    passing(() => leases.nowMs),
  );
  bench.keeper = keeper;
});
afterEach(() => bench.close());

/** Another instance takes the role. */
async function otherTakes(): Promise<void> {
  expect(await leases.of('other').take('keeper', LATER_MS)).not.toBeNull();
}

function later(): void {
  leases.nowMs += LATER_MS;
  bench.nowMs += LATER_MS;
}

/** Parks a message that passes when it is tried again. */
async function park(): Promise<void> {
  const message = count('a', 1);
  bench.failures.set(message.id, new TransientError('not now'));
  await bench.log.append(TOPIC, [message]);
  await bench.settle();
  bench.failures.clear();
}

describe('a worker that is not the keeper of its function', () => {
  beforeEach(async () => {
    await otherTakes();
    await bench.restart();
  });

  it('handles messages and parks what fails, and leaves what is due to the keeper', async () => {
    await park();
    await bench.log.append(TOPIC, [count('b', 2)]);
    bench.nowMs += LATER_MS - 1;
    await bench.settle();

    expect([await bench.units(), await bench.waiting()]).toEqual([{ b: 2 }, [1, 1]]);
  });

  it('takes over what is due when it becomes the keeper', async () => {
    await park();
    later();
    await bench.settle();

    expect([keeper.isHeld, await bench.units(), await bench.waiting()]).toEqual([true, { a: 1 }, [0, 0]]);
  });
});

describe('the keeper of a function of several instances', () => {
  it('looks every second for what another instance has parked', async () => {
    Object.assign(bench.store, { features: { ...bench.store.features, severalInstances: true } });
    await bench.restart();
    // Once more when the topics are read.
    await bench.settle();
    await bench.settle();
    const now = new Date(bench.nowMs).toISOString();
    const record = recordOf(TOPIC, count('a', 1));
    const writes = appended({ ...newParkedKey('a', now), dueAt: now }, record);
    await bench.store.transact({}, () => commitOf({ writes: writes.map((write) => ({ ...write, stored: null })) }));
    await bench.settle();
    const soon = await bench.units();
    bench.nowMs += 1_000;
    await bench.settle();

    expect([soon, await bench.units()]).toEqual([{}, { a: 1 }]);
  });
});

describe('a worker that was the keeper of its function', () => {
  it('leaves what is due to the next one, and takes it again when it is granted the role again', async () => {
    await bench.restart();
    await park();
    later();
    await otherTakes();
    await bench.settle();
    const lost = [keeper.isHeld, await bench.units()];
    later();
    await bench.settle();

    expect([lost, keeper.isHeld, await bench.units()]).toEqual([[false, {}], true, { a: 1 }]);
  });
});

describe('a loop beside a function', () => {
  it('runs only while its instance is the keeper, and at once when it becomes that', async () => {
    await otherTakes();
    let steps = 0;
    const stopping = new AbortController();
    const step = async () => {
      steps += 1;
      return false;
    };
    const running = wokenLoop(bench.worker, keeper, stopping.signal, { step, wakes: () => false }, () => undefined);
    await keeper.hold();
    const refused = steps;
    later();
    await keeper.hold();
    await vi.waitFor(() => expect(steps).toBe(1));
    stopping.abort();
    await running;

    expect(refused).toBe(0);
  });
});
