import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Message } from '../../core/message.ts';
import { versionOf } from '../../core/message-catalog.ts';
import { deadLetters } from '../../ports/tables/retry.ts';
import { DeadLetterBench } from '../../testing/dead-letter-bench.ts';
import { count, probeCatalog } from '../../testing/probe.ts';
import { replayAfterUpgrade } from './replay-after-upgrade.ts';
import { close } from './resolve.ts';

let bench: DeadLetterBench;

beforeEach(async () => {
  bench = await DeadLetterBench.open();
});
afterEach(() => bench.close());

/** Changes the attributes of all dead letters, so that this program can read them as an upgraded one would. */
async function makeReadable(changes: Readonly<Record<string, unknown>>): Promise<void> {
  const rows = await bench.deadLetters();
  await bench.store.transact({}, () => {
    const readable = rows.map((row) => ({
      table: deadLetters as never,
      row: { ...row, attributes: { ...row.attributes, ...changes } },
      stored: row,
    }));
    return { writes: readable, inbox: [], outbox: [], positions: [] };
  });
}

/** The newest version of the type that the probe counts. */
const VERSION = versionOf(probeCatalog, 'ReceiveStock');
const newer = (message: Message): Message => ({ ...message, schemaversion: VERSION + 1 });

describe('a message of a newer version', () => {
  it('blocks its key also where it was behind one that was discarded', async () => {
    await bench.exhaust(newer(count('a', 1)), newer(count('a', 2)), count('a', 4));
    await close(bench.scope(), await bench.letter(), 'discard', { who: 'ann', reason: 'no use' });
    await bench.exhaust();
    const blocked = [await bench.units(), await bench.statuses(), await bench.waiting()];
    await makeReadable({ schemaversion: VERSION });
    await replayAfterUpgrade(bench.scope());
    await bench.settle();

    expect(blocked).toEqual([{}, ['discarded', 'open'], [1, 1]]);
    expect([await bench.units(), await bench.waiting()]).toEqual([{ a: 6 }, [0, 0]]);
  });
});

describe('after an upgrade', () => {
  it('a message of a newer version is handled in its order, before those behind it', async () => {
    const messages = [count('a', 1), count('a', 2), count('a', 4), count('b', 8)];
    const [first, ...others] = messages;
    await bench.exhaust(newer(first as Message), ...others);
    const before = await bench.units();
    await makeReadable({ schemaversion: VERSION });
    await bench.restart();
    const upgraded = await replayAfterUpgrade(bench.scope());
    bench.asked.length = 0;
    await bench.settle();

    expect([before, upgraded]).toEqual([{ b: 8 }, { replayed: 1, discarded: 0 }]);
    expect(bench.asked).toEqual(messages.slice(0, 3).map(({ id }) => id));
    expect([await bench.units(), await bench.statuses(), await bench.waiting()]).toEqual([
      { a: 7, b: 8 },
      ['replayed'],
      [0, 0],
    ]);
    expect(await bench.audit()).toMatchObject([{ action: 'upgrade', who: 'saga-store' }]);
  });

  it('a message of an unknown type is handled, or discarded where the function does not consume it', async () => {
    await bench.exhaust({ ...count('a', 1), type: 'Nonsense' } as unknown as Message);
    await makeReadable({ type: 'ReceiveStock' });
    const known = await replayAfterUpgrade(bench.scope());
    await bench.settle();
    await bench.exhaust({ ...count('b', 2), type: 'Nonsense' } as unknown as Message);
    await makeReadable({ type: 'StockSold' });
    const foreign = await replayAfterUpgrade(bench.scope());

    expect([known, foreign]).toEqual([
      { replayed: 1, discarded: 0 },
      { replayed: 0, discarded: 1 },
    ]);
    expect([await bench.units(), await bench.statuses()]).toEqual([{ a: 1 }, ['replayed', 'discarded']]);
  });

  it('a message that is still unreadable or not allowed stays a dead letter', async () => {
    await bench.exhaust(newer(count('a', 1)), { ...count('b', 2), type: 'Nonsense' } as unknown as Message);
    const nothing = await replayAfterUpgrade(bench.scope());
    await makeReadable({ type: 'ReceiveStock', schemaversion: 1 });
    bench.reader = { catalog: { ...probeCatalog, isAllowedOnTopic: () => false } };
    await bench.restart();
    const forged = await replayAfterUpgrade(bench.scope());

    expect([nothing, forged]).toEqual(Array(2).fill({ replayed: 0, discarded: 0 }));
    expect([await bench.statuses(), await bench.audit()]).toEqual([['open', 'open'], []]);
  });

  it('a second call replays nothing', async () => {
    await bench.exhaust(newer(count('a', 1)));
    await makeReadable({ schemaversion: VERSION });
    await replayAfterUpgrade(bench.scope());

    expect(await replayAfterUpgrade(bench.scope())).toEqual({ replayed: 0, discarded: 0 });
  });
});
