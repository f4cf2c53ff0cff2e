import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { DAY_MS } from '../../core/days.ts';
import { deriveId, type Message } from '../../core/message.ts';
import { partitionOf } from '../../core/partition.ts';
import type { LogRecord, MessageLog } from '../../ports/message-log.ts';
import { inbox, inboxWatermarks, readMarks } from '../../ports/tables/inbox.ts';
import { batchOf, fromTopic } from '../../testing/batches.ts';
import { logLines } from '../../testing/log-lines.ts';
import { count, probe, tallies } from '../../testing/probe.ts';
import type { StoreFunction } from '../function.ts';
import { handleBatch } from '../handle/handle-batch.ts';
import { BelievedTime } from '../worker/believed-time.ts';
import { Watermarks } from '../worker/watermarks.ts';
import { SettledInboxPruner } from './prune-settled-inbox.ts';
import { Retention } from './retention.ts';

const OWNED = { topic: 'facts', source: '/writer' };
const DAYS = 7;
const LANES = 3;

let store: SqliteStore;
let watermarks: Watermarks;
let pruner: SettledInboxPruner;
let nowMs: number;
let places: number;
let facts: number;
beforeEach(() => {
  const { name, tables, migrations } = probe;
  store = SqliteStore.open({ name, file: ':memory:', tables, migrations: migrations.sqlite });
  watermarks = new Watermarks(store);
  pruner = new SettledInboxPruner({ store, watermarks, name, days: DAYS }, OWNED);
  nowMs = Date.parse('2026-03-01T10:00:00.000Z');
  places = 0;
  facts = 0;
});
afterEach(() => store.close());

/** Each one another message. */
function fact(name: string): Message {
  const time = new Date(nowMs).toISOString();
  facts += 1;
  const message = count(name, facts);
  return { ...message, source: OWNED.source, time, id: deriveId({ id: message.id, time }, 'writer 0') };
}

/** Delivers a message of the writer's outbox, as a topic with so many partitions has it. */
async function deliver(message: Message, position: number, lanes = LANES, epoch = 'one'): Promise<string | undefined> {
  places += 1;
  const item = fromTopic(OWNED.topic, places, message);
  if (item.from !== 'log') throw new Error('it comes from a topic');
  const partition = partitionOf(message.partitionkey, lanes);
  const record = { ...item.record, partition, sent: { epoch, position, token: 5, lanes } };
  const isBelowWatermark = (given: LogRecord) => watermarks.has(given);
  const batch = { ...batchOf([{ ...item, record }], nowMs), isBelowWatermark };
  const { outcomes } = await handleBatch(probe, store, batch);
  return outcomes[0]?.kind;
}

async function prune(): Promise<number> {
  let removed = 0;
  for (let more = true; more; ) {
    const pruned = await pruner.prune(nowMs);
    removed += pruned.removed['inbox'] ?? 0;
    more = pruned.more;
  }
  return removed;
}

const pass = (days: number) => {
  nowMs += days * DAY_MS;
};

describe('an inbox row of a topic that a relay sends', () => {
  it('goes after some days, and a copy that comes later is a duplicate, also for another process', async () => {
    const message = fact('a');
    await deliver(message, 1);
    pass(DAYS + 0.5);
    const early = await prune();
    pass(0.5);
    const removed = await prune();
    const here = await deliver(message, 1);
    watermarks = new Watermarks(store);
    await watermarks.load();

    expect([early, removed, here, await deliver(message, 1)]).toEqual([0, 1, 'duplicate', 'duplicate']);
    expect(await store.find({ table: tallies, limit: 9 })).toMatchObject([{ name: 'a', messages: 1 }]);
  });

  it('is made up for where the topic has other partitions since', async () => {
    const messages = ['a', 'b', 'c', 'd', 'e'].map((name) => fact(name));
    for (const [index, message] of messages.entries()) await deliver(message, index + 1);
    pass(DAYS + 1);
    const removed = await prune();
    const again = [];
    for (const [index, message] of messages.entries()) again.push(await deliver(message, index + 1, 5));

    expect([removed, again]).toEqual([5, messages.map(() => 'duplicate')]);
  });

  it('says nothing about messages of another epoch of the writer, nor about those behind it', async () => {
    await deliver(fact('a'), 1);
    pass(DAYS + 1);
    await prune();

    expect([await deliver(fact('a'), 1, LANES, 'two'), await deliver(fact('a'), 2)]).toEqual(['handled', 'handled']);
  });

  it('stays while a message is parked', async () => {
    await deliver(fact('a'), 1);
    await deliver({ ...fact('b'), data: { ...count('b', 1, 'throw').data } }, 2);
    pass(DAYS + 1);

    expect([await prune(), await store.count(inbox)]).toEqual([0, 1]);
  });

  it('leaves one watermark for each lane and epoch, and the marks of the last days', async () => {
    for (let day = 0; day < 20; day++) {
      await deliver(fact('a'), day + 1);
      await prune();
      pass(1);
    }
    await prune();

    expect([await store.count(inboxWatermarks), await store.count(readMarks), await store.count(inbox)]).toEqual([
      1,
      DAYS,
      DAYS,
    ]);
  });
});

describe('a message that its log has lost', () => {
  it('is handled when it is sent again within those days, although messages behind it were read', async () => {
    await deliver(fact('a'), 1);
    pass(DAYS + 1);
    const lost = fact('a');
    await deliver(fact('a'), 3);
    await prune();

    expect(await deliver(lost, 2)).toBe('handled');
  });
});

describe('the retention of a function whose topics a relay sends', () => {
  it('lets marks vouch for the rows that it removes', async () => {
    const logged = logLines();
    const removed: Record<string, number> = {};
    const believed = new BelievedTime(store, { nowMs: () => nowMs, upMs: () => nowMs });
    await believed.load();
    const message = fact('a');
    await deliver(message, 1);
    pass(DAYS + 1);
    const log = {
      features: { keepsPositions: false, isOutbox: false, severalInstances: true },
      progress: async () => [],
    };
    const retention = new Retention({
      fn: { ...probe, consumes: [OWNED.topic] } as unknown as StoreFunction,
      store,
      log: log as unknown as MessageLog,
      logger: logged.logger,
      watermarks,
      believed,
      days: { log: 30, inbox: 90, watermark: DAYS, deadLetters: 30 },
      writerOf: (topic) => (topic === OWNED.topic ? 'writer' : null),
      removed: (table, rows) => {
        removed[table] = (removed[table] ?? 0) + rows;
      },
    });
    while (await retention.step());

    expect([removed, await deliver(message, 1)]).toEqual([{ inbox: 1 }, 'duplicate']);
  });
});
