/** Orders of other systems, which come by the public topic: the store trusts its own clock alone. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { dispatchOrder, EXAMPLE_ORDER, placeOrder, stockReserved } from '../../saga/examples.ts';
import { TransientError } from '../../shared/core/errors.ts';
import type { OutsideMessage } from '../../shared/core/message.ts';
import { edit, replay } from '../../shared/runtime/dead-letters/resolve.ts';
import type { StoreFunction } from '../../shared/runtime/function.ts';
import { DeadLetterBench } from '../../shared/testing/dead-letter-bench.ts';
import { eventsOf } from './events.ts';
import { findOrder } from './find-order.ts';
import { order } from './function.ts';
import { toBody } from './representation.ts';
import { orders } from './tables.ts';

const TOPIC = 'order-commands';
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DEADLINE_MS = 15 * MINUTE_MS;
const by = { who: 'ann', reason: 'it works again' };

let bench: DeadLetterBench;

beforeEach(async () => {
  bench = await DeadLetterBench.open({ ...order, consumes: [TOPIC] } as unknown as StoreFunction);
});
afterEach(() => bench.close());

/** A command of another system, with this `time`; undefined: with none. */
function outside(message: OutsideMessage, time: string | null | undefined): OutsideMessage {
  const { time: _, ...rest } = { ...message, source: '/shop' };
  return (time === undefined ? rest : { ...rest, time }) as OutsideMessage;
}

const command = (time: string | null | undefined) => outside(placeOrder({ lamp: 2 }), time);

function now(): string {
  return new Date(bench.nowMs).toISOString();
}

async function append(...messages: readonly OutsideMessage[]): Promise<void> {
  await bench.log.append(TOPIC, messages);
}

async function read() {
  const found = await findOrder(bench, EXAMPLE_ORDER);
  if (found === null) throw new Error('there is no order');
  return toBody(found);
}

describe('an order of another system', () => {
  it.each([
    ['none', undefined, null],
    ['null', null, null],
    ['of the far future', '9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
    ['beyond the last year', '9999-12-31T23:59:59-01:00', '9999-12-31T23:59:59-01:00'],
    ['of the far past', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['with an offset', '2026-01-02T05:04:05+02:00', '2026-01-02T03:04:05.000Z'],
    ['of a leap second', '2016-12-31T23:59:60z', '2017-01-01T00:00:00.000Z'],
  ])('is placed when it is received, and its own time is kept beside: %s', async (_, time, requestedAt) => {
    await append(command(time));
    const received = now();
    bench.nowMs += HOUR_MS;
    await bench.settle();
    const [row] = await bench.store.find({ table: orders, limit: 1 });
    const [event] = await eventsOf(bench.store, EXAMPLE_ORDER);

    expect(await read()).toMatchObject({ placedAt: received, updatedAt: received, requestedAt });
    expect(row?.dueAt).toBe(new Date(bench.nowMs + DEADLINE_MS).toISOString());
    expect(event).toMatchObject({ type: 'OrderPlaced', time: now(), data: { placedAt: received } });
    expect(event?.requestedat ?? null).toBe(requestedAt);
    expect(Number.parseInt(String(event?.id).replace('-', '').slice(0, 12), 16)).toBe(Date.parse(received));
  });

  it('is placed when it is read, where it was received by a clock that was ahead', async () => {
    bench.nowMs += HOUR_MS;
    await append(command('9999-12-31T23:59:59Z'));
    bench.nowMs -= HOUR_MS;
    await bench.settle();

    expect(await read()).toMatchObject({ placedAt: now(), updatedAt: now(), requestedAt: '9999-12-31T23:59:59.000Z' });
  });

  it('keeps its own time when it changes', async () => {
    await append(command('2020-01-01T00:00:00Z'));
    await bench.settle();
    const placedAt = now();
    bench.nowMs += HOUR_MS;
    const submitted = bench.worker.submit(stockReserved({ lamp: 2 }));
    await bench.settle();
    await submitted;

    expect(await read()).toMatchObject({ placedAt, updatedAt: now(), requestedAt: '2020-01-01T00:00:00.000Z' });
  });

  it('is dispatched when the store receives that, whenever the sender says', async () => {
    await append(command(undefined));
    await bench.settle();
    const submitted = bench.worker.submit(stockReserved({ lamp: 2 }));
    await bench.settle();
    await submitted;
    bench.nowMs += HOUR_MS;
    await append(outside(dispatchOrder(), '1970-01-01T00:00:00Z'));
    await bench.settle();
    const events = await eventsOf(bench.store, EXAMPLE_ORDER);

    expect(await read()).toMatchObject({ dispatchedAt: now(), updatedAt: now(), requestedAt: null });
    expect(events.at(-1)).toMatchObject({ type: 'OrderDispatched', requestedat: '1970-01-01T00:00:00.000Z' });
  });

  it.each([
    ['the same time', '2026-01-01T00:00:00Z'],
    ['another time', '2027-01-01T00:00:00Z'],
    ['no time', undefined],
  ])('is a duplicate when it comes again under its id with %s', async (_, time) => {
    await append(command('2026-01-01T00:00:00Z'));
    await bench.settle();
    const first = await read();
    bench.nowMs += MINUTE_MS;
    await append(command(time));
    await bench.settle();

    expect([await read(), await bench.statuses()]).toEqual([first, []]);
  });

  it('without a subject is about the order that its data name', async () => {
    const { subject: _, partitionkey: __, ...rest } = command(undefined);
    await append(rest);
    await bench.settle();
    const [event] = await eventsOf(bench.store, EXAMPLE_ORDER);

    expect(event).toMatchObject({ subject: EXAMPLE_ORDER, partitionkey: EXAMPLE_ORDER });
  });
});

describe('a command of another system that fails', () => {
  const failing = command(undefined);

  it('and passes later is placed when it was first received', async () => {
    bench.failures.set(failing.id, new TransientError('the disk is slow'));
    await append(failing);
    await bench.settle();
    const received = now();
    bench.failures.clear();
    bench.nowMs += HOUR_MS;
    await bench.settle();

    expect(await read()).toMatchObject({ placedAt: received, updatedAt: received, requestedAt: null });
  });

  it('and is replayed is placed when it was first received', async () => {
    const received = now();
    bench.failures.set(failing.id, new Error('a bug'));
    await bench.exhaust(failing);
    bench.failures.clear();
    await replay(bench.scope(), await bench.letter(), by);
    await bench.settle();

    expect(await read()).toMatchObject({ placedAt: received, requestedAt: null });
  });

  it('and is edited gets a new id, and is placed when it was first received', async () => {
    const received = now();
    bench.failures.set(failing.id, new Error('a bug'));
    await bench.exhaust(failing);
    await edit(bench.scope(), await bench.letter(), placeOrder({ lamp: 3 }).data, by);
    await bench.settle();

    expect(await read()).toMatchObject({ placedAt: received, totalQuantity: 3 });
    expect(bench.asked.at(-1)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8/);
  });
});
