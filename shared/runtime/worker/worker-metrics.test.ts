import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { TransientError } from '../../core/errors.ts';
import { DeadLetterBench } from '../../testing/dead-letter-bench.ts';
import { count } from '../../testing/probe.ts';

let bench: DeadLetterBench;

beforeEach(async () => {
  bench = await DeadLetterBench.open();
});
afterEach(() => bench.close());

/** The metrics that operators have to watch. */
async function alarms(): Promise<Readonly<Record<string, number>>> {
  const text = await bench.metrics.registry.metrics();
  const read = (pattern: string) => Number(new RegExp(`^${pattern} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return {
    reused: read('saga_messages_total\\{[^}]*outcome="id_reused"[^}]*\\}'),
    dead: read('saga_dead_letters\\{[^}]*\\}'),
    parked: read('saga_parked_messages\\{[^}]*\\}'),
  };
}

describe('the metrics raise an alarm', () => {
  it('when an id comes again with other contents: it is dead-lettered, counted, and changes nothing', async () => {
    const first = count('a', 1);
    await bench.exhaust(first);
    const before = await alarms();
    await bench.exhaust({ ...first, data: { ...first.data, quantity: 9 } });

    expect(before).toEqual({ reused: 0, dead: 0, parked: 0 });
    expect([await alarms(), await bench.units()]).toEqual([{ reused: 1, dead: 1, parked: 0 }, { a: 1 }]);
    expect(bench.logged.lines).toMatchObject([
      { level: 40, id: first.id, msg: `dead-lettered: ${first.id} was seen before with another payload` },
    ]);
  });

  it('when a message is parked, and another one when it is dead-lettered', async () => {
    const message = count('a', 1);
    bench.failures.set(message.id, new TransientError('not now'));
    await bench.log.append('probe-commands', [message]);
    await bench.settle();
    const waiting = await alarms();
    await bench.exhaust();

    expect([waiting, await alarms()]).toEqual([
      { reused: 0, dead: 0, parked: 1 },
      { reused: 0, dead: 1, parked: 0 },
    ]);
    expect(bench.logged.lines.map(({ msg }) => msg)).toEqual([
      'probe failed on a message: parked',
      'probe failed on a message: parked',
      'probe failed on a message: dead',
    ]);
  });
});
