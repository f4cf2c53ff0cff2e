/** A clock that leaps deletes nothing for good before its time, in either direction. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inbox } from '../../ports/tables/inbox.ts';
import { outbox } from '../../ports/tables/outbox.ts';
import { deadLetters, resolutions } from '../../ports/tables/retry.ts';
import { count, probe } from '../../testing/probe.ts';
import { FREE, ProbeReader, testDays } from '../../testing/probe-reader.ts';
import { close, replay } from '../dead-letters/resolve.ts';
import type { StoreFunction } from '../function.ts';

let reader: ProbeReader;
beforeEach(async () => {
  reader = await ProbeReader.create();
});
afterEach(() => reader.remove());

const key = { ...count('k', 2), id: 'a key', source: '/http' };

async function submit(): Promise<string> {
  const answer = reader.worker.submit(key, { deduplicate: true });
  await reader.settle();
  return (await answer).kind;
}

/** A key, a fact of another function and a record of a public topic, and everyone has read what the probe said of them. */
let works = 0;
async function work(): Promise<void> {
  works += 1;
  await submit();
  await reader.publish(reader.fact('a', works));
  await reader.log.append(FREE, [{ ...count('b', works), time: new Date(reader.nowMs).toISOString() }]);
  await reader.settle();
  await reader.follow(1_000);
}

/** Rows in the inbox, the outbox and the public topic. */
async function stored(): Promise<readonly number[]> {
  const [free] = await reader.log.progress(FREE);
  const oldest = await reader.log.subscribe({
    group: 'anyone',
    topics: [FREE],
    positions: async () => [],
    wake: () => undefined,
  });
  const [first] = await oldest.poll(1);
  await oldest.close();
  const left = (free?.end ?? 0) - (first?.position ?? 0) + 1;
  return [await reader.store.count(inbox), await reader.store.count(outbox), left];
}

/** A pass, once a minute, for so many minutes. */
async function run(minutes: number): Promise<Readonly<Record<string, number>>> {
  const removed: Record<string, number> = {};
  for (let minute = 0; minute < minutes; minute++) {
    reader.pass(1 / 1_440);
    for (const [table, rows] of Object.entries(await reader.cleanUp())) removed[table] = (removed[table] ?? 0) + rows;
  }
  return removed;
}

describe('a clock that is 100 days ahead for some minutes', () => {
  it('lets nothing be forgotten, then or afterwards: a repeated key is a duplicate', async () => {
    await work();
    await work();
    await run(1);
    const before = await stored();
    reader.leap(100);
    const during = await run(10);
    reader.leap(-100);
    const after = await run(10);

    expect([during, after, await stored(), await submit()]).toEqual([{}, {}, before, 'duplicate']);
  });

  it('lets nothing be forgotten when the function is started again and again meanwhile', async () => {
    await work();
    reader.leap(100);
    for (let start = 0; start < 20; start++) {
      await reader.restart();
      await run(1);
    }
    reader.leap(-100);
    await reader.restart();

    expect([await run(1), await submit()]).toEqual([{}, 'duplicate']);
  });

  it('lets what is written meanwhile be pruned no sooner than in its time', async () => {
    await run(1);
    reader.leap(100);
    await work();
    await run(1);
    reader.leap(-100);
    await run(1);
    reader.pass(testDays.log - 1);
    await work();
    const early = await run(1);
    const repeat = await submit();
    reader.pass(2);
    const late = await run(1);

    expect([early, repeat, late]).toMatchObject([{}, 'duplicate', { [FREE]: 1 }]);
  });

  it('lets nothing be forgotten when it was so at the first start, and is right afterwards', async () => {
    await reader.remove();
    reader = await ProbeReader.create({}, 100);
    await work();
    await run(1);
    reader.leap(-100);
    await work();
    const soon = await run(5);
    reader.pass(testDays.watermark - 1);

    expect([soon, await run(1), await submit()]).toEqual([{}, {}, 'duplicate']);
  });
});

describe('a clock that is 100 days behind for some minutes', () => {
  it('lets nothing of what is written meanwhile be forgotten before its time', async () => {
    await run(1);
    reader.pass(testDays.log + 1);
    await run(1);
    reader.leap(-100);
    await work();
    await work();
    const during = await run(5);
    reader.leap(100);
    const before = await stored();
    const after = await run(5);
    reader.pass(testDays.watermark - 1);
    const later = await run(1);

    expect([during, after, later, await stored(), await submit()]).toEqual([{}, {}, {}, before, 'duplicate']);
  });

  it('lets it be pruned in its time', async () => {
    await run(1);
    reader.leap(-100);
    await work();
    await work();
    reader.leap(100);
    await run(1);
    reader.pass(testDays.inbox + 2);
    const removed = await run(1);

    expect(removed).toMatchObject({ inbox: 5, outbox: 4, [FREE]: 1 });
    expect(await submit()).toBe('handled');
  });

  it('lets a dead letter that was resolved meanwhile stay with its resolution', async () => {
    await reader.log.append(FREE, [count('b', 1, 'refuse')]);
    await reader.settle();
    await run(1);
    reader.leap(-100);
    const [letter] = await reader.store.find({ table: deadLetters, limit: 1 });
    const scope = {
      fn: probe as unknown as StoreFunction,
      context: reader.worker,
      limits: { replaysMax: 3, perSecond: 1_000, windowMs: 1, windowSetting: 'INBOX_RETENTION_DAYS' as const },
      stopping: new AbortController().signal,
    };
    await close(scope, letter?.letter ?? '', 'discard', { who: 'ann', reason: 'no use' });
    reader.leap(100);
    await run(1);
    reader.pass(testDays.deadLetters - 1);
    await run(1);
    const left = async () => [
      await reader.store.count(deadLetters),
      await reader.store.count(resolutions),
      await reader.store.count(inbox),
    ];
    const early = await left();
    reader.pass(2);
    await run(1);

    expect([early, await left()]).toEqual([
      [1, 1, 1],
      [0, 0, 1],
    ]);
  });
});

describe('the replay of a dead letter', () => {
  const DAY_MS = 86_400_000;
  const replayed = async () => {
    const [letter] = await reader.store.find({ table: deadLetters, limit: 1 });
    const scope = {
      fn: { ...probe, consumes: [FREE] } as unknown as StoreFunction,
      context: reader.worker,
      limits: {
        replaysMax: 3,
        perSecond: 1_000,
        windowMs: testDays.inbox * DAY_MS,
        windowSetting: 'INBOX_RETENTION_DAYS' as const,
      },
      stopping: new AbortController().signal,
    };
    return replay(scope, letter?.letter ?? '', { who: 'ann', reason: 'again' }).then(
      ({ status }) => status,
      (error: Error) => error.message,
    );
  };
  const die = async () => {
    await submit();
    await reader.log.append(FREE, [{ ...count('k', 3), id: 'a key', source: '/http' }]);
    await reader.settle();
  };

  it('is not refused because the clock leaps ahead, or was behind when it was dead-lettered', async () => {
    reader.leap(-100);
    await die();
    reader.leap(100);
    await run(1);
    reader.leap(100);

    expect(await replayed()).toBe('replaying');
  });

  it('is refused where the inbox may have forgotten the message, also when the clock is set back', async () => {
    await die();
    reader.pass(testDays.inbox + 1);
    await run(1);
    reader.leap(-100);

    expect(await replayed()).toContain('the inbox no longer knows whether it was handled since');
  });
});

describe('a function that did not run for 60 days', () => {
  it('prunes what is due when its clock has stood for some days of running, and not before', async () => {
    await work();
    await work();
    await run(1);
    await reader.stop();
    reader.leap(60);
    await reader.start();
    const soon = await run(1);
    for (let hour = 0; hour < 71; hour++) {
      reader.pass(1 / 24);
      await reader.cleanUp();
    }
    const before = await stored();
    reader.pass(1 / 24);
    const due = await run(1);

    expect([soon, before]).toEqual([{}, [5, 5, 2]]);
    expect(due).toEqual({ inbox: 2, outbox: 4, [FREE]: 1 });
  });

  it('keeps what it writes meanwhile for its time', async () => {
    await run(1);
    await reader.stop();
    reader.leap(60);
    await reader.start();
    await run(1);
    await work();
    await work();
    const before = await stored();
    reader.pass(testDays.watermark - 1);
    await run(1);

    expect(await stored()).toEqual(before);
  });
});

describe('the data of an older program', () => {
  it('begins with the newest time that they vouch for, whatever the clock reads at the first start', async () => {
    await work();
    await work();
    const before = await stored();
    reader.store.database.exec('DELETE FROM believed_time; DELETE FROM topic_mark');
    await reader.worker.stop();
    await reader.log.close();
    await reader.store.close();
    reader.leap(100);
    await reader.start();
    const during = await run(5);
    reader.leap(-100);

    expect([during, await run(5), await stored(), await submit()]).toEqual([{}, {}, before, 'duplicate']);
  });
});
