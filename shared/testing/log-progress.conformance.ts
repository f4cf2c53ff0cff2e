import { expect, it } from 'vitest';
import type { Message } from '../core/message.ts';
import { type Context, numbered, placeOf } from './log-examples.ts';
import { count } from './probe.ts';

/** Clocks, and what a log remembers of times, may differ by so much. */
const INEXACT_MS = 2_000;

function isBetween(time: unknown, sinceMs: number, untilMs: number): boolean {
  const timeMs = Date.parse(String(time));
  return timeMs >= sinceMs - INEXACT_MS && timeMs <= untilMs + INEXACT_MS;
}

/** How far groups have read. */
export function progressing(context: () => Context): void {
  async function progress(): Promise<unknown> {
    const { log, subject } = context();
    return (await log.progress(subject.written)).find(({ group }) => group === subject.group);
  }

  /** The record's own time; or that of its receipt, to a second, where that is noted. */
  function ageOf(time: string, sinceMs: number): unknown {
    return context().subject.notesReceipt ? expect.toSatisfy((at) => isBetween(at, sinceMs, Date.now())) : time;
  }

  it('of a group that never read an empty topic is 0, with no lag', async () => {
    const { subject } = context();

    expect(await progress()).toEqual({
      group: subject.group,
      partition: 0,
      position: 0,
      end: 0,
      lag: 0,
      oldestUnreadAt: null,
    });
  });

  it('of a group that never read counts all records, from the time of the oldest', async () => {
    const { publish } = context();
    const [first, ...others] = numbered('a', 1, 3);
    const time = '2026-02-01T00:00:00.000Z';
    const since = Date.now();
    await publish({ ...(first as Message), time }, ...others);

    expect(await progress()).toMatchObject({ position: 0, lag: 3, oldestUnreadAt: ageOf(time, since) });
  });

  it('is known while the process of the group does not run', async () => {
    const { publish, subscribe, log, subject } = context();
    const since = Date.now();
    await publish(...numbered('a', 1, 5));
    const places = (await (await subscribe()).poll(2)).map(placeOf).slice(1);
    const position = places[0]?.position;
    await subject.commitPositions(log, places);

    expect(await progress()).toMatchObject({ position, lag: 3, oldestUnreadAt: ageOf(count('a', 3).time, since) });
  });

  it('of a group that has read everything has no lag', async () => {
    const { publish, subscribe, log, subject } = context();
    await publish(...numbered('a', 1, 2));
    const ends = await (await subscribe()).ends();
    await subject.commitPositions(log, ends);
    const [end] = ends;

    expect(await progress()).toEqual({
      group: subject.group,
      partition: 0,
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
