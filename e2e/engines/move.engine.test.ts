/** The data of one store go from the embedded log to Kafka and back, and no message is lost or handled twice on the way. */
import { expect, it } from 'vitest';
import type { OrderBody } from '../../functions/order/representation.ts';
import { shortHash } from '../../shared/core/hash.ts';
import { bodyOf, orderOf, post } from '../scenarios/client.ts';
import { type Env, runStore, TestStore, temporaryFolder } from '../scenarios/harness.ts';
import { describeOnKafka, sharedBrokers } from './shared-broker.ts';

/** The way back needs the broker as well, to see that nothing is left there. */
const embeddedAfter = (kafka: Env): Env => ({ ...kafka, LOG: 'embedded' });

/** Starts a store on these data, has an order confirmed, lets all come to rest, stops it. */
async function orderIn(dataDir: string, log: Env, orderId: string): Promise<void> {
  const store = await TestStore.start('one process', { DATA_DIR: dataDir, ...log });
  const answer = await post(store.url('/orders'), orderOf(orderId), { headers: { prefer: 'wait=10' } });
  expect(bodyOf<OrderBody>(answer).status).toBe('confirmed');
  await store.settle();
  expect(await store.stopAll()).toEqual([{ code: 0, signal: null }]);
}

describeOnKafka('the data of a store', () => {
  it('go to Kafka and back, and to Kafka again', async () => {
    const dataDir = temporaryFolder();
    const kafka = kafkaFor(dataDir);

    await orderIn(dataDir, embeddedAfter(kafka), 'A');
    await orderIn(dataDir, kafka, 'B');
    await orderIn(dataDir, embeddedAfter(kafka), 'C');
    await orderIn(dataDir, kafka, 'D');

    const store = await TestStore.start('one process', { DATA_DIR: dataDir, ...kafka });
    const { orders, products, notices } = await store.settle();
    expect(orders.byStatus).toEqual({ confirmed: 4 });
    expect(products.find(({ productId }) => productId === 'PRODUCT_001')?.level).toMatchObject({ onHand: 6, sold: 4 });
    expect(notices.byStatus).toEqual({ sent: 8 });
  });

  it('stay in Kafka while messages are on their way, and the refusal names who lags', async () => {
    const dataDir = temporaryFolder();
    const kafka = kafkaFor(dataDir);
    await orderIn(dataDir, kafka, 'A');
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
