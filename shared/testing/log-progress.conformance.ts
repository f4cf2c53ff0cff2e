import { expect, it } from 'vitest';
import type { Message } from '../core/message.ts';
import { type Context, numbered, placeOf } from './log-examples.ts';
import { count } from './probe.ts';

/** How far readers are. */
export function progressing(context: () => Context): void {
  async function told(): Promise<unknown> {
    const { log, subject } = context();
    return (await log.progress(subject.written)).find(({ group }) => group === subject.group);
  }

  it('of a group that never read an empty topic is nothing, and nothing behind it', async () => {
    const { subject } = context();

    expect(await told()).toEqual({ group: subject.group, position: 0, end: 0, lag: 0, oldestUnreadAt: null });
  });

  it('of a group that never read counts everything, from the time of the oldest record', async () => {
    const { publish } = context();
    const [first, ...others] = numbered('a', 1, 3);
    await publish({ ...(first as Message), time: '2026-02-01T00:00:00.000Z' }, ...others);

    expect(await told()).toMatchObject({ position: 0, lag: 3, oldestUnreadAt: '2026-02-01T00:00:00.000Z' });
  });

  it('is known while the process of the group is gone', async () => {
    const { publish, subscribe, log, subject } = context();
    await publish(...numbered('a', 1, 5));
    const places = (await (await subscribe()).poll(2)).map(placeOf).slice(1);
    const position = places[0]?.position;
    await subject.dealWith(log, places);

    expect(await told()).toMatchObject({ position, lag: 3, oldestUnreadAt: count('a', 3).time });
  });

  it('is nothing behind a group that has read all', async () => {
    const { publish, subscribe, log, subject } = context();
    await publish(...numbered('a', 1, 2));
    const ends = await (await subscribe()).ends();
    await subject.dealWith(log, ends);
    const [end] = ends;

    expect(await told()).toEqual({
      group: subject.group,
      position: end?.position,
      end: end?.position,
      lag: 0,
      oldestUnreadAt: null,
    });
  });

  it('is told of nobody where nobody reads', async () => {
    const { log, subject } = context();

    expect(await log.progress(subject.free)).toEqual([]);
  });
}
