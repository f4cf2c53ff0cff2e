import { Kafka, logLevel } from 'kafkajs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { SqliteStore } from '../../shared/adapters/embedded/store/sqlite-store.ts';
import type { KafkaLog } from '../../shared/adapters/kafka/kafka-log.ts';
import { DAY_MS } from '../../shared/core/days.ts';
import { deriveId, type Message } from '../../shared/core/message.ts';
import { inbox } from '../../shared/ports/tables/inbox.ts';
import { deadLetters } from '../../shared/ports/tables/retry.ts';
import type { StoreFunction } from '../../shared/runtime/function.ts';
import { SettledInboxPruner } from '../../shared/runtime/retention/prune-settled-inbox.ts';
import { FunctionWorker } from '../../shared/runtime/worker/function-worker.ts';
import { FunctionMetrics } from '../../shared/runtime/worker/worker-metrics.ts';
import { testPolicy } from '../../shared/testing/batches.ts';
import { logLines } from '../../shared/testing/log-lines.ts';
import { count, probe, tallies } from '../../shared/testing/probe.ts';
import { logOf, makeTopics, newPrefix, PUBLIC, rowsOf, WRITER, WRITTEN } from './kafka-examples.ts';
import { until } from './settling-log.ts';
import { describeOnKafka, sharedBrokers } from './shared-broker.ts';

const NOW_MS = Date.parse('2026-03-01T10:00:00.000Z');
const KEPT_DAYS = 7;
const fn = { ...probe, name: 'reader', consumes: [WRITTEN], publishes: null } as unknown as StoreFunction;
const time = new Date(NOW_MS).toISOString();

function fact(name: string, quantity: number): Message {
  const message = count(name, quantity);
  return { ...message, source: `/${WRITER}`, time, id: deriveId({ id: message.id, time }, 'writer 0') };
}

describeOnKafka('a repeat in Kafka', () => {
  let prefix: string;
  let store: SqliteStore;
  let log: KafkaLog;
  let worker: FunctionWorker;
  let metrics: FunctionMetrics;
  beforeEach(() => {
    prefix = newPrefix();
    store = SqliteStore.open({ name: fn.name, file: ':memory:', tables: fn.tables, migrations: fn.migrations.sqlite });
  });
  afterEach(async () => {
    await stop();
    await store.close();
  });

  async function start(partitions: number): Promise<void> {
    await makeTopics(prefix, partitions);
    log = logOf({ prefix, partitions, readers: [{ group: fn.name, topics: fn.consumes }] });
    const clock = { nowMs: () => NOW_MS, upMs: () => performance.now() };
    const { logger } = logLines();
    metrics = new FunctionMetrics(fn.name, store, () => worker.waiting());
    const limits = { policy: testPolicy, parkedMax: 100, parkedPerKeyMax: 100 };
    worker = new FunctionWorker({ fn, store, log, clock, logger, metrics, ...limits });
    await worker.open();
    worker.start();
  }

  async function stop(): Promise<void> {
    await worker.stop();
    await log.close();
  }

  /** The topics are deleted: the next start makes them anew. */
  async function remove(): Promise<void> {
    const topics = [WRITTEN, PUBLIC].map((topic) => `${prefix}${topic}`);
    const admin = new Kafka({ brokers: [...sharedBrokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    await admin.deleteTopics({ topics });
    await vi.waitFor(async () => {
      const left = await admin.listTopics();
      expect(topics.filter((topic) => left.includes(topic))).toEqual([]);
    }, 30_000);
    await admin.disconnect();
  }

  async function counted(): Promise<Readonly<Record<string, number>>> {
    const rows = await store.find({ table: tallies, limit: 99 });
    return Object.fromEntries(rows.map(({ name, units }) => [name, units]));
  }

  const has = (name: string) =>
    until(
      async () => (await counted())[name] !== undefined,
      () => `${name} has not come`,
    );

  it('is known after its inbox row was pruned, in a topic that was made anew with other partitions', async () => {
    const messages = ['a', 'b', 'c', 'd', 'e'].map((name) => fact(name, 1));
    await start(2);
    await log.send(rowsOf(messages), { token: 5, send: 1 });
    for (const { subject } of messages) await has(subject);
    const options = { store, watermarks: worker.watermarks, name: fn.name, days: KEPT_DAYS };
    const pruner = new SettledInboxPruner(options, { topic: WRITTEN, source: `/${WRITER}` });
    const { removed } = await pruner.prune(NOW_MS + (KEPT_DAYS + 1) * DAY_MS);
    const left = await store.count(inbox);
    await stop();
    await remove();
    await start(3);
    const others = ['f', 'g', 'h', 'i', 'j', 'k'].map((name) => fact(name, 1));
    await log.send(rowsOf([...messages, ...others]), { token: 6, send: 1 });
    for (const { subject } of others) await has(subject);

    expect([removed, left]).toEqual([{ inbox: 5 }, 0]);
    expect(await counted()).toEqual(Object.fromEntries([...messages, ...others].map(({ subject }) => [subject, 1])));
  });

  it('of a former run that comes late is kept apart and counted, until its message has come', async () => {
    const [first, second, third] = [fact('a', 1), fact('b', 2), fact('c', 4)];
    await start(1);
    await log.send(rowsOf([first]), { token: 6, send: 1 });
    await log.send(rowsOf([first, second]), { token: 5, send: 1 });
    await log.send(rowsOf([second, third], 2), { token: 6, send: 2 });
    await has('c');

    const letters = await store.find({ table: deadLetters, limit: 9 });
    expect([letters.map(({ code, attributes }) => [code, attributes['id']]), await counted()]).toEqual([
      [['late', second.id]],
      { a: 1, b: 2, c: 4 },
    ]);
    expect(await metrics.registry.metrics()).toMatch(/saga_messages_total\{[^}]*outcome="late"[^}]*\} 1/);
  });
});
