import { expect, it } from 'vitest';
import type { Browse, LogRecord } from '../ports/message-log.ts';
import { type Context, numbered } from './log-examples.ts';
import { count } from './probe.ts';

/** Looking at a topic, beside all readers. The topics of these tests have one partition. */
export function browsing(context: () => Context): void {
  const browse = async (more: Partial<Browse>): Promise<readonly LogRecord[]> => {
    const { log, subject } = context();
    return log.browse(subject.publicTopic, { partition: 0, from: null, isBackwards: false, max: 100, ...more });
  };
  const contents = (records: readonly LogRecord[]) => records.map(({ value }) => JSON.parse(value).quantity as number);
  const fill = async () => {
    const { log, subject } = context();
    for (const message of numbered('a', 1, 5)) await log.append(subject.publicTopic, [message]);
  };

  it('of an empty topic finds nothing, from either end', async () => {
    expect(await browse({})).toEqual([]);
    expect(await browse({ isBackwards: true })).toEqual([]);
  });

  it('goes from the oldest record on, or from the newest back', async () => {
    await fill();

    expect(contents(await browse({ max: 2 }))).toEqual([1, 2]);
    expect(contents(await browse({ max: 2, isBackwards: true }))).toEqual([5, 4]);
    expect(contents(await browse({ isBackwards: true }))).toEqual([5, 4, 3, 2, 1]);
  });

  it('goes on at a position, that record with it', async () => {
    await fill();
    const third = (await browse({}))[2]?.position ?? 0;

    expect(contents(await browse({ from: third }))).toEqual([3, 4, 5]);
    expect(contents(await browse({ from: third, isBackwards: true }))).toEqual([3, 2, 1]);
    expect(await browse({ from: 1_000_000 })).toEqual([]);
  });

  it('finds nothing in a partition that is not there', async () => {
    await fill();

    expect(await browse({ partition: 7 })).toEqual([]);
  });

  it('tells what a record says, and moves no reader', async () => {
    const { log, subject, subscribe } = context();
    const { data, ...attributes } = count('a', 1);
    await log.append(subject.publicTopic, [{ data, ...attributes }]);

    const [record] = await browse({});

    expect(record).toMatchObject({ topic: subject.publicTopic, partition: 0, attributes: { id: attributes.id } });
    expect(await (await subscribe({ topics: [subject.publicTopic] })).poll(10)).toHaveLength(1);
  });
}
