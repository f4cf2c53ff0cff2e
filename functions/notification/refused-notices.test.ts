import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orderPlaced } from '../../saga/examples.ts';
import { AppError } from '../../shared/core/errors.ts';
import type { StoreFunction } from '../../shared/runtime/function.ts';
import { DeadLetterBench } from '../../shared/testing/dead-letter-bench.ts';
import { sendAgain } from './examples.ts';
import { notification } from './function.ts';
import { drain, orderIds, refuse, SenderBench } from './sender-bench.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

let bench: SenderBench<DeadLetterBench>;
beforeEach(async () => {
  bench = new SenderBench(await DeadLetterBench.open(notification as unknown as StoreFunction));
});
afterEach(() => bench.close());

describe('a notice that the channel refuses', () => {
  it('is tried again when it is due and not before, with its attempts counted across restarts', async () => {
    await bench.write('BAD');
    bench.answers.set('BAD', refuse);
    await bench.send();
    const [first] = await bench.rows();
    bench.bench.nowMs = Date.parse(first?.dueAt ?? '') - 1;
    await bench.send();
    const early = bench.asked.length;
    bench.bench.nowMs += 1;
    await bench.send();
    const [second] = await bench.rows();

    expect([early, bench.asked.length]).toEqual([1, 2]);
    expect([first, second].map((row) => [row?.status, row?.refusals, row?.lastError])).toEqual([
      ['pending', 1, 'the mailbox is full'],
      ['pending', 2, 'the mailbox is full'],
    ]);
    expect(Date.parse(second?.dueAt ?? '')).toBeGreaterThan(bench.bench.nowMs);
  });

  it('does not have the others of its step sent again', async () => {
    const [, ...others] = await bench.write('BAD', ...orderIds(255));
    bench.answers.set('BAD', refuse);
    await bench.send();

    expect(bench.accepted).toEqual(others);
    expect(await bench.statuses()).toEqual(['pending', ...others.map(() => 'sent')]);
  });

  it('delays no other, however many are refused at once and again', async () => {
    const bad = orderIds(600, 'BAD');
    for (const orderId of bad) bench.answers.set(orderId, refuse);
    await bench.write(...bad);
    const counts = await bench.withSender(async (sender) => {
      await drain(sender);
      const counts: number[] = [];
      for (let round = 0; round < 4; round++) {
        // All 600 are due.
        bench.bench.nowMs += HOUR_MS;
        await bench.writeMeanwhile(`GOOD_${round}`);
        await sender.step();
        counts.push(bench.accepted.length);
      }
      return counts;
    });

    expect(counts).toEqual([1, 2, 3, 4]);
  });

  it('delays no new one when more than a step takes are due, also while the channel accepts others', async () => {
    const bad = orderIds(300, 'BAD');
    for (const orderId of bad) bench.answers.set(orderId, refuse);
    await bench.write(...bad);
    const asked = await bench.withSender(async (sender) => {
      await drain(sender);
      // Each notice that is accepted lets more be tried again at a time.
      for (const orderId of orderIds(5, 'EARLY')) {
        await bench.writeMeanwhile(orderId);
        await sender.step();
      }
      bench.bench.nowMs += HOUR_MS;
      await bench.writeMeanwhile('GOOD');
      const before = [bench.asked.length, bench.accepted.length] as const;
      await sender.step();
      return [bench.asked.length - before[0], bench.accepted.length - before[1]];
    });

    expect(asked).toEqual([256, 1]);
  });

  it('is not tried again while an attempt is under way', async () => {
    await bench.write('BAD');
    bench.answers.set('BAD', refuse);
    await bench.send();
    bench.answers.set('BAD', () => new Promise(() => undefined));
    bench.bench.nowMs += HOUR_MS;
    await bench.withSender(async (sender) => {
      for (let step = 0; step < 3; step++) await sender.step();
      expect([bench.asked.length, sender.sleepMs() > 0]).toEqual([2, true]);
    });
  });

  it('is tried again among many new ones', async () => {
    await bench.write('BAD');
    bench.answers.set('BAD', refuse);
    await bench.send();
    bench.answers.clear();
    bench.bench.nowMs += HOUR_MS;
    const [bad] = await bench.rows();
    await bench.write(...orderIds(600));
    await bench.withSender((sender) => sender.step());

    expect(bench.accepted.includes(bad?.notificationId ?? '')).toBe(true);
  });

  it('fails after its last attempt, with the error, and is not tried any more', async () => {
    await bench.write('BAD', 'GOOD');
    bench.answers.set('BAD', refuse);
    for (let attempt = 0; attempt < 45; attempt++) {
      await bench.send();
      bench.bench.nowMs += HOUR_MS;
    }

    const [bad] = await bench.rows();
    expect(bench.asked.length).toBe(41);
    expect(bad).toMatchObject({ status: 'failed', refusals: 40, lastError: 'the mailbox is full', dueAt: null });
    expect(await bench.statuses()).toEqual(['failed', 'sent']);
  });

  it('fails at once when the channel says that it is final', async () => {
    await bench.write('BAD', 'GOOD');
    bench.answers.set('BAD', () => Promise.reject(new AppError('not_found', 'there is no such address')));
    await bench.send();

    expect((await bench.rows()).map(({ status, lastError }) => [status, lastError])).toEqual([
      ['failed', 'there is no such address'],
      ['sent', null],
    ]);
  });

  it('is not tried earlier than the channel asks for', async () => {
    await bench.write('BUSY');
    const busy = new AppError('too_many_requests', 'slow down', { retryAfterS: 600 });
    bench.answers.set('BUSY', () => Promise.reject(busy));
    await bench.send();

    const [row] = await bench.rows();
    expect(Date.parse(row?.dueAt ?? '') - Date.parse(row?.refusedAt ?? '')).toBe(600_000);
  });

  it('is tried at once when the clock was set back, also before a restart, and then not before its time', async () => {
    await bench.write('BAD');
    bench.answers.set('BAD', refuse);
    const counts = await bench.withSender(async (sender) => {
      await drain(sender);
      bench.bench.nowMs -= DAY_MS;
      await drain(sender);
      const once = bench.asked.length;
      await drain(sender);
      return [once, bench.asked.length];
    });
    bench.bench.nowMs -= DAY_MS;
    await bench.send();

    expect([...counts, bench.asked.length]).toEqual([2, 2, 3]);
  });

  it('and that an operator has sent again is tried at once when the clock was set back since, also before a restart', async () => {
    const fact = orderPlaced({ lamp: 1 }, { orderId: 'BAD' });
    await bench.bench.exhaust(fact);
    bench.answers.set('BAD', () => Promise.reject(new AppError('not_found', 'there is no such address')));
    await bench.send();
    bench.answers.clear();
    bench.bench.nowMs += DAY_MS;
    const submitted = bench.bench.worker.submit({
      ...sendAgain(fact),
      time: new Date(bench.bench.nowMs).toISOString(),
    });
    await bench.bench.settle();
    await submitted;
    bench.bench.nowMs -= DAY_MS - 1_000;
    await bench.send();

    expect([bench.accepted.length, await bench.statuses()]).toEqual([1, ['sent']]);
  });

  it('costs one attempt when the clock jumps a day ahead, and one when it is right again', async () => {
    await bench.write('BAD');
    bench.answers.set('BAD', refuse);
    await bench.withSender(async (sender) => {
      for (const jumpMs of [0, DAY_MS, -DAY_MS, 0]) {
        bench.bench.nowMs += jumpMs;
        await drain(sender);
      }
    });

    expect(bench.asked.length).toBe(3);
  });
});
