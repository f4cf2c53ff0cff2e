/** The data of one store go from the embedded log to Kafka and back, and no message is lost or handled twice on the way. */
import { Kafka, logLevel } from 'kafkajs';
import { expect, it, onTestFinished } from 'vitest';
import { shortHash } from '../../shared/core/hash.ts';
import { orderIn, orderOf, post } from '../scenarios/client.ts';
import { type Env, run, runStore, TestStore, temporaryFolder } from '../scenarios/harness.ts';
import { waitUntil } from '../tools/wait-until.ts';
import { describeOnKafka, sharedBrokers } from './shared-broker.ts';

/** The way back needs the broker as well, to see that nothing is left there. */
const embeddedAfter = (kafka: Env): Env => ({ ...kafka, LOG: 'embedded' });

/** Starts a store on these data, has an order confirmed, lets all come to rest, stops it. */
async function confirmIn(dataDir: string, log: Env, orderId: string): Promise<void> {
  const store = await TestStore.start('one process', { DATA_DIR: dataDir, ...log });
  expect((await post(store.url('/orders'), orderOf(orderId))).status).toBe(202);
  await orderIn('confirmed', store.url(`/orders/${orderId}`));
  await store.settle();
  expect(await store.stopAll()).toEqual([{ code: 0, signal: null }]);
}

describeOnKafka('the data of a store', () => {
  it('go to Kafka and back, and to Kafka again', async () => {
    const dataDir = temporaryFolder();
    const kafka = kafkaFor(dataDir);

    await confirmIn(dataDir, embeddedAfter(kafka), 'A');
    await confirmIn(dataDir, kafka, 'B');
    await confirmIn(dataDir, embeddedAfter(kafka), 'C');
    await confirmIn(dataDir, kafka, 'D');

    const store = await TestStore.start('one process', { DATA_DIR: dataDir, ...kafka });
    const { orders, products, notices } = await store.settle();
    expect(orders.byStatus).toEqual({ confirmed: 4 });
    expect(products.find(({ productId }) => productId === 'PRODUCT_001')?.level).toMatchObject({ onHand: 6, sold: 4 });
    expect(notices.byStatus).toEqual({ sent: 8 });
  });

  it('go to Kafka again, whose topics were deleted meanwhile, and what was read before is not sent again', async () => {
    const dataDir = temporaryFolder();
    const kafka = kafkaFor(dataDir);
    await confirmIn(dataDir, kafka, 'A');
    await confirmIn(dataDir, embeddedAfter(kafka), 'B');
    const admin = new Kafka({ brokers: [...sharedBrokers], logLevel: logLevel.NOTHING }).admin();
    onTestFinished(() => admin.disconnect());
    await admin.connect();
    const nameOf = (topic: string) => `${kafka['KAFKA_TOPIC_PREFIX']}${topic}`;
    const names = ['order-events', 'inventory-events', 'order-commands'].map(nameOf);
    await admin.deleteTopics({ topics: names });
    await waitUntil(async () => !(await admin.listTopics()).some((name) => names.includes(name)));

    await confirmIn(dataDir, kafka, 'C');

    const lanes = await admin.fetchTopicOffsets(nameOf('order-events'));
    const proof = run('dist/e2e/prove/main.js', [], { DATA_DIR: dataDir });
    // It was placed, and confirmed.
    expect(lanes.reduce((sum, { high }) => sum + Number(high), 0)).toBe(2);
    expect(await proof.exit, proof.stdout()).toEqual({ code: 0, signal: null });
  });

  it('stay in Kafka while messages are on their way, and the refusal names who lags', async () => {
    const dataDir = temporaryFolder();
    const kafka = kafkaFor(dataDir);
    await confirmIn(dataDir, kafka, 'A');
    const store = await TestStore.create('a process each', { DATA_DIR: dataDir, ...kafka });
    await store.start(['order']);
    expect((await post(store.url('/orders', 'order'), orderOf('B'))).status).toBeLessThan(300);
    await store.stop('order');

    const refused = runStore([], { ...store.env, LOG: 'embedded' });

    expect((await refused.exit).code).toBe(1);
    expect(refused.stderr()).toMatch(
      /LOG: the data cannot move from the log kafka:.* to embedded while messages are on their way: inventory has 1 of order-events to read; notification has 1 of order-events to read\./,
    );
  });

  it('are refused by name where no broker answers', async () => {
    const refused = runStore([], { DATA_DIR: temporaryFolder(), LOG: 'kafka', KAFKA_BROKERS: '127.0.0.1:1' });

    expect((await refused.exit).code).toBe(1);
    expect(refused.stderr()).toMatch(
      /^saga-store: KAFKA_BROKERS: no broker can be used at 127\.0\.0\.1:1: .*start-kafka-broker/,
    );
  });
});

function kafkaFor(dataDir: string): Env {
  const prefix = `${shortHash(dataDir)}.`;
  return { LOG: 'kafka', KAFKA_BROKERS: sharedBrokers.join(','), KAFKA_TOPIC_PREFIX: prefix, KAFKA_PARTITIONS: '3' };
}
