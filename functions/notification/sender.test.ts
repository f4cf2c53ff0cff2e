import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orderPlaced } from '../../saga/examples.ts';
import type { OutgoingNotice } from '../../shared/ports/notice-channel.ts';
import type { StoreFunction } from '../../shared/runtime/function.ts';
import { DeadLetterBench } from '../../shared/testing/dead-letter-bench.ts';
import { notification } from './function.ts';
import { NoticeSender } from './sender.ts';
import { notices } from './tables.ts';

let bench: DeadLetterBench;
/** Ids of the notices that the channel has accepted. */
let accepted: string[];

beforeEach(async () => {
  bench = await DeadLetterBench.open(notification as unknown as StoreFunction);
  accepted = [];
});
afterEach(() => bench.close());

/** A channel that accepts a notice, and then runs `after`. */
function channel(after: () => Promise<void> = async () => undefined) {
  return {
    send({ notificationId }: OutgoingNotice) {
      accepted.push(notificationId);
      return after();
    },
  };
}

/** Sends pending notices while the function runs. */
async function send(after?: () => Promise<void>): Promise<boolean> {
  bench.worker.start();
  try {
    return await new NoticeSender(bench.worker, channel(after)).step();
  } finally {
    await bench.restart();
  }
}

async function statuses(limit = 99): Promise<readonly string[]> {
  return (await bench.store.find({ table: notices, orderBy: ['position'], limit })).map(({ status }) => status);
}

describe('a notice', () => {
  it('is sent for a committed fact, and not for one whose commit failed', async () => {
    bench.failures.set(orderPlaced({ chair: 1 }, { orderId: 'ORDER_8' }).id, new TypeError('this is a bug'));
    await bench.exhaust(orderPlaced({ lamp: 1 }), orderPlaced({ chair: 1 }, { orderId: 'ORDER_8' }));
    const worked = [await send(), await send()];

    expect([worked, accepted.length, await statuses()]).toEqual([[true, false], 1, ['sent']]);
  });

  it('that the channel rejects is sent again later', async () => {
    await bench.exhaust(orderPlaced({ lamp: 1 }));
    const failed = send(() => Promise.reject(new Error('the channel is unavailable')));
    await expect(failed).rejects.toThrow('the channel is unavailable');
    const before = await statuses();
    await send();

    expect([before, await statuses(), new Set(accepted).size]).toEqual([['pending'], ['sent'], 1]);
  });

  it('is sent again under the same id when its sending could not be recorded', async () => {
    await bench.exhaust(orderPlaced({ lamp: 1 }));
    const cut = send(() => bench.worker.stop());
    await expect(cut).rejects.toMatchObject({ code: 'unavailable' });
    const before = await statuses();
    await send();

    expect([before, await statuses(), accepted.length, new Set(accepted).size]).toEqual([['pending'], ['sent'], 2, 1]);
  });

  it('stores the time of its sending and is otherwise unchanged', async () => {
    await bench.exhaust(orderPlaced({ lamp: 1 }));
    const [before] = await bench.store.find({ table: notices, limit: 9 });
    await send();

    const [after] = await bench.store.find({ table: notices, limit: 9 });
    expect(after).toEqual({ ...before, status: 'sent', sentAt: expect.stringMatching(/^.{23}Z$/) });
  });

  it('is sent once and in its turn among many, the oldest first', async () => {
    const facts = Array.from({ length: 260 }, (_, index) => orderPlaced({ lamp: 1 }, { orderId: `ORDER_${index}` }));
    await bench.exhaust(...facts);

    await send();
    const before = await statuses(300);
    await send();

    expect([before.map((status) => status === 'sent'), new Set(await statuses(300)), accepted]).toEqual([
      facts.map((_, index) => index < 256),
      new Set(['sent']),
      facts.map(({ id }) => id),
    ]);
  });

  it('waits for others only while few are pending', async () => {
    const facts = Array.from({ length: 520 }, (_, index) => orderPlaced({ lamp: 1 }, { orderId: `ORDER_${index}` }));
    await bench.exhaust(...facts);
    bench.worker.start();
    let lingered = 0;
    const sender = new NoticeSender(bench.worker, channel(), async () => {
      lingered += 1;
    });
    const steps: number[] = [];
    while (await sender.step()) steps.push(lingered);

    expect([accepted.length, steps, lingered]).toEqual([520, [1, 1, 1], 2]);
  });

  it('is written once when its fact comes several times', async () => {
    await bench.exhaust(orderPlaced({ lamp: 1 }), orderPlaced({ lamp: 1 }));
    await send();
    await bench.exhaust(orderPlaced({ lamp: 1 }));

    expect([await send(), accepted.length]).toEqual([false, 1]);
  });
});
