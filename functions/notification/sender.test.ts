import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orderPlaced } from '../../saga/examples.ts';
import { AppError } from '../../shared/core/errors.ts';
import type { StoreFunction } from '../../shared/runtime/function.ts';
import { DeadLetterBench } from '../../shared/testing/dead-letter-bench.ts';
import { notification } from './function.ts';
import { drain, orderIds, refuse, SenderBench, waitFor } from './sender-bench.ts';

let bench: SenderBench<DeadLetterBench>;
beforeEach(async () => {
  bench = new SenderBench(await DeadLetterBench.open(notification as unknown as StoreFunction));
});
afterEach(() => bench.close());

describe('a notice', () => {
  it('is sent for a committed fact, and not for one whose commit failed', async () => {
    const { failures } = bench.bench;
    failures.set(orderPlaced({ lamp: 1 }, { orderId: 'ORDER_8' }).id, new TypeError('this is a bug'));
    await bench.write('ORDER_7', 'ORDER_8');
    await bench.send();

    expect([bench.accepted.length, await bench.statuses()]).toEqual([1, ['sent']]);
  });

  it('is sent again under the same id when its sending could not be recorded', async () => {
    const ids = await bench.write('ORDER_7');
    bench.answers.set('ORDER_7', () => bench.bench.worker.stop());
    const cut = bench.withSender((sender) => sender.step().then(() => sender.step()));
    await expect(cut).rejects.toMatchObject({ code: 'unavailable' });
    const before = await bench.statuses();
    bench.answers.clear();
    await bench.send();

    expect([before, await bench.statuses(), bench.accepted]).toEqual([['pending'], ['sent'], [...ids, ...ids]]);
  });

  it.each([
    ['a transient error', new AppError('unavailable', 'the database is locked', { retryAfterS: 1 })],
    ['a bug', new TypeError('this is a bug')],
  ])('that cannot be recorded because of %s is recorded later, and not sent again', async (_, error) => {
    await bench.write('ONE', 'TWO', 'THREE');
    const { store, clock, catalog } = bench.bench.worker;
    const errors = [error, error];
    const submit: typeof bench.bench.worker.submit = (message) => {
      const failure = errors.pop();
      return failure === undefined ? bench.bench.worker.submit(message) : Promise.reject(failure);
    };
    const context = { store, clock, catalog, submit };
    const work = bench.withSender(
      async (sender) => {
        await expect(sender.step()).rejects.toBe(error);
        await expect(sender.step()).rejects.toBe(error);
        const before = await bench.statuses();
        await drain(sender);
        return new Set(before);
      },
      { context },
    );

    expect([await work, new Set(await bench.statuses()), bench.accepted.length]).toEqual([
      new Set(['pending']),
      new Set(['sent']),
      3,
    ]);
  });

  it('stores the time of its sending and is otherwise unchanged', async () => {
    await bench.write('ORDER_7');
    const [before] = await bench.rows();
    await bench.send();

    const [after] = await bench.rows();
    const time = expect.stringMatching(/^.{23}Z$/);
    expect(after).toEqual({ ...before, status: 'sent', sentAt: time });
  });

  it('is sent once and in its turn among many, the oldest first', async () => {
    const ids = await bench.write(...orderIds(520));
    const steps = await bench.send();

    expect([steps, new Set(await bench.statuses()), bench.accepted]).toEqual([3, new Set(['sent']), ids]);
  });

  it('is written once when its fact comes several times', async () => {
    await bench.bench.exhaust(orderPlaced({ lamp: 1 }), orderPlaced({ lamp: 1 }));
    await bench.send();
    await bench.bench.exhaust(orderPlaced({ lamp: 1 }));

    expect([await bench.send(), bench.accepted.length]).toEqual([1, 1]);
  });
});

describe('a channel that is slow', () => {
  it('delays no other with a notice that it never answers, and the step waits for none', async () => {
    await bench.write('SILENT', 'GOOD');
    bench.answers.set('SILENT', () => new Promise(() => undefined));
    const before = await bench.withSender(async (sender) => {
      await sender.step();
      const before = await bench.statuses();
      await bench.writeMeanwhile('LATER');
      await sender.step();
      return before;
    });

    expect([before, await bench.statuses()]).toEqual([
      ['pending', 'sent'],
      ['pending', 'sent', 'sent'],
    ]);
  });

  it('has an attempt end after its time, and the notice is tried again', async () => {
    await bench.write('SILENT');
    bench.answers.set('SILENT', () => new Promise(() => undefined));
    const work = async (sender: Parameters<typeof drain>[0]) => {
      let wakes = 0;
      await sender.step(() => {
        wakes += 1;
      });
      await waitFor(async () => wakes === 1);
      await sender.step();
    };
    await bench.withSender(work, { timeoutMs: 20 });

    expect(await bench.rows()).toMatchObject([
      { status: 'pending', refusals: 1, lastError: 'the channel did not answer within 20 ms' },
    ]);
  });

  it('is given at most 256 notices at a time', async () => {
    const slow = orderIds(300);
    const releases: (() => void)[] = [];
    for (const orderId of slow) bench.answers.set(orderId, () => new Promise((resolve) => releases.push(resolve)));
    await bench.write(...slow);
    const atATime = await bench.withSender(async (sender) => {
      await drain(sender);
      await sender.step();
      const atATime = bench.asked.length;
      while (releases.length > 0) {
        for (const release of releases.splice(0)) release();
        // The answers wake the loop.
        for (let step = 0; step < 3; step++) await sender.step();
      }
      return atATime;
    });

    expect([atATime, bench.asked.length, new Set(await bench.statuses())]).toEqual([256, 300, new Set(['sent'])]);
  });

  it('has a moment to answer when the function stops, and its answer is recorded', async () => {
    await bench.write('SLOW');
    let release: () => void = () => undefined;
    bench.answers.set(
      'SLOW',
      () =>
        new Promise((resolve) => {
          release = resolve;
        }),
    );
    await bench.withSender(async (sender) => {
      await sender.step();
      const finished = sender.finish();
      release();
      await finished;
    });

    expect(await bench.statuses()).toEqual(['sent']);
  });
});

describe('a channel that refuses everything', () => {
  it('gets few notices again at a time, and more as soon as it accepts one', async () => {
    const all = orderIds(200);
    for (const orderId of all) bench.answers.set(orderId, refuse);
    await bench.write(...all);
    const tried = await bench.withSender(async (sender) => {
      await drain(sender);
      bench.bench.nowMs += 3_600_000;
      const counts: number[] = [];
      for (let step = 0; step < 5; step++) {
        if (step === 2) bench.answers.clear();
        const before = bench.asked.length;
        await sender.step();
        counts.push(bench.asked.length - before);
      }
      return counts;
    });

    expect(tried).toEqual([16, 16, 16, 32, 64]);
  });

  it('lets the loop sleep until the next notice is due', async () => {
    await bench.write('BAD');
    bench.answers.set('BAD', refuse);
    await bench.withSender(async (sender) => {
      await drain(sender);
      const [row] = await bench.rows();

      expect(sender.sleepMs()).toBe(Date.parse(row?.dueAt ?? '') - bench.bench.nowMs);
    });
  });
});
