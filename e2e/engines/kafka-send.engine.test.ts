import { Kafka, logLevel } from 'kafkajs';
import { beforeEach, expect, it, onTestFinished } from 'vitest';
import { KafkaLog } from '../../shared/adapters/kafka/kafka-log.ts';
import { KafkajsClient } from '../../shared/adapters/kafka/kafkajs-client.ts';
import { systemClock } from '../../shared/adapters/system-clock.ts';
import type { UnsentRow } from '../../shared/ports/relayed.ts';
import { MARK } from './kafka-examples.ts';
import { MockCluster } from './mock-cluster.ts';
import { describeOnMockCluster, mockClusterProgram } from './shared-broker.ts';

/** Keys of which one goes to each partition of two. */
const KEYS = ['order-1', 'order-2'] as const;

describeOnMockCluster('a send while a leader moves', () => {
  let cluster: MockCluster;
  beforeEach(async () => {
    cluster = await MockCluster.start(mockClusterProgram);
    await cluster.createTopic('events', 2);
    await cluster.leader('events', 0, 1);
    await cluster.leader('events', 1, 2);
    return () => cluster.stop();
  });

  /** The values of the topic, from its begin up to one with this text in each partition. */
  async function valuesUpTo(last: string): Promise<readonly string[]> {
    const kafka = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING });
    const consumer = kafka.consumer({ groupId: 'readers', maxWaitTimeInMs: 100 });
    onTestFinished(() => consumer.disconnect());
    await consumer.connect();
    await consumer.subscribe({ topics: ['events'], fromBeginning: true });
    const values: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const eachMessage = async ({ message }: { message: { value: Buffer | null } }) => {
        values.push(String(message.value));
        if (values.filter((value) => value.includes(last)).length === 2) resolve();
      };
      consumer.run({ eachMessage }).catch(reject);
    });
    return values;
  }

  it('that kafkajs repeats by itself loses a message and is reported as sent', async () => {
    const kafka = new Kafka({ brokers: [...cluster.brokers], logLevel: logLevel.NOTHING });
    const producer = kafka.producer({ allowAutoTopicCreation: false, retry: { retries: 5, initialRetryTime: 50 } });
    onTestFinished(() => producer.disconnect());
    await producer.connect();
    const send = (value: string) =>
      producer.send({ topic: 'events', messages: [0, 1].map((partition) => ({ partition, value })) });
    await send('first');
    await cluster.leader('events', 1, 1);

    const receipts = await send('lost');
    await send('last');

    expect(receipts.map(({ partition }) => partition)).toEqual([0]);
    expect((await valuesUpTo('last')).filter((value) => value === 'lost')).toHaveLength(1);
  });

  it('by the log fails, and arrives when it is sent again', async () => {
    const client = new KafkajsClient({ brokers: cluster.brokers });
    const log = new KafkaLog({
      client,
      prefix: '',
      partitions: 2,
      topics: { events: 'order' },
      readers: [],
      clock: systemClock,
    });
    onTestFinished(() => log.close());
    const send = (name: string) =>
      log.send(
        KEYS.map((partitionKey, position): UnsentRow => {
          return {
            topic: 'events',
            partitionKey,
            epoch: 'first',
            position,
            attributes: '{"id":"x"}',
            data: JSON.stringify(name),
          };
        }),
        MARK,
      );
    expect((await send('first')).map(({ partition }) => partition)).toEqual([0, 1]);
    await cluster.leader('events', 1, 1);

    await expect(send('again')).rejects.toMatchObject({ code: 'unavailable', retryAfterS: 1 });
    await send('again');
    await send('last');

    const values = (await valuesUpTo('last')).map((text) => JSON.parse(text).data);
    // The partition whose leader did not move has it twice: its reader knows it by its id.
    expect(values.filter((value) => value === 'again')).toHaveLength(3);
  });
});
