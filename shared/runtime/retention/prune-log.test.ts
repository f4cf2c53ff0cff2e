import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outbox, topicEpochs } from '../../ports/tables/outbox.ts';
import { count } from '../../testing/probe.ts';
import { FREE, OWNED, ProbeReader, testDays } from '../../testing/probe-reader.ts';

let reader: ProbeReader;
beforeEach(async () => {
  reader = await ProbeReader.create();
});
afterEach(() => reader.remove());

/** Publishes as many events of the probe. */
async function say(events: number): Promise<void> {
  reader.nowMs += 1;
  await reader.publish(...Array.from({ length: events }, (_, n) => reader.fact(`p${n}`, 1)));
  await reader.settle();
}

async function kept(): Promise<readonly (number | undefined)[]> {
  const rows = await reader.store.find({ table: outbox, orderBy: ['position'], limit: 9_999 });
  return [rows.length, rows[0]?.position, rows.at(-1)?.position];
}

describe('the outbox', () => {
  it('loses what is old and read by every group, and never its newest row', async () => {
    await say(5);
    await reader.follow(5);
    reader.pass(testDays.log - 1);
    const early = await reader.cleanUp();
    reader.pass(2);
    const late = await reader.cleanUp();

    expect([early['outbox'], late['outbox'], await kept()]).toEqual([undefined, 4, [1, 5, 5]]);
  });

  it('keeps what a group has yet to read, however long it is gone, and gives it all of it', async () => {
    await say(4);
    await reader.follow(1);
    reader.pass(testDays.log * 10);
    await reader.cleanUp();
    const topics = ['probe-events'];
    const subscription = await reader.log.subscribe({
      group: 'follower',
      topics,
      positions: [],
      wake: () => undefined,
    });

    expect((await subscription.poll(10)).map(({ position }) => position)).toEqual([2, 3, 4]);
  });

  it('keeps everything for a group that has never started', async () => {
    await say(4);
    reader.pass(testDays.log * 10);
    await reader.cleanUp();

    expect(await kept()).toEqual([4, 1, 4]);
  });

  it('keeps what is young', async () => {
    await say(2);
    reader.pass(testDays.log + 1);
    await say(2);
    await reader.follow(4);
    await reader.cleanUp();

    expect(await kept()).toEqual([2, 3, 4]);
  });

  it('never uses a position again', async () => {
    await say(3);
    await reader.follow(3);
    reader.pass(testDays.log + 1);
    await reader.cleanUp();
    await reader.restart();
    await say(1);

    expect(await kept()).toEqual([2, 3, 4]);
  });

  it('goes in small pieces, one commit each, beside a reader that reads on: nothing unread goes', async () => {
    await say(1_400);
    reader.pass(testDays.log + 1);
    const subscription = await reader.log.subscribe({
      group: 'follower',
      topics: ['probe-events'],
      positions: [],
      wake: () => undefined,
    });
    const read: number[] = [];
    const pieces: number[] = [];
    for (let turn = 0; turn < 3; turn++) {
      const records = await subscription.poll(700);
      read.push(...records.map(({ position }) => position));
      await reader.follow(read.length);
      await subscription.acknowledge(records);
      for (let more = true; more; ) {
        const before = (await kept())[0] ?? 0;
        more = await reader.retention.step();
        pieces.push(before - ((await kept())[0] ?? 0));
      }
    }

    expect(read).toEqual(Array.from({ length: 1_400 }, (_, n) => n + 1));
    expect(Math.max(...pieces)).toBe(250);
    expect(await kept()).toEqual([1, 1_400, 1_400]);
  });

  it('forgets the lives of its writer of which nothing is left', async () => {
    for (let life = 0; life < 5; life++) {
      await say(2);
      await reader.restart();
    }
    await reader.follow(10);
    reader.pass(testDays.log + 1);
    await reader.cleanUp();
    const lives = await reader.store.find({ table: topicEpochs, limit: 99 });

    expect(lives.map(({ fromPosition }) => fromPosition)).toEqual([8, 10]);
    expect(await reader.log.progress('probe-events')).toMatchObject([{ position: 10, lag: 0 }]);
  });
});

describe('a topic that is open to all', () => {
  const old = () => ({ ...count('a', 1), time: new Date(reader.nowMs).toISOString() });

  it('is cleaned up by its reader, as far as that has read', async () => {
    await reader.log.append(FREE, [old(), old(), old()]);
    reader.pass(testDays.log + 1);
    const unread = await reader.cleanUp();
    await reader.settle();
    const read = await reader.cleanUp();

    expect([unread[FREE], read[FREE]]).toEqual([undefined, 2]);
    expect(await reader.log.progress(FREE)).toMatchObject([{ position: 3, end: 3, lag: 0 }]);
  });

  it('goes on behind its newest record', async () => {
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

  it('is left alone where a function writes it', async () => {
    await expect(reader.log.prune(OWNED, { cutoffMs: 0, nowMs: 0, limit: 1 })).rejects.toThrow(
      `only its own function removes what is in ${OWNED}`,
    );
  });
});
