import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { orderPlaced } from '../../saga/examples.ts';
import type { OutgoingNotice } from '../../shared/ports/notice-channel.ts';
import type { StoreFunction } from '../../shared/runtime/function.ts';
import { DeadLetterBench } from '../../shared/testing/dead-letter-bench.ts';
import { notification } from './function.ts';
import { NoticeSender } from './sender.ts';
import { notices } from './tables.ts';

let bench: DeadLetterBench;
/** What the channel has taken over. */
let taken: string[];

beforeEach(async () => {
  bench = await DeadLetterBench.open(notification as unknown as StoreFunction);
  taken = [];
});
afterEach(() => bench.close());

/** A channel that takes a notice over, and then says this. */
function channel(after: () => Promise<void> = async () => undefined) {
  return {
    send({ notificationId }: OutgoingNotice) {
      taken.push(notificationId);
      return after();
    },
  };
}

/** Sends what is pending, with the function beside it. */
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
  it('is sent for a fact that is on disk, and not for one whose step was taken back', async () => {
    bench.failures.set(orderPlaced({ chair: 1 }, { orderId: 'ORDER_8' }).id, new TypeError('this is a bug'));
    await bench.exhaust(orderPlaced({ lamp: 1 }), orderPlaced({ chair: 1 }, { orderId: 'ORDER_8' }));
    const worked = [await send(), await send()];

    expect([worked, taken.length, await statuses()]).toEqual([[true, false], 1, ['sent']]);
  });

  it('that the channel did not take is sent again later', async () => {
    await bench.exhaust(orderPlaced({ lamp: 1 }));
    const away = send(() => Promise.reject(new Error('the channel is away')));
    await expect(away).rejects.toThrow('the channel is away');
    const before = await statuses();
    await send();

    expect([before, await statuses(), new Set(taken).size]).toEqual([['pending'], ['sent'], 1]);
  });

  it('is sent again under the same id when its sending could not be noted: its receiver can tell', async () => {
    await bench.exhaust(orderPlaced({ lamp: 1 }));
    const cut = send(() => bench.worker.stop());
    await expect(cut).rejects.toMatchObject({ code: 'unavailable' });
    const before = await statuses();
    await send();

    expect([before, await statuses(), taken.length, new Set(taken).size]).toEqual([['pending'], ['sent'], 2, 1]);
  });

  it('is told with the time at which it was sent, and with all that it was before', async () => {
    await bench.exhaust(orderPlaced({ lamp: 1 }));
    const [before] = await bench.store.find({ table: notices, limit: 9 });
    await send();

    const [after] = await bench.store.find({ table: notices, limit: 9 });
    expect(after).toEqual({ ...before, status: 'sent', sentAt: expect.stringMatching(/^.{23}Z$/) });
  });

  it('of many goes in its turn, the oldest first, and each once', async () => {
    const facts = Array.from({ length: 260 }, (_, index) => orderPlaced({ lamp: 1 }, { orderId: `ORDER_${index}` }));
    await bench.exhaust(...facts);

    await send();
    const before = await statuses(300);
    await send();

    expect([before.map((status) => status === 'sent'), new Set(await statuses(300)), taken]).toEqual([
      facts.map((_, index) => index < 256),
      new Set(['sent']),
      facts.map(({ id }) => id),
    ]);
  });

  it('waits for others only while there are few of them', async () => {
    const facts = Array.from({ length: 520 }, (_, index) => orderPlaced({ lamp: 1 }, { orderId: `ORDER_${index}` }));
    await bench.exhaust(...facts);
    bench.worker.start();
    let gathered = 0;
    const sender = new NoticeSender(bench.worker, channel(), async () => {
      gathered += 1;
    });
    const steps: number[] = [];
    while (await sender.step()) steps.push(gathered);

    expect([taken.length, steps, gathered]).toEqual([520, [1, 1, 1], 2]);
  });

  it('is written once, however often its fact comes', async () => {
    await bench.exhaust(orderPlaced({ lamp: 1 }), orderPlaced({ lamp: 1 }));
    await send();
    await bench.exhaust(orderPlaced({ lamp: 1 }));

    expect([await send(), taken.length]).toEqual([false, 1]);
  });
});
