/** What an outbox costs: a full one that the relay sends to Kafka, and the same bytes sent by the bare client, in turns. */

import { performance } from 'node:perf_hooks';
import { Kafka, logLevel } from 'kafkajs';
import { clock, type FunctionStore, openStore } from '../../functions/engine.ts';
import { openKafkaLog } from '../../functions/engine-kafka.ts';
import { settleLog } from '../../functions/move-log.ts';
import { order } from '../../functions/order/function.ts';
import { type Config, readConfig } from '../../functions/settings.ts';
import { topics } from '../../saga/choreography.ts';
import { orderPlaced } from '../../saga/examples.ts';
import { EVENT_HEADERS, structuredEvent } from '../../shared/adapters/kafka/event-format.ts';
import { assert } from '../../shared/core/assert.ts';
import { partitionOf } from '../../shared/core/partition.ts';
import type { UnsentRow } from '../../shared/ports/relayed.ts';
import { createLogger } from '../../shared/runtime/observe/logger.ts';
import { Relay, ROWS_MAX } from '../../shared/runtime/relay/relay.ts';
import { HeldLease } from '../../shared/runtime/worker/held-lease.ts';
import { ORDER_LINES, orderIds, quantile } from './client.ts';
import type { Part, Progress } from './parts.ts';
import { AIMS, type Plan } from './plan.ts';
import { rowOf } from './report.ts';
import { newDataDir } from './servers.ts';

const TOPIC = 'order-events';
const ALL_REPLICAS = -1;
/** As long as the marks of the relay. */
const MARK = { token: Date.now(), epoch: '0'.repeat(16), position: 1_000_000 };

/** What sending the records of a round took. */
interface Taken {
  readonly perS: number;
  readonly cpuMicros: number;
}

interface Sender {
  /** Prepares to send these, which are all that the outbox has. Returns how to send them. */
  prepare(rows: readonly UnsentRow[]): () => Promise<void>;
  close(): Promise<void>;
}

/** @param settings each call: those of a store with topics of its own */
export async function relayAlone(
  plan: Plan,
  settings: () => Readonly<Record<string, string>>,
  progress: Progress,
): Promise<Part> {
  const config = readConfig({ ...settings(), DATA_DIR: newDataDir() });
  const store = openStore(order, config, () => undefined);
  await settleLog(order, store, config, null);
  const relayed = await relaySender(config, store);
  const bare = await bareSender(readConfig(settings()));
  const nextId = orderIds();
  const figures: { readonly relayed: Taken; readonly bare: Taken }[] = [];
  try {
    for (let round = 0; round <= plan.rounds; round++) {
      await fill(store, plan.relayRecords, nextId);
      const rows = await store.relayed.unsent(plan.relayRecords);
      const first = round % 2 === 1 ? await measure(bare, rows) : null;
      const ours = await measure(relayed, rows);
      const taken = { relayed: ours, bare: first ?? (await measure(bare, rows)) };
      // The first round is for the compiler.
      if (round > 0) figures.push(taken);
      progress(`relay: ${Math.round(ours.perS)} records/s, bare client: ${Math.round(taken.bare.perS)}`);
    }
  } finally {
    await relayed.close();
    await bare.close();
    await store.close();
  }
  const row = (measure: string, unit: string, of: (taken: Taken) => number, aim: typeof AIMS.relay | null) => {
    const [ours, against] = [figures.map((each) => of(each.relayed)), figures.map((each) => of(each.bare))] as const;
    const ratios = ours.map((value, at) => value / (against[at] ?? Number.NaN));
    const spread = [Math.min(...ratios), Math.max(...ratios)] as const;
    const medians = { ours: quantile(ours, 0.5), against: quantile(against, 0.5), ratio: quantile(ratios, 0.5) };
    return rowOf({ measure, unit, ...medians, spread, aim });
  };
  const rows = [
    row('sent from a full outbox', 'records/s', ({ perS }) => perS, AIMS.relay),
    row('processor time per record', 'µs', ({ cpuMicros }) => cpuMicros, null),
  ];
  return { section: { title: 'relay alone', columns: ['relay', 'bare client'], rows }, notes: [], wrong: [] };
}

async function measure({ prepare }: Sender, rows: readonly UnsentRow[]): Promise<Taken> {
  const send = prepare(rows);
  const cpuBefore = process.cpuUsage();
  const startMs = performance.now();
  await send();
  const elapsedMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  return { perS: (rows.length / elapsedMs) * 1000, cpuMicros: (user + system) / rows.length };
}

async function relaySender(config: Config, store: FunctionStore): Promise<Sender> {
  const log = await openKafkaLog(config, topics, []);
  const { logger } = createLogger('silent');
  const unsentMax = config.OUTBOX_UNSENT_MAX;
  const { name, publishes } = order;
  assert(publishes !== null, `${name} publishes nothing`);
  const relay = new Relay({
    name,
    topic: publishes,
    relayed: store.relayed,
    target: log,
    clock,
    logger,
    unsentMax,
    lease: new HeldLease(store.leases, 'relay', clock),
  });
  return {
    prepare: () => async () => {
      while (await relay.step());
    },
    close: () => log.close(),
  };
}

/** The texts are put together before the first one is sent: it has nothing to do but to send. */
async function bareSender(config: Config): Promise<Sender> {
  const log = await openKafkaLog(config, topics, []);
  await log.close();
  const kafka = new Kafka({ brokers: [...config.KAFKA_BROKERS], logLevel: logLevel.NOTHING });
  const producer = kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 0 } });
  await producer.connect();
  return {
    prepare: (rows) => {
      const messages = rows.map(({ partitionKey, attributes, data }) => ({
        key: partitionKey,
        value: structuredEvent(attributes, data, MARK),
        headers: EVENT_HEADERS,
        partition: partitionOf(partitionKey, config.KAFKA_PARTITIONS),
      }));
      const topic = `${config.KAFKA_TOPIC_PREFIX}${TOPIC}`;
      return async () => {
        for (let at = 0; at < messages.length; at += ROWS_MAX) {
          const topicMessages = [{ topic, messages: messages.slice(at, at + ROWS_MAX) }];
          await producer.sendBatch({ topicMessages, acks: ALL_REPLICAS });
        }
      };
    },
    close: () => producer.disconnect(),
  };
}

async function fill(store: FunctionStore, records: number, nextId: () => string): Promise<void> {
  for (let left = records; left > 0; left -= ROWS_MAX) {
    const outbox = Array.from({ length: Math.min(left, ROWS_MAX) }, () => ({
      topic: TOPIC,
      message: placed(nextId()),
    }));
    await store.transact({}, () => ({ writes: [], inbox: [], outbox, positions: [] }));
  }
}

function placed(orderId: string) {
  const quantities = ORDER_LINES.map(({ productId, quantity }) => [productId, quantity] as const);
  return orderPlaced(quantities, { orderId });
}
