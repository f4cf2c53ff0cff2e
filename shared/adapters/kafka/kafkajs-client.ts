import type { ConnectionOptions } from 'node:tls';
import { type Admin, type Batch, type Consumer, Kafka, logLevel, type SASLOptions } from 'kafkajs';
import type { Lane } from '../../ports/store.ts';
import { dismissFormerMembers } from './former-members.ts';
import {
  CONNECT_MS,
  type ConsumerOptions,
  type KafkaAdmin,
  type KafkaBatch,
  type KafkaClient,
  type KafkaConsumer,
  type KafkaPiece,
  type KafkaProducer,
  type KafkaReceipt,
  type KafkaRecord,
  type NewTopic,
  REQUEST_MS,
} from './kafka-client.ts';
import { LaneFetch, load } from './kafkajs-lane-fetch.ts';
import { endWhenStopped, keepRefusals, onceKnown, sleepWhileIdle } from './library-guards.ts';
import { bounded, Reconnecting } from './reconnecting.ts';
import { flatHeaders } from './record-headers.ts';

const SESSION_MS = 10_000;
/** After which part of its session a member of a group says that it lives. */
const HEARTBEAT_SHARE = 0.3;
const REBALANCE_MS = 20_000;
/** The longest wait of a fetch, and so of a lane that is resumed, and of a consumer that stops. */
const FETCH_WAIT_MS = 200;
const FETCH_BYTES_MAX = 10 * 1024 * 1024;
const FETCH_LANE_BYTES_MAX = 1024 * 1024;
/** How long the broker may wait for its replicas: its answer comes before the request is given up. */
const REPLICAS_MS = 8_000;
const TOPIC_RESOURCE = 2;

/** A send is never repeated by the library: in its repeats messages are lost that it reports as sent. */
const NO_RETRY = { retries: 0, initialRetryTime: 50, maxRetryTime: 50 };
const FEW_RETRIES = { retries: 3, initialRetryTime: 100, maxRetryTime: 1_000, factor: 0.2, multiplier: 2 };

export interface KafkajsOptions {
  /** `host:port` of some brokers of the cluster. */
  readonly brokers: readonly string[];
  /** True, or what to trust and to show, for TLS; plain text without. */
  readonly ssl?: boolean | Pick<ConnectionOptions, 'ca' | 'cert' | 'key'>;
  readonly sasl?: {
    readonly mechanism: 'plain' | 'scram-sha-256' | 'scram-sha-512';
    readonly username: string;
    readonly password: string;
  };
  /** Whether a group has one member at a time: what a killed process has left in it is dismissed before another joins. */
  readonly hasOneMember?: boolean;
  /** What the library says; most of it is about connections. Silent without. */
  readonly onLog?: (level: 'error' | 'warn', sentence: string) => void;
}

/** The client library kafkajs behind the seam; no other file knows it. */
export class KafkajsClient implements KafkaClient {
  readonly admin: AdminConnection;
  readonly #hasOneMember: boolean;
  readonly #kafka: Kafka;
  readonly #connections = new Set<{ close(): Promise<void> }>();

  constructor({ brokers, ssl, sasl, hasOneMember = false, onLog }: KafkajsOptions) {
    this.#hasOneMember = hasOneMember;
    this.#kafka = new Kafka({
      clientId: 'saga-store',
      brokers: [...brokers],
      connectionTimeout: CONNECT_MS,
      requestTimeout: REQUEST_MS,
      enforceRequestTimeout: true,
      retry: FEW_RETRIES,
      logLevel: onLog === undefined ? logLevel.NOTHING : logLevel.WARN,
      logCreator:
        () =>
        ({ level, namespace, log }) =>
          onLog?.(level === logLevel.ERROR ? 'error' : 'warn', `${namespace}: ${log.message}`),
      ...(ssl === undefined ? {} : { ssl: typeof ssl === 'boolean' ? ssl : { ...ssl } }),
      ...(sasl === undefined ? {} : { sasl: { ...sasl } as SASLOptions }),
    });
    this.admin = new AdminConnection(this.#kafka);
    this.#connections.add(this.admin);
  }

  producer(): KafkaProducer {
    const producer = new ProducerConnection(this.#kafka);
    this.#connections.add(producer);
    return producer;
  }

  async consumer(options: ConsumerOptions): Promise<KafkaConsumer> {
    const raw = newConsumer(this.#kafka, options);
    const consumer = handleOf(raw, () => this.#connections.delete(consumer));
    this.#connections.add(consumer);
    listen(raw, consumer, options);
    try {
      if (this.#hasOneMember) await this.admin.dismissMembers(this.#kafka, options.group);
      await start(raw, options);
    } catch (error) {
      consumer.close();
      throw error;
    }
    return consumer;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.close()));
  }
}

class ProducerConnection implements KafkaProducer {
  readonly #producer: Reconnecting<ReturnType<Kafka['producer']>>;
  /** One send at a time: two at once may change places. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(kafka: Kafka) {
    this.#producer = new Reconnecting(() =>
      kafka.producer({
        createPartitioner:
          () =>
          ({ message }) =>
            Number(message.partition),
        allowAutoTopicCreation: false,
        maxInFlightRequests: 1,
        retry: NO_RETRY,
      }),
    );
  }

  send(pieces: readonly KafkaPiece[]): Promise<readonly KafkaReceipt[]> {
    const sent = this.#last.then(() => this.#send(pieces));
    this.#last = sent.catch(() => undefined);
    return sent;
  }

  async #send(pieces: readonly KafkaPiece[]): Promise<readonly KafkaReceipt[]> {
    const topicMessages = pieces.map(({ topic, partition, messages }) => {
      return { topic, messages: messages.map((message) => ({ ...message, partition })) };
    });
    const receipts = await this.#producer.use((producer) =>
      producer.sendBatch({ topicMessages, acks: -1, timeout: REPLICAS_MS }),
    );
    return receipts.map(({ topicName: topic, partition, errorCode, baseOffset }) => {
      return { topic, partition, errorCode, baseOffset: baseOffset === undefined ? Number.NaN : Number(baseOffset) };
    });
  }

  close(): Promise<void> {
    return this.#producer.close();
  }
}

class AdminConnection implements KafkaAdmin {
  readonly #admin: Reconnecting<Admin>;
  readonly #lanes: LaneFetch;

  constructor(kafka: Kafka) {
    this.#lanes = new LaneFetch(kafka);
    this.#admin = new Reconnecting(() => kafka.admin({ retry: FEW_RETRIES }));
  }

  brokers(): Promise<number> {
    return this.#admin.use(async (admin) => (await admin.describeCluster()).brokers.length);
  }

  async createTopic({ name: topic, partitions: numPartitions, replicas, config }: NewTopic): Promise<void> {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    const topics = [{ topic, numPartitions, replicationFactor: replicas, configEntries }];
    const request = { topics, waitForLeaders: false, timeout: REPLICAS_MS };
    if (!(await this.#admin.use((admin) => admin.createTopics(request)))) return;
    await onceKnown(() => this.#admin.use((admin) => admin.fetchTopicMetadata({ topics: [topic] })));
  }

  topic(name: string) {
    return this.#admin.use(async (admin) => {
      if (!(await admin.listTopics()).includes(name)) return null;
      const { topics } = await admin.fetchTopicMetadata({ topics: [name] });
      const { resources } = await admin.describeConfigs({
        resources: [{ type: TOPIC_RESOURCE, name }],
        includeSynonyms: false,
      });
      const entries = resources[0]?.configEntries ?? [];
      const config = Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue]));
      const partitions = topics[0]?.partitions ?? [];
      const replicas = Math.min(...partitions.map((partition) => partition.replicas.length));
      return { partitions: partitions.length, replicas, config };
    });
  }

  ends(topic: string) {
    return this.#admin.use(async (admin) => {
      const ends = (await admin.fetchTopicOffsets(topic)).sort((one, other) => one.partition - other.partition);
      return ends.map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }));
    });
  }

  offsetsAt(topic: string, timeMs: number) {
    return this.#admin.use(async (admin) => {
      const offsets = await admin.fetchTopicOffsetsByTimestamp(topic, timeMs);
      return offsets.map(({ partition, offset }) => ({ partition, offset: Number(offset) }));
    });
  }

  dismissMembers(kafka: Kafka, groupId: string): Promise<void> {
    return this.#admin.use((admin) => dismissFormerMembers(kafka, admin, groupId));
  }

  groupOffsets(groupId: string, topic: string) {
    return this.#admin.use(async (admin) => {
      const [found] = await admin.fetchOffsets({ groupId, topics: [topic] });
      return (found?.partitions ?? []).map(({ partition, offset, metadata }) => {
        return { partition, offset: Number(offset) < 0 ? null : Number(offset), note: metadata ?? '' };
      });
    });
  }

  records(lane: Lane, offset: number) {
    return this.#lanes.records(lane, offset);
  }

  async close(): Promise<void> {
    await Promise.all([this.#admin.close(), this.#lanes.close()]);
  }
}

function newConsumer(kafka: Kafka, { group: groupId, sessionMs = SESSION_MS }: ConsumerOptions): Consumer {
  return kafka.consumer({
    groupId,
    sessionTimeout: sessionMs,
    rebalanceTimeout: REBALANCE_MS,
    heartbeatInterval: sessionMs * HEARTBEAT_SHARE,
    maxBytes: FETCH_BYTES_MAX,
    maxBytesPerPartition: FETCH_LANE_BYTES_MAX,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    allowAutoTopicCreation: false,
    // It never starts again by itself, so that there is one way in which it does.
    retry: { ...FEW_RETRIES, restartOnFailure: async () => false },
  });
}

async function start(consumer: Consumer, { topics, onBatch }: ConsumerOptions): Promise<void> {
  await consumer.connect();
  await consumer.subscribe({ topics: [...topics], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: false,
    eachBatch: async ({ batch, resolveOffset }) => {
      const isTaken = onBatch({ topic: batch.topic, partition: batch.partition }, batchOf(batch));
      if (isTaken) resolveOffset(batch.lastOffset());
    },
  });
}

function handleOf(consumer: Consumer, onClose: () => void): KafkaConsumer {
  const partitionsOf = (lanes: readonly Lane[]) =>
    lanes.map(({ topic, partition }) => ({ topic, partitions: [partition] }));
  return {
    pause: (lanes) => consumer.pause(partitionsOf(lanes)),
    resume: (lanes) => consumer.resume(partitionsOf(lanes)),
    seek: ({ topic, partition }, offset) => consumer.seek({ topic, partition, offset: String(offset) }),
    commit: (offsets) =>
      consumer.commitOffsets(
        offsets.map(({ note: metadata, offset, ...lane }) => ({ ...lane, offset: String(offset), metadata })),
      ),
    close: () => {
      onClose();
      return bounded(consumer.disconnect());
    },
  };
}

function listen(raw: Consumer, consumer: KafkaConsumer, options: ConsumerOptions): void {
  const { GROUP_JOIN, HEARTBEAT, CRASH, START_BATCH_PROCESS } = raw.events;
  raw.on(GROUP_JOIN, ({ payload }) => {
    const lanes = Object.entries(payload.memberAssignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition: Number(partition) })),
    );
    options.onAssigned(lanes, consumer);
  });
  raw.on(HEARTBEAT, () => options.onBeat());
  raw.on(CRASH, ({ payload }) => options.onCrash(payload.error));
  // Batches that hold nothing for readers (aborted records, the marks of transactions) are not given to a handler.
  raw.on(START_BATCH_PROCESS, ({ payload: { topic, partition, batchSize, lastOffset } }) => {
    const next = Number(lastOffset) + 1;
    if (batchSize === 0) options.onBatch({ topic, partition }, { records: [], from: null, next });
  });
}

function batchOf(batch: Batch & { readonly fetchedOffset?: string | number }): KafkaBatch {
  const { messages, fetchedOffset } = batch;
  const records = messages.map(({ offset, timestamp, value, headers }): KafkaRecord => {
    return { offset: Number(offset), timestampMs: Number(timestamp), value, headers: flatHeaders(headers) };
  });
  return { records, from: Number(fetchedOffset), next: Number(batch.lastOffset()) + 1 };
}

sleepWhileIdle(load('kafkajs/src/network/requestQueue').prototype);
endWhenStopped(load('kafkajs/src/consumer/runner').prototype);
keepRefusals(load('kafkajs/src/cluster/brokerPool').prototype);
