import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outbox, topicEpochs } from '../../ports/tables/outbox.ts';
import { count } from '../../testing/probe.ts';
import { FREE, OWNED, ProbeReader, testDays } from '../../testing/probe-reader.ts';

let reader: ProbeReader;
beforeEach(async () => {
  reader = await ProbeReader.create();
});
afterEach(() => reader.remove());

/** Publishes this many events of the probe. */
async function publish(events: number): Promise<void> {
  reader.nowMs += 1;
  await reader.publish(...Array.from({ length: events }, (_, n) => reader.fact(`p${n}`, 1)));
  await reader.settle();
}

async function remaining(): Promise<readonly (number | undefined)[]> {
  const rows = await reader.store.find({ table: outbox, orderBy: ['position'], limit: 9_999 });
  return [rows.length, rows[0]?.position, rows.at(-1)?.position];
}

describe('the outbox', () => {
  it('is pruned of what is old and read by every group, but never of its newest row', async () => {
    await publish(5);
    await reader.follow(5);
    reader.pass(testDays.log - 1);
    const early = await reader.cleanUp();
    reader.pass(2);
    const late = await reader.cleanUp();

    expect([early['outbox'], late['outbox'], await remaining()]).toEqual([undefined, 4, [1, 5, 5]]);
  });

  it('stores what a group has yet to read, however long that group is down, and delivers all of it', async () => {
    await publish(4);
    await reader.follow(1);
    reader.pass(testDays.log * 10);
    await reader.cleanUp();
    const topics = ['probe-events'];
    const subscription = await reader.log.subscribe({
      group: 'follower',
      topics,
      positions: async () => [],
      wake: () => undefined,
    });

    expect((await subscription.poll(10)).map(({ position }) => position)).toEqual([2, 3, 4]);
  });

  it('stores everything for a group that has never started', async () => {
    await publish(4);
    reader.pass(testDays.log * 10);
    await reader.cleanUp();

    expect(await remaining()).toEqual([4, 1, 4]);
  });

  it('stores what is young', async () => {
    await publish(2);
    reader.pass(testDays.log + 1);
    await publish(2);
    await reader.follow(4);
    await reader.cleanUp();

    expect(await remaining()).toEqual([2, 3, 4]);
  });

  it('is not read on by a group whose data come from a copy that is older than the oldest row, unless it may', async () => {
    await publish(4);
    await reader.follow(4);
    reader.pass(testDays.log + 1);
    await reader.cleanUp();
    const readOn = async (position: number) => {
      const epoch = (await reader.store.find({ table: topicEpochs, limit: 1 }))[0]?.epoch ?? '';
      const positions = [{ topic: 'probe-events', partition: 0, position, epoch }];
      const topics = ['probe-events'];
      const subscription = await reader.log.subscribe({
        group: 'x',
        topics,
        positions: async () => positions,
        wake: () => undefined,
      });
      return (await subscription.poll(10)).map((record) => record.position);
    };
    const sentence =
      'records 2 to 3 of probe-events were pruned before they were read; the data are restored from a copy that is ' +
      'too old: restore a newer one, or set SKIP_PRUNED_RECORDS';

    expect(await remaining()).toEqual([1, 4, 4]);
    await expect(readOn(1)).rejects.toThrow(sentence);
    expect([await readOn(3), await readOn(4)]).toEqual([[4], []]);
    await reader.stop();
    reader.skipsPruned = true;
    await reader.start();
    expect(await readOn(1)).toEqual([4]);
  });

  it('is not read by a group that ran before and has read nothing, but by one that runs for the first time', async () => {
    await publish(4);
    await reader.follow(4);
    reader.pass(testDays.log + 1);
    await reader.cleanUp();
    const readBy = async (hasRun: boolean) => {
      const topics = ['probe-events'];
      const options = { group: 'x', topics, positions: async () => [], hasRun, wake: () => undefined };
      return (await (await reader.log.subscribe(options)).poll(10)).map((record) => record.position);
    };

    await expect(readBy(true)).rejects.toThrow('records 1 to 3 of probe-events were pruned before they were read');
    expect(await readBy(false)).toEqual([4]);
  });

  it('never reuses a position', async () => {
    await publish(3);
    await reader.follow(3);
    reader.pass(testDays.log + 1);
    await reader.cleanUp();
    await reader.restart();
    await publish(1);

    expect(await remaining()).toEqual([2, 3, 4]);
  });

  it('is pruned in small batches, one commit each, beside an active reader: nothing unread is removed', async () => {
    await publish(1_400);
    reader.pass(testDays.log + 1);
    const subscription = await reader.log.subscribe({
      group: 'follower',
      topics: ['probe-events'],
      positions: async () => [],
      wake: () => undefined,
    });
    const read: number[] = [];
    const batches: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const records = await subscription.poll(700);
      read.push(...records.map(({ position }) => position));
      await reader.follow(read.length);
      await subscription.acknowledge(records);
      for (let more = true; more; ) {
        const before = (await remaining())[0] ?? 0;
        more = await reader.retention.step();
        batches.push(before - ((await remaining())[0] ?? 0));
      }
    }

    expect(read).toEqual(Array.from({ length: 1_400 }, (_, n) => n + 1));
    expect(Math.max(...batches)).toBe(250);
    expect(await remaining()).toEqual([1, 1_400, 1_400]);
  });

  it('loses the epochs of its writer that have no row left', async () => {
    for (let epoch = 0; epoch < 5; epoch++) {
      await publish(2);
      await reader.restart();
    }
    await reader.follow(10);
    reader.pass(testDays.log + 1);
    await reader.cleanUp();
    const epochs = await reader.store.find({ table: topicEpochs, limit: 99 });

    expect(epochs.map(({ fromPosition }) => fromPosition)).toEqual([8, 10]);
    expect(await reader.log.progress('probe-events')).toMatchObject([{ position: 10, lag: 0 }]);
  });
});

describe('a public topic', () => {
  const old = () => ({ ...count('a', 1), time: new Date(reader.nowMs).toISOString() });

  it('is pruned by its reader, as far as it has read', async () => {
    await reader.log.append(FREE, [old(), old(), old()]);
    reader.pass(testDays.log + 1);
    const unread = await reader.cleanUp();
    await reader.settle();
    const read = await reader.cleanUp();

    expect([unread[FREE], read[FREE]]).toEqual([undefined, 2]);
    expect(await reader.log.progress(FREE)).toMatchObject([{ position: 3, end: 3, lag: 0 }]);
  });

  it('continues after its newest record', async () => {
    await reader.log.append(FREE, [old(), old()]);
    await reader.settle();
    reader.pass(testDays.log + 1);
    await reader.cleanUp();
    await reader.restart();
    await reader.log.append(FREE, [count('b', 1)]);
    await reader.settle();

    expect([await reader.counted(), await reader.log.progress(FREE)]).toMatchObject([
      { b: [1, 1] },
      [{ position: 3, lag: 0 }],
    ]);
  });

  it('cannot be pruned by a reader when a function owns it', async () => {
    await expect(reader.log.prune(OWNED, { cutoffMs: 0, nowMs: 0, limit: 1 })).rejects.toThrow(
      `only its own function removes what is in ${OWNED}`,
    );
  });
});
