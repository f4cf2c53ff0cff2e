import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Message } from '../../core/message.ts';
import { DeadLetterBench, TOPIC } from '../../testing/dead-letter-bench.ts';
import { count } from '../../testing/probe.ts';

let bench: DeadLetterBench;

beforeEach(async () => {
  bench = await DeadLetterBench.open();
});
afterEach(() => bench.close());

const BATCH = 40;
/** A batch of messages that need some pages; no two batches are the same. */
function batch(number: number): readonly Message[] {
  return Array.from({ length: BATCH }, (_, n) => count(`key-${number}-${n}`, 1));
}

/** The number of rows on disk, by table, and the position. */
function rows(): Readonly<Record<string, unknown>> {
  const { database } = bench.store;
  const names = ['tally', 'inbox', 'outbox', 'parked', 'parked_key', 'dead_letter'];
  const counted = names.map((name) => [name, database.prepare(`SELECT count(*) FROM ${name}`).pluck().get()]);
  const position = database.prepare('SELECT max(position) FROM position').pluck().get();
  return { ...Object.fromEntries(counted), position };
}

describe('a disk that fills up in the middle of a batch', () => {
  it('leaves nothing of the batch, callers get an error, and with room the batch is handled once', async () => {
    const { database } = bench.store;
    const refused: unknown[] = [];
    let number = 0;
    for (let more = 0; refused.length === number; more++) {
      number += 1;
      await bench.log.append(TOPIC, batch(number));
      const before = rows();
      const pages = database.pragma('page_count', { simple: true }) as number;
      database.pragma(`max_page_count = ${pages + more}`);
      const answer = bench.worker.submit(count('command', 1)).catch(({ code }: { code: unknown }) => code);
      const step = bench.worker.step().catch(({ code }: { code: unknown }) => code);
      if ((await step) === 'no_room') {
        expect([database.inTransaction, rows(), await answer]).toEqual([false, before, 'no_room']);
        refused.push(step);
      }
      database.pragma('max_page_count = 1000000');
      await bench.settle();
    }

    const { command, ...others } = await bench.units();
    expect(refused.length).toBeGreaterThan(2);
    expect(command).toBe(1);
    expect(Object.values(others)).toEqual(Array(number * BATCH).fill(1));
    expect(rows()).toMatchObject({ position: number * BATCH, parked: 0, dead_letter: 0 });
  });
});
