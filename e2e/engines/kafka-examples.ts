import { randomUUID } from 'node:crypto';
import type { KafkaClient } from '../../shared/adapters/kafka/kafka-client.ts';
import { KafkaLog, type KafkaLogOptions } from '../../shared/adapters/kafka/kafka-log.ts';
import { KafkajsClient } from '../../shared/adapters/kafka/kafkajs-client.ts';
import { onceKnown } from '../../shared/adapters/kafka/library-guards.ts';
import { ensureTopics } from '../../shared/adapters/kafka/topics.ts';
import { systemClock } from '../../shared/adapters/system-clock.ts';
import type { Message } from '../../shared/core/message.ts';
import type { LogRecord, SendMark, Subscription } from '../../shared/ports/message-log.ts';
import type { UnsentRow } from '../../shared/ports/relayed.ts';
import { laneName, type Position } from '../../shared/ports/store.ts';
import { until } from './settling-log.ts';
import { sharedBrokers } from './shared-broker.ts';

const DAY_MS = 86_400_000;

export const WRITTEN = 'probe-events';
export const PUBLIC = 'probe-commands';
/** The only writer of {@link WRITTEN}. */
export const WRITER = 'probe';

export function newPrefix(): string {
  return `t-${randomUUID().slice(0, 8)}.`;
}

export function clientOf(brokers: readonly string[] = sharedBrokers): KafkaClient {
  return new KafkajsClient({ brokers });
}

/** Makes both topics at the broker. */
export async function makeTopics(prefix: string, partitions: number, brokers = sharedBrokers): Promise<void> {
  const client = clientOf(brokers);
  const names = [WRITTEN, PUBLIC].map((topic) => `${prefix}${topic}`);
  await ensureTopics(client.admin, { names, partitions, replicas: null, retentionMs: DAY_MS, create: true });
  await client.close();
}

/** What is asked of the library's own client. */
interface TopicAdmin {
  createTopics(made: { topics: { topic: string; numPartitions: number }[]; waitForLeaders: boolean }): Promise<unknown>;
  fetchTopicMetadata(asked: { topics: string[] }): Promise<unknown>;
}

/** Makes a topic by the library alone, whose own wait ends where the broker does not know the topic yet. */
export async function makeTopic(admin: TopicAdmin, topic: string): Promise<void> {
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false });
  await onceKnown(() => admin.fetchTopicMetadata({ topics: [topic] }));
}

export function logOf(options: Partial<KafkaLogOptions> & Pick<KafkaLogOptions, 'prefix' | 'partitions'>): KafkaLog {
  return new KafkaLog({
    client: options.client ?? clientOf(),
    topics: { [WRITTEN]: WRITER, [PUBLIC]: null },
    readers: [{ group: 'known', topics: [WRITTEN] }],
    clock: systemClock,
    ...options,
  });
}

/** The messages as a relay finds them in an outbox. */
export function rowsOf(messages: readonly Message[], from = 1): readonly UnsentRow[] {
  return messages.map(({ data, ...attributes }, index) => ({
    position: from + index,
    epoch: 'first',
    topic: WRITTEN,
    partitionKey: attributes.partitionkey,
    attributes: JSON.stringify(attributes),
    data: JSON.stringify(data),
  }));
}

export const MARK: SendMark = { token: 1, send: 1 };

export function placesOf(records: readonly LogRecord[]): readonly Position[] {
  const last = new Map<string, Position>();
  for (const { topic, partition, position, epoch = '', proof = '' } of records) {
    last.set(laneName({ topic, partition }), { topic, partition, position, epoch, proof });
  }
  return [...last.values()];
}

/** Reads on until that many records have come; acknowledges none. */
export async function readCount(subscription: Subscription, atLeast: number): Promise<readonly LogRecord[]> {
  let records: readonly LogRecord[] = [];
  await until(
    async () => {
      records = await subscription.poll(100_000);
      return records.length >= atLeast;
    },
    () => `${records.length} records of ${atLeast} (${subscription.unavailableReason() ?? 'available'})`,
  );
  return records;
}
