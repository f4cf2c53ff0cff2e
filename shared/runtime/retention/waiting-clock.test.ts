import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { believedTimes } from '../../ports/tables/believed-time.ts';
import { ProbeReader } from '../../testing/probe-reader.ts';
import { addClockMetric } from './metrics.ts';

let reader: ProbeReader;
beforeEach(async () => {
  reader = await ProbeReader.create();
});
afterEach(() => reader.remove());

/** A pass, once a minute, for so many minutes. */
async function run(minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute++) {
    reader.pass(1 / 1_440);
    await reader.cleanUp();
  }
}

describe('retention that waits for the clock', () => {
  let told = 0;
  beforeEach(() => {
    told = 0;
  });
  const said = () => {
    const news = reader.logged.lines.slice(told).map(({ msg }) => msg);
    told += news.length;
    return news;
  };
  const AHEAD =
    'probe: the clock is ahead of the time that was seen to pass; what is due by the clock alone is pruned when it has ' +
    'stayed so for 72 more hours of running';

  it('says so once, and once more when it waits no longer', async () => {
    await run(1);
    reader.leap(100);
    await run(3);
    const ahead = said();
    reader.leap(-100);
    await run(3);
    const right = said();
    reader.leap(-100);
    await run(3);

    expect([ahead, right]).toEqual([[AHEAD], ['probe: the clock agrees with the time that was seen to pass']]);
    expect(said()).toEqual([
      'probe: the clock is behind the time that was seen to pass; nothing newer is pruned before it has come there, or has ' +
        'stayed behind for 720 more hours of running',
    ]);
  });

  it('shows by how much the clock is ahead, or behind', async () => {
    const registry = new Registry();
    addClockMetric(registry, reader.worker.believed);
    const shown = async () => /^saga_retention_waits_seconds (.+)$/m.exec(await registry.metrics())?.[1];
    const ordinary = await shown();
    reader.pass(1);
    const passed = await shown();
    reader.leap(100);
    const ahead = await shown();
    await run(1);
    reader.leap(-100);
    reader.leap(-1);

    expect([ordinary, passed, ahead, await shown()]).toEqual(['0', '0', '8640000', '-86400']);
  });

  it('says nothing of a clock that is off by seconds', async () => {
    await run(1);
    reader.leap(30 / 86_400);
    await run(3);

    expect(said()).toEqual([]);
  });

  it('knows what it believes after a restart, and after all data were removed on request', async () => {
    reader.leap(100);
    await run(2);
    const [before] = await reader.store.find({ table: believedTimes, limit: 1 });
    await reader.restart();
    const [after] = await reader.store.find({ table: believedTimes, limit: 1 });
    await reader.store.clear([]);

    expect([after, (await reader.store.find({ table: believedTimes, limit: 1 }))[0]]).toEqual([before, before]);
  });
});
