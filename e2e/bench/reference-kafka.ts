/**
 * The reference of the bench for a store on Kafka: the minimal program with its four steps in files of their own and Kafka between
 * them. Group commit, kafkajs, and nothing else: no outbox, no inbox, no positions, no events, no retries. What is on its way
 * when it crashes is lost.
 *
 * What has come meanwhile is one commit of a step, whatever lanes it came by, and one send.
 */
import { createRequire } from 'node:module';
import { type EachBatchPayload, Kafka, logLevel } from 'kafkajs';
import { sleepWhileIdle } from '../../shared/adapters/kafka/library-guards.ts';
import { answer, sendNotices, serveReference, type Waiting } from './reference-http.ts';
import { ReferenceKafkaStore, type Step } from './reference-kafka-store.ts';

const PARTITIONS = Number(process.env['KAFKA_PARTITIONS'] ?? 6);
const PREFIX = process.env['KAFKA_TOPIC_PREFIX'] ?? '';
const TOPICS = { placed: `${PREFIX}placed`, reserved: `${PREFIX}reserved`, decided: `${PREFIX}decided` } as const;
const ALL_REPLICAS = -1;

/** Handles all that waits, one batch after the other. */
class Batches<Item> {
  readonly #handle: (batch: readonly Item[]) => void | Promise<void>;
  #waiting: Item[] = [];
  #last: Promise<void> = Promise.resolve();
  /** Of the batch that takes items still. */
  #next: Promise<void> | null = null;

  constructor(handle: (batch: readonly Item[]) => void | Promise<void>) {
    this.#handle = handle;
  }

  /** Resolves when these are handled. */
  add(items: readonly Item[]): Promise<void> {
    this.#waiting.push(...items);
    this.#next ??= this.#begin(this.#last);
    this.#last = this.#next;
    return this.#next;
  }

  async #begin(last: Promise<void>): Promise<void> {
    await last;
    // What comes in the same turn of the event loop shares the batch.
    await new Promise((resolve) => setImmediate(resolve));
    const batch = this.#waiting;
    this.#waiting = [];
    this.#next = null;
    await this.#handle(batch);
  }
}

// The store's client does the same, without which each connection wakes a thousand times a second.
sleepWhileIdle(createRequire(import.meta.url)('kafkajs/src/network/requestQueue').prototype);
const brokers = (process.env['KAFKA_BROKERS'] ?? '127.0.0.1:9092').split(',');
const kafka = new Kafka({ clientId: 'reference', brokers, logLevel: logLevel.ERROR });
const store = new ReferenceKafkaStore(process.env['DATA_DIR'] ?? '.');
/** Orders whose clients wait for the outcome, by number. */
const waiting = new Map<number, Waiting>();

async function createTopics(): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  const topics = Object.values(TOPICS).map((topic) => ({ topic, numPartitions: PARTITIONS, replicationFactor: 1 }));
  await admin.createTopics({ topics, waitForLeaders: true });
  await admin.disconnect();
}

/** Each topic has a connection of its own, which a send of another one does not hold up. */
async function sending(topic: string): Promise<Batches<Step>> {
  const producer = kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 0 } });
  await producer.connect();
  return new Batches(async (batch) => {
    const messages = batch.map((step) => ({ key: step.orderId, value: JSON.stringify(step) }));
    await producer.sendBatch({ topicMessages: [{ topic, messages }], acks: ALL_REPLICAS });
  });
}

await createTopics();
const placed = await sending(TOPICS.placed);
const reserved = await sending(TOPICS.reserved);
const decided = await sending(TOPICS.decided);

const accepting = new Batches<Waiting>((orders) => {
  store.accept(orders);
  for (const order of orders) {
    if (order.waitUntilMs === 0) answer(order, 202);
    else waiting.set(order.number, order);
  }
  placed.add(orders.map(({ number, orderId, lines, status }) => ({ number, orderId, lines, status })));
});

const reserving = new Batches<Step>(async (orders) => {
  store.reserve(orders);
  await reserved.add(orders);
});

const confirming = new Batches<Step>(async (orders) => {
  store.confirm(orders);
  for (const { number, status } of orders) {
    const order = waiting.get(number);
    if (order === undefined) continue;
    order.status = status;
    answer(order, 200);
    waiting.delete(number);
  }
  await decided.add(orders);
});

const notifying = new Batches<Step>((orders) => {
  store.notify(orders);
  sendNotices(orders);
});

async function consume(name: string, topic: string, step: Batches<Step>): Promise<void> {
  const consumer = kafka.consumer({ groupId: `${PREFIX}${name}`, allowAutoTopicCreation: false });
  consumer.on(consumer.events.CRASH, ({ payload }) => {
    throw payload.error;
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: PARTITIONS,
    eachBatch: ({ batch }: EachBatchPayload) =>
      step.add(batch.messages.map(({ value }) => JSON.parse(String(value)) as Step)),
  });
}

await Promise.all([
  consume('inventory', TOPICS.placed, reserving),
  consume('order', TOPICS.reserved, confirming),
  consume('notification', TOPICS.decided, notifying),
]);
serveReference(
  'reference',
  {
    place: (order) => void accepting.add([order]),
    receive: (productId, quantity, name) => store.receive(productId, quantity, name),
    stock: () => store.stock(),
    waiting: () => waiting.values(),
    close: () => undefined,
  },
  0,
);
