import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TransientError } from '../../core/errors.ts';
import type { Message } from '../../core/message.ts';
import { outbox } from '../../ports/tables/outbox.ts';
import { DeadLetterBench, TOPIC } from '../../testing/dead-letter-bench.ts';
import { count, UNITS_MAX } from '../../testing/probe.ts';

let bench: DeadLetterBench;

beforeEach(async () => {
  bench = await DeadLetterBench.open();
});
afterEach(() => bench.close());

const names = ['a', 'b', 'c'];
const indexes = Array.from({ length: 10 }, (_, index) => index);
const nameAt = (index: number) => names[index % names.length] ?? '';
/** Ten messages of three keys. Units differ by a bit each, so that a lost message cannot hide behind a duplicate. */
const ten = indexes.map((index) => count(nameAt(index), 2 ** index));

/** The messages that had an effect, per key, as indexes into the batch. */
async function effects(): Promise<Readonly<Record<string, readonly number[]>>> {
  const rows = await bench.store.find({ table: outbox, orderBy: ['position'], limit: 2_000 });
  const found: Record<string, readonly number[]> = {};
  for (const { subject, attributes } of rows) {
    const index = ten.findIndex(({ id }) => id === attributes.causationid);
    found[subject] = [...(found[subject] ?? []), index];
  }
  return found;
}

/** All of the batch but these, per key in order. */
function allBut(...left: readonly number[]): Readonly<Record<string, readonly number[]>> {
  const found: Record<string, readonly number[]> = {};
  for (const index of indexes.filter((one) => !left.includes(one))) {
    found[nameAt(index)] = [...(found[nameAt(index)] ?? []), index];
  }
  return found;
}

/** The sum of all counted units. */
async function unitsIn(): Promise<number> {
  return Object.values(await bench.units()).reduce((sum, units) => sum + units, 0);
}

function unitsOf(found: Readonly<Record<string, readonly number[]>>): number {
  return Object.values(found)
    .flat()
    .reduce((sum, index) => sum + 2 ** index, 0);
}

/** The index, and those behind it in its key. */
function behind(index: number): readonly number[] {
  return indexes.filter((one) => one >= index && nameAt(one) === nameAt(index));
}

describe.each(indexes)('in a batch of ten, when message %i', (index) => {
  const message = ten[index] as Message;

  it('fails for a while, the others are handled at once and the rest of its key follows in order', async () => {
    bench.failures.set(message.id, new TransientError('not now'));
    await bench.log.append(TOPIC, ten);
    await bench.settle();
    const meanwhile = await effects();
    bench.failures.clear();
    await bench.exhaust();

    expect([meanwhile, await effects()]).toEqual([allBut(...behind(index)), allBut()]);
    expect([await unitsIn(), await bench.waiting()]).toEqual([unitsOf(allBut()), [0, 0]]);
  });

  it('always fails, the others are handled once and the rest of its key waits', async () => {
    bench.failures.set(message.id, new TypeError('this is a bug'));
    await bench.exhaust(...ten);

    const done = allBut(...behind(index));
    expect([await effects(), await unitsIn()]).toEqual([done, unitsOf(done)]);
    expect([await bench.statuses(), await bench.waiting()]).toEqual([['open'], [behind(index).length - 1, 1]]);
  });

  it.each([
    ['cannot be read, it is dead-lettered', { ...message, time: 'yesterday' }, [index]],
    ['is too new, it is dead-lettered and blocks its key', { ...message, schemaversion: 99 }, behind(index)],
    ['is refused, it is dead-lettered', { ...message, data: { ...(message.data as object), name: 'refuse' } }, [index]],
  ])('%s', async (_, replacement, left) => {
    await bench.exhaust(...ten.with(index, replacement as (typeof ten)[number]));

    expect([await effects(), await unitsIn()]).toEqual([allBut(...left), unitsOf(allBut(...left))]);
    expect(await bench.statuses()).toEqual(['open']);
  });

  it('breaks a rule of the database, the others are handled one by one, once each', async () => {
    const broken = { ...message, data: { ...(message.data as object), quantity: UNITS_MAX + 1 } };
    await bench.exhaust(...ten.with(index, broken as (typeof ten)[number]));

    const done = allBut(...behind(index));
    expect([await effects(), await unitsIn()]).toEqual([done, unitsOf(done)]);
    expect(await bench.statuses()).toEqual(['open']);
  });
});

describe('one message in a thousand', () => {
  it('that always fails delays no other: all others are handled before its next attempt', async () => {
    const many = Array.from({ length: 1_000 }, (_, n) => count(`key-${n}`, 1));
    const bad = many[500]?.id ?? '';
    bench.failures.set(bad, new TypeError('this is a bug'));
    await bench.log.append(TOPIC, many);
    await bench.settle();
    const first = [Object.keys(await bench.units()).length, bench.asked.length, await bench.waiting()];
    await bench.exhaust();

    expect(first).toEqual([999, 1_000, [1, 1]]);
    expect([bench.asked.filter((id) => id === bad).length, bench.asked.length]).toEqual([2, 1_001]);
    expect(await bench.statuses()).toEqual(['open']);
  });
});
