import { expect, it } from 'vitest';
import type { Message } from '../core/message.ts';
import { type Context, numbered, placeOf } from './log-examples.ts';
import { count } from './probe.ts';

/** How far groups have read. */
export function progressing(context: () => Context): void {
  async function progress(): Promise<unknown> {
    const { log, subject } = context();
    return (await log.progress(subject.written)).find(({ group }) => group === subject.group);
  }

  it('of a group that never read an empty topic is 0, with no lag', async () => {
    const { subject } = context();

    expect(await progress()).toEqual({ group: subject.group, position: 0, end: 0, lag: 0, oldestUnreadAt: null });
  });

  it('of a group that never read counts all records, from the time of the oldest', async () => {
    const { publish } = context();
    const [first, ...others] = numbered('a', 1, 3);
    await publish({ ...(first as Message), time: '2026-02-01T00:00:00.000Z' }, ...others);

    expect(await progress()).toMatchObject({ position: 0, lag: 3, oldestUnreadAt: '2026-02-01T00:00:00.000Z' });
  });

  it('is known while the process of the group does not run', async () => {
    const { publish, subscribe, log, subject } = context();
    await publish(...numbered('a', 1, 5));
    const places = (await (await subscribe()).poll(2)).map(placeOf).slice(1);
    const position = places[0]?.position;
    await subject.commitPositions(log, places);

    expect(await progress()).toMatchObject({ position, lag: 3, oldestUnreadAt: count('a', 3).time });
  });

  it('of a group that has read everything has no lag', async () => {
    const { publish, subscribe, log, subject } = context();
    await publish(...numbered('a', 1, 2));
    const ends = await (await subscribe()).ends();
    await subject.commitPositions(log, ends);
    const [end] = ends;

    expect(await progress()).toEqual({
      group: subject.group,
      position: end?.position,
      end: end?.position,
      lag: 0,
      oldestUnreadAt: null,
    });
  });

  it('of a topic without readers is empty', async () => {
    const { log, subject } = context();

    expect(await log.progress(subject.publicTopic)).toEqual([]);
  });
}
